//! What a Prometheus server reads from the metrics.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails the test")]

use self_healing_controller::metrics::{Format, Metrics};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::happening::{Happening, What};
use self_healing_core::healer::Counts;
use self_healing_core::key::{Key, Kind, Target};
use self_healing_core::names::{Channel, FailureType, GuardName, Severity, Strategy, WatchKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// Name and labels in braces, as exposed, to value.
type Series = BTreeMap<String, f64>;

#[derive(Debug, Default)]
struct Scrape {
    kinds: BTreeMap<String, String>,
    series: Series,
}

impl Scrape {
    /// Reads strictly: every series belongs to the family declared last before it, by the rules of its type.
    fn read(text: &str, open_metrics: bool) -> Self {
        let mut scrape = Self::default();
        let (mut family, mut helped) = (String::new(), String::new());
        assert!(text.ends_with('\n'), "the last line must end");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                helped = help.split_once(' ').expect("help has a text").0.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("type has a word");
                assert_eq!(name, helped, "HELP comes before TYPE");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(scrape.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} declared twice");
                family = name.to_owned();
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').expect("series and value");
                let name = series.split('{').next().unwrap();
                let suffixes: &[&str] = match scrape.kinds.get(&family).expect("a TYPE before").as_str() {
                    "counter" if open_metrics => &["_total"],
                    "histogram" => &["_sum", "_count", "_bucket"],
                    _ => &[""],
                };
                let belongs = suffixes.iter().any(|suffix| name == format!("{family}{suffix}"));
                assert!(belongs, "{name} stands under {family}");
                let value: f64 = value.parse().expect("a number");
                assert!(scrape.series.insert(series.to_owned(), value).is_none(), "{series} twice");
            }
        }
        scrape
    }

    fn value(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or_else(|| panic!("no series {series}"))
    }

    fn count(&self, name: &str) -> usize {
        self.series.keys().filter(|series| series.split('{').next() == Some(name)).count()
    }
}

fn classic(metrics: &Metrics) -> Scrape {
    let exposition = metrics.expose(Format::Classic).unwrap();
    assert_eq!(exposition.content_type, "text/plain; version=0.0.4; charset=utf-8");
    Scrape::read(&exposition.body, false)
}

fn happening(what: What) -> Happening {
    Happening {
        what,
        recovery: "r".into(),
        recovery_uid: "u".into(),
        target: Target { kind: Kind::Pod, key: Key::new("a", "b"), uid: "c".into() },
        failure: FailureType::Pod,
        severity: Severity::High,
        note: String::new(),
        publish: true,
    }
}

#[test]
fn the_names_are_those_of_the_contract() {
    let metrics = Metrics::new();
    metrics.api_call("get", "pods", Some(200));
    let scrape = classic(&metrics);
    let kinds: Vec<(&str, &str)> = scrape.kinds.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    let expected = [
        ("process_cpu_seconds_total", "counter"),
        ("process_resident_memory_bytes", "gauge"),
        ("self_healing_active_failures", "gauge"),
        ("self_healing_api_requests_total", "counter"),
        ("self_healing_config_errors_total", "counter"),
        ("self_healing_detection_latency_seconds", "histogram"),
        ("self_healing_failures_detected_total", "counter"),
        ("self_healing_guard_holds", "gauge"),
        ("self_healing_leader", "gauge"),
        ("self_healing_notifications_total", "counter"),
        ("self_healing_recoveries_attempted_total", "counter"),
        ("self_healing_recoveries_total", "counter"),
        ("self_healing_recovery_duration_seconds", "histogram"),
        ("self_healing_tracked_objects", "gauge"),
        ("self_healing_watch_lag_seconds", "gauge"),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn every_series_of_fixed_labels_starts_at_zero() {
    let scrape = classic(&Metrics::new());
    let ours = scrape.series.iter().filter(|(series, _)| series.starts_with("self_healing_"));
    assert!(ours.into_iter().all(|(_, value)| *value == 0.0), "{scrape:?}");
    let types = FailureType::ALL.len();
    assert_eq!(scrape.count("self_healing_failures_detected_total"), types * Severity::ALL.len());
    assert_eq!(scrape.count("self_healing_recoveries_attempted_total"), types * Strategy::ALL.len());
    assert_eq!(scrape.count("self_healing_recoveries_total"), types * Strategy::ALL.len() * 5);
    assert_eq!(scrape.count("self_healing_active_failures"), types);
    assert_eq!(scrape.count("self_healing_recovery_duration_seconds_count"), types);
    assert_eq!(scrape.count("self_healing_detection_latency_seconds_count"), types);
    assert_eq!(scrape.count("self_healing_guard_holds"), GuardName::ALL.len());
    assert_eq!(scrape.count("self_healing_notifications_total"), Channel::ALL.len() * 3);
    assert_eq!(scrape.count("self_healing_watch_lag_seconds"), WatchKind::ALL.len());
    assert_eq!(scrape.count("self_healing_tracked_objects"), WatchKind::ALL.len());
    scrape.value("self_healing_failures_detected_total{type=\"node_failure\",severity=\"critical\"}");
    scrape.value("self_healing_recovery_duration_seconds_bucket{le=\"600.0\",type=\"node_failure\"}");
    scrape.value("self_healing_recovery_duration_seconds_bucket{le=\"+Inf\",type=\"node_failure\"}");
    scrape.value("self_healing_config_errors_total");
    scrape.value("self_healing_leader");
    assert!(scrape.value("process_resident_memory_bytes") > 0.0);
}

#[test]
fn transitions_are_counted_where_they_belong() {
    let metrics = Metrics::new();
    let strategy = Strategy::Recreate;
    for what in [
        What::FailureDetected { latency: Duration::from_millis(250) },
        What::RecoveryHeld { guard: GuardName::Budget },
        What::RecoveryStarted { strategy },
        What::RecoveryFailed { strategy, last: false },
        What::RecoverySucceeded { strategy, after: Duration::from_secs(7) },
        What::RecoveryFailed { strategy, last: true },
        What::RecoveryEscalated { strategy },
        What::SelfRecovered { strategy },
        What::RecoveryCancelled { strategy },
    ] {
        metrics.observe(&happening(what));
    }
    let scrape = classic(&metrics);
    assert_eq!(scrape.value("self_healing_failures_detected_total{type=\"pod_failure\",severity=\"high\"}"), 1.0);
    assert_eq!(scrape.value("self_healing_detection_latency_seconds_sum{type=\"pod_failure\"}"), 0.25);
    assert_eq!(
        scrape.value("self_healing_recoveries_attempted_total{type=\"pod_failure\",strategy=\"recreate\"}"),
        1.0
    );
    for result in ["Succeeded", "Failed", "Escalated", "SelfRecovered", "Cancelled"] {
        let series =
            format!("self_healing_recoveries_total{{type=\"pod_failure\",strategy=\"recreate\",result=\"{result}\"}}");
        assert_eq!(scrape.value(&series), 1.0, "{result}");
    }
    let bucket = |le| format!("self_healing_recovery_duration_seconds_bucket{{le=\"{le}\",type=\"pod_failure\"}}");
    assert_eq!((scrape.value(&bucket("5.0")), scrape.value(&bucket("10.0"))), (0.0, 1.0));
    let total: f64 = scrape.series.iter().filter(|(name, _)| name.contains("recoveries_total")).map(|(_, n)| n).sum();
    assert_eq!(total, 5.0, "nothing else moved");
}

#[test]
fn gauges_show_the_last_counts_and_nothing_else() {
    let metrics = Metrics::new();
    let lag = vec![(WatchKind::Pod, Some(Duration::from_millis(1500))), (WatchKind::Node, None)];
    metrics.observe_counts(&Counts {
        active: vec![(FailureType::Node, 2)],
        held: vec![(GuardName::Breaker, 2)],
        tracked: vec![(WatchKind::Pod, 10_000)],
        lag: lag.clone(),
    });
    metrics.leader(true);
    let scrape = classic(&metrics);
    assert_eq!(scrape.value("self_healing_active_failures{type=\"node_failure\"}"), 2.0);
    assert_eq!(scrape.value("self_healing_guard_holds{guard=\"Breaker\"}"), 2.0);
    assert_eq!(scrape.value("self_healing_tracked_objects{kind=\"pods\"}"), 10_000.0);
    assert_eq!(scrape.value("self_healing_watch_lag_seconds{kind=\"pods\"}"), 1.5);
    assert!(scrape.value("self_healing_watch_lag_seconds{kind=\"nodes\"}") > 0.0, "never synced is not current");
    assert_eq!(scrape.value("self_healing_leader"), 1.0);

    metrics.observe_counts(&Counts { lag, ..Counts::default() });
    metrics.leader(false);
    let scrape = classic(&metrics);
    assert_eq!(scrape.value("self_healing_active_failures{type=\"node_failure\"}"), 0.0);
    assert_eq!(scrape.value("self_healing_guard_holds{guard=\"Breaker\"}"), 0.0);
    assert_eq!(scrape.value("self_healing_leader"), 0.0);
}

#[test]
fn calls_messages_and_refused_configurations_are_counted() {
    let metrics = Metrics::new();
    metrics.api_call("delete", "pods", Some(409));
    metrics.api_call("delete", "odd \"\\\n", None);
    metrics.config_error();
    let later = Outcome::TryLater { after: None, budget: false, message: String::new() };
    for outcome in [Outcome::Done(Answer::Nothing), later, Outcome::Refused { message: String::new() }] {
        metrics.notification(Channel::SlackIncident, &outcome);
    }
    let scrape = classic(&metrics);
    let call = "self_healing_api_requests_total{verb=\"delete\",resource=\"pods\",code=\"409\"}";
    assert_eq!(scrape.value(call), 1.0);
    let odd = "self_healing_api_requests_total{verb=\"delete\",resource=\"odd \\\"\\\\\\n\",code=\"<error>\"}";
    assert_eq!(scrape.value(odd), 1.0);
    assert_eq!(scrape.value("self_healing_config_errors_total"), 1.0);
    for result in ["sent", "retry", "failed"] {
        let series = format!("self_healing_notifications_total{{channel=\"slack-incident\",result=\"{result}\"}}");
        assert_eq!(scrape.value(&series), 1.0);
    }
}

#[test]
fn open_metrics_is_whole_and_says_the_same() {
    let metrics = Metrics::new();
    metrics.config_error();
    let exposition = metrics.expose(Format::OpenMetrics).unwrap();
    assert_eq!(exposition.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(exposition.body.ends_with("\n# EOF\n"));
    let open = Scrape::read(&exposition.body, true);
    assert_eq!(open.kinds["self_healing_config_errors"], "counter");
    let names = |scrape: &Scrape| scrape.series.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&open), names(&classic(&metrics)));
    assert!(!metrics.expose(Format::Classic).unwrap().body.contains("# EOF"));
}

#[test]
fn the_short_form_has_five_numbers() {
    let metrics = Metrics::new();
    let strategy = Strategy::Restart;
    for what in [
        What::FailureDetected { latency: Duration::ZERO },
        What::FailureDetected { latency: Duration::ZERO },
        What::RecoverySucceeded { strategy, after: Duration::ZERO },
        What::RecoveryFailed { strategy, last: true },
        What::RecoveryEscalated { strategy },
        What::SelfRecovered { strategy },
    ] {
        metrics.observe(&happening(what));
    }
    let short: serde_json::Value = serde_json::from_str(&metrics.expose(Format::Json).unwrap().body).unwrap();
    let short = short.as_object().unwrap();
    assert_eq!(short.len(), 5);
    assert_eq!((&short["failures_detected"], &short["recoveries_successful"]), (&2.into(), &1.into()));
    assert_eq!(short["recoveries_failed"], 2);
    let memory = short["memory_usage"].as_f64().unwrap();
    assert!(memory > 0.0 && memory <= 100.0, "{memory}");
    assert!(short["cpu_usage"].as_f64().unwrap() >= 0.0);
}

#[test]
fn the_accept_header_chooses_the_form() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    for (accept, format) in [
        ("", Format::Classic),
        ("*/*", Format::Classic),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Classic),
        (prometheus, Format::OpenMetrics),
        ("text/plain;version=0.0.4;q=1,*/*;q=0.1", Format::Classic),
        ("application/json", Format::Json),
        ("Application/JSON, text/plain, */*", Format::Json),
        ("application/json;q=0, text/plain", Format::Classic),
        ("text/plain;q=0.4, application/openmetrics-text; q=0.9", Format::OpenMetrics),
        ("image/png", Format::Classic),
    ] {
        assert_eq!(Format::preferred(accept), format, "{accept}");
    }
}
