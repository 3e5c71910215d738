//! Which values the keys accept, what people are told about the others, and that nothing secret is repeated to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use self_healing_api::keys::{Given, KEYS, LogFormat, Source, configuration_markdown, key, nearest_key, read};
use self_healing_core::names::Mode;
use self_healing_core::settings::{Settings, Share};
use std::time::Duration;

fn map() -> Source {
    Source::ConfigMap("self-healing/self-healing-config".to_owned())
}

fn given(source: Source, key: &str, value: &str) -> Given {
    Given { source, key: key.to_owned(), value: value.to_owned() }
}

fn errors(values: &[Given]) -> Vec<String> {
    read(values).map(|_| ()).expect_err("accepted").iter().map(ToString::to_string).collect()
}

#[test]
fn wrong_values_are_refused_in_one_line_that_says_source_key_value_and_what_is_expected() {
    const SECONDS: &str = "expected seconds as a plain number from 0.05 to 3600, such as 30 or 0.5, without a unit";
    let long = "x".repeat(200);
    let cases: &[(&str, &str, &str)] = &[
        ("health_check_interval", "0", SECONDS),
        ("health_check_interval", "-5", SECONDS),
        ("health_check_interval", "30s", SECONDS),
        ("health_check_interval", "5m", SECONDS),
        ("health_check_interval", "", SECONDS),
        ("health_check_interval", "NaN", SECONDS),
        ("health_check_interval", "inf", SECONDS),
        ("health_check_interval", "1e3", SECONDS),
        ("health_check_interval", "1,5", SECONDS),
        ("health_check_interval", "thirty", SECONDS),
        ("health_check_interval", "99999999999999999999", SECONDS),
        ("node_check_interval", "", SECONDS),
        ("node_failure_threshold", "0", "expected a whole number from 1 to 1000"),
        ("node_failure_threshold", "2.5", "expected a whole number from 1 to 1000"),
        ("node_failure_threshold", "+3", "expected a whole number from 1 to 1000"),
        ("pod_restart_threshold", "4294967296", "expected a whole number from 1 to 1000"),
        ("pod_restart_threshold", "٣", "expected a whole number from 1 to 1000"),
        ("recovery_timeout", "0", "from 0.1 to 86400"),
        ("workload_backoff", "1801", "from 0 to 1800"),
        ("max_unhealthy_nodes", "110%", "a whole share from 1% to 100%"),
        ("max_unhealthy_nodes", "0%", "a whole share from 1% to 100%"),
        ("max_unhealthy_nodes", "0", "a whole number from 1 to 100000"),
        ("node_concurrency", "33.3%", "a whole share from 1% to 100%"),
        ("node_concurrency", "% 5", "a whole share from 1% to 100%"),
        ("paused", "yes", "expected true or false"),
        ("leader_election", "1", "expected true or false"),
        ("mode", "Observ", "expected one of Enforce, Approve, Observe"),
        ("mode", "observe", "expected one of Enforce, Approve, Observe"),
        ("log_format", "yaml", "expected one of auto, json, text"),
        ("node_replacement", "aws", "expected one of none, clusterapi, karpenter, remediation-template, webhook"),
        ("email_smtp_port", "0", "expected a port from 1 to 65535"),
        ("email_smtp_port", "65536", "expected a port from 1 to 65535"),
        ("email_recipients", "team.example.com", "expected mail addresses such as team@example.com"),
        ("email_recipients", "a@example.com;b@example.com", "comma-separated"),
        ("email_from", "Healing <a@example.com>", "expected a mail address"),
        ("email_smtp_server", "smtp.example.com:587", "without port"),
        ("protected_namespaces", "kube-system,Kube_Public", "expected namespace names"),
        ("watch_namespaces", "a b", "expected namespace names"),
        ("pod_label_selector", "app=critical app", "expected a label selector"),
        ("pod_label_selector", "zone in a,b", "expected a label selector"),
        ("pod_field_selector", "status.phase", "expected a field selector"),
        ("node_label_selector", "=x", "expected a label selector"),
        ("listen_address", "8080", "expected an IP address and a port"),
        ("listen_address", "0.0.0.0:99999", "expected an IP address and a port"),
        ("pagerduty_url", "ftp", "expected a URL"),
        ("slack_channel", "", "expected 1 to 80 characters"),
        ("cluster_name", "a\nb", "expected 0 to 100 characters on one line"),
        ("cluster_name", &long, "expected 0 to 100 characters on one line"),
    ];
    for (key, value, expected) in cases {
        let lines = errors(&[given(map(), key, value)]);
        assert_eq!(lines.len(), 1, "{key}={value:?}: {lines:?}");
        let line = &lines[0];
        let start = format!("ConfigMap self-healing/self-healing-config: {key}: ");
        assert!(line.starts_with(&start), "{line}");
        assert!(line.contains(expected), "{line}");
        assert!(!line.contains('\n') && line.chars().count() < 260, "{line}");
        let shown = format!("{:?}", value.chars().take(60).collect::<String>());
        assert!(line.contains(&shown), "{line} does not show {shown}");
    }
}

#[test]
fn each_source_is_named_as_the_person_knows_it() {
    let line = |source| errors(&[given(source, "paused", "si")]).remove(0);
    assert_eq!(line(Source::Environment), "environment: PAUSED: \"si\": expected true or false");
    assert_eq!(line(Source::CommandLine), "command line: paused: \"si\": expected true or false");
    assert_eq!(
        line(Source::File("/etc/c.yaml".to_owned())),
        "file /etc/c.yaml: paused: \"si\": expected true or false"
    );
}

#[test]
fn all_problems_are_reported_together_even_of_values_that_are_overruled() {
    let lines = errors(&[
        given(map(), "paused", "si"),
        given(map(), "mode", "Yolo"),
        given(Source::Environment, "paused", "true"),
        given(Source::CommandLine, "cache_size", "0"),
    ]);
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn right_values_are_read_as_what_they_mean() {
    let config = read(&[
        given(map(), "health_check_interval", "0.3"),
        given(map(), "pod_check_interval", " 1.5\n"),
        given(map(), "max_unhealthy_nodes", "3"),
        given(map(), "node_concurrency", "100%"),
        given(map(), "paused", "True"),
        given(map(), "mode", "Observe"),
        given(map(), "log_format", "text"),
        given(map(), "email_recipients", "a@example.com, b+c@mail.example.com,"),
        given(map(), "protected_namespaces", ""),
        given(map(), "watch_namespaces", "shop, bank"),
        given(map(), "pod_label_selector", "app=critical-app,tier notin (test, dev),!example.com/skip,web"),
        given(map(), "pod_field_selector", "status.phase=Failed,spec.nodeName!=n1"),
        given(map(), "listen_address", "[::1]:0"),
        given(map(), "workload_backoff", "0"),
    ])
    .unwrap()
    .config;
    assert_eq!(config.health_check_interval, Duration::from_millis(300));
    assert_eq!(config.pod_check_interval, Duration::from_millis(1500));
    assert_eq!(config.node_check_interval, config.health_check_interval, "falls back");
    assert_eq!(config.max_unhealthy_nodes, Share::Count(3));
    assert_eq!(config.node_concurrency, Share::Percent(100));
    assert!(config.paused);
    assert_eq!((config.mode, config.log_format), (Mode::Observe, LogFormat::Text));
    assert_eq!(config.email_recipients, ["a@example.com", "b+c@mail.example.com"]);
    assert!(config.protected_namespaces.is_empty());
    assert_eq!(config.watch_namespaces.iter().collect::<Vec<_>>(), ["bank", "shop"]);
    assert_eq!(config.listen_address.to_string(), "[::1]:0");
    assert_eq!(config.settings(("ns", "me")).sweep, Duration::from_millis(300));
}

#[test]
fn without_any_source_the_settings_are_the_cores_defaults() {
    let loaded = read(&[]).unwrap();
    assert_eq!(loaded.config.settings(("self-healing", "")), Settings::default());
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert!(loaded.effective.iter().all(|value| value.source == Source::Default));
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let contract = [
        ("health_check_interval", "30"),
        ("node_failure_threshold", "3"),
        ("node_startup_grace", "600"),
        ("pod_restart_threshold", "5"),
        ("recovery_timeout", "300"),
        ("retry_interval", "30"),
        ("notification_enabled", "true"),
        ("slack_channel", "#monitoring"),
        ("slack_incident_channel", "#incidents"),
        ("email_recipients", ""),
        ("email_smtp_port", "587"),
        ("email_use_tls", "true"),
        ("pagerduty_enabled", "false"),
        ("notification_insecure", "false"),
        ("mode", "Enforce"),
        ("paused", "false"),
        ("protected_namespaces", "kube-system,kube-public,kube-node-lease"),
        ("history_window", "3600"),
        ("max_unhealthy_nodes", "40%"),
        ("node_concurrency", "10%"),
        ("recoveries_per_minute", "30"),
        ("workload_backoff", "10"),
        ("settle_period", "30"),
        ("recovery_ttl", "86400"),
        ("approval_timeout", "3600"),
        ("node_replacement", "none"),
        ("cluster_name", ""),
        ("watch_namespaces", ""),
        ("cache_ttl", "300"),
        ("cache_size", "4096"),
        ("api_max_in_flight", "20"),
        ("listen_address", "0.0.0.0:8080"),
        ("leader_election", "true"),
        ("debug_mode", "false"),
        ("verbose_logging", "false"),
    ];
    for (name, default) in contract {
        assert_eq!(key(name).unwrap_or_else(|| panic!("no key {name}")).default, default, "{name}");
    }
    for name in ["node", "pod", "service", "deployment"] {
        let key = key(&format!("{name}_check_interval")).unwrap();
        assert_eq!(key.falls_back_to, Some("health_check_interval"));
    }
    assert_eq!(KEYS.len(), 46, "a new key belongs into the contract too");
}

#[test]
fn an_unknown_key_in_a_config_map_is_a_warning_with_the_nearest_one_and_on_the_command_line_an_error() {
    let unknown = |source| given(source, "pod_restart_treshold", "5");
    let loaded = read(&[unknown(map())]).unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "ConfigMap self-healing/self-healing-config: pod_restart_treshold: is no known key: did you mean pod_restart_threshold?"
        ]
    );
    assert!(errors(&[unknown(Source::CommandLine)])[0].contains("did you mean pod_restart_threshold?"));
    assert_eq!(nearest_key("HEALTH-CHECK-INTERVAL"), Some("health_check_interval"));
    assert_eq!(nearest_key("favourite_colour"), None);
}

#[test]
fn a_secret_is_refused_wherever_it_does_not_belong_and_never_repeated() {
    for key in ["slack_webhook_url", "SLACK_WEBHOOK_URL", "slack-webhook-url", "email_password", "webhook_secret_file"]
    {
        for source in [map(), Source::File("f".to_owned()), Source::CommandLine] {
            let line = errors(&[given(source, key, "s3cr3t-value")]).remove(0);
            assert!(line.contains("is a secret and does not belong here: set the environment variable"), "{line}");
            assert!(!line.contains("s3cr3t"), "{line}");
        }
    }
    let value = given(map(), "slack_webhook_url", "s3cr3t-value");
    assert!(!format!("{value:?}").contains("s3cr3t"));
    // A link at the wrong key is most likely somebody's webhook.
    for key in ["slack_channel", "cluster_name", "paused", "email_smtp_server", "pagerduty_url"] {
        let line = errors(&[given(map(), key, "https://u:p@hooks.example.com/T0/s3cr3t")]).remove(0);
        assert!(!line.contains("s3cr3t") && !line.contains("hooks.example.com"), "{line}");
    }
    let unknown = read(&[given(map(), "slack_hook", "s3cr3t-value")]).unwrap();
    assert!(!unknown.warnings[0].contains("s3cr3t"), "{:?}", unknown.warnings);
}

#[test]
fn values_are_checked_against_each_other() {
    let warnings = |values: &[(&str, &str)]| {
        let values: Vec<_> = values.iter().map(|(key, value)| given(map(), key, value)).collect();
        read(&values).unwrap().warnings
    };
    assert_eq!(
        warnings(&[("recovery_ttl", "600")]),
        ["recovery_ttl 600 is shorter than history_window 3600: similar failures count only 600 s back"]
    );
    assert_eq!(
        warnings(&[("node_concurrency", "50%")]),
        ["node_concurrency is above max_unhealthy_nodes: it can never be reached"]
    );
    assert_eq!(
        warnings(&[("node_replacement", "karpenter"), ("cache_size", "5"), ("cache_ttl", "5")]),
        ["cache_ttl, cache_size: checked, but without effect in this version"]
    );
    let plain = given(map(), "pagerduty_url", "http://relay.example.com/enqueue");
    assert!(errors(std::slice::from_ref(&plain))[0].contains("pagerduty_url: expected https"));
    read(&[plain, given(map(), "notification_insecure", "true")]).unwrap();
}

#[test]
fn the_page_documents_every_key_and_every_secret_and_is_checked_in() {
    let page = configuration_markdown();
    for key in KEYS {
        assert!(page.contains(&format!("| `{}` |", key.name)), "{}", key.name);
        assert!(!key.meaning.trim().is_empty(), "{}", key.name);
    }
    assert!(page.contains("| `SLACK_WEBHOOK_URL` |"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(checked_in == page, "docs/configuration.md is not what the table says: run `cargo xtask generate`");
}

proptest! {
    #[test]
    fn no_text_whatever_makes_reading_panic_or_a_problem_longer_than_a_line(
        row in prop::sample::select(KEYS.iter().map(|key| key.name).collect::<Vec<_>>()),
        value in "\\PC{0,80}|[0-9.%+-]{0,12}|\\s*",
    ) {
        if let Err(problems) = read(&[given(map(), row, &value)]) {
            for problem in problems {
                prop_assert!(!problem.to_string().contains('\n'));
            }
        }
    }

    #[test]
    fn seconds_are_kept_to_the_millisecond(millis in 50_u64..3_600_000) {
        let text = format!("{}.{:03}", millis / 1000, millis % 1000);
        let config = read(&[given(map(), "health_check_interval", &text)]).unwrap().config;
        prop_assert_eq!(config.health_check_interval, Duration::from_millis(millis));
    }
}
