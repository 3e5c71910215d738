//! The metrics: every series that `/metrics` shows, and the few calls that move them.
//!
//! Series whose label values are known exist from the start at 0, so that a rate over the first event is right.

mod expose;
mod process;

pub use expose::{Exposition, Format};

use process::{Process, ProcessCollector};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use self_healing_core::effect::Outcome;
use self_healing_core::happening::{Happening, What};
use self_healing_core::healer::Counts;
use self_healing_core::names::{Channel, FailureType, GuardName, Phase, Severity, Strategy, WatchKind};
use std::sync::atomic::AtomicU64;
use std::time::Instant;

type Labels<const N: usize> = [(&'static str, &'static str); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges = Family<Labels<1>, Gauge>;
type Seconds = Family<Labels<1>, Gauge<f64, AtomicU64>>;
type Histograms = Family<Labels<1>, Histogram, fn() -> Histogram>;

/// What became of one try to deliver a message, as metric label.
const SENT: &str = "sent";
const RETRY: &str = "retry";
const FAILED: &str = "failed";

/// The `code` of an API request that got no answer, as client-go spells it.
const NO_ANSWER: &str = "<error>";

/// All metrics of one process; shared as `Arc<Metrics>`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    process: Process,
    started: Instant,
    failures_detected: Counters<2>,
    recoveries_attempted: Counters<2>,
    recovery_duration: Histograms,
    active_failures: Gauges,
    recoveries: Counters<3>,
    detection_latency: Histograms,
    guard_holds: Gauges,
    notifications: Counters<2>,
    watch_lag: Seconds,
    tracked_objects: Gauges,
    config_errors: Counter,
    leader: Gauge,
    api_requests: Family<[(&'static str, String); 3], Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All series of fixed label values, at 0.
    #[must_use]
    pub fn new() -> Self {
        let process = Process::new();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessCollector));
        let r = &mut registry;
        let metrics = Self {
            failures_detected: add(r, "failures_detected", "Failures that opened a Recovery", Family::default()),
            recoveries_attempted: add(r, "recoveries_attempted", "Recovery attempts started", Family::default()),
            recovery_duration: add(
                r,
                "recovery_duration_seconds",
                "Time from detection to the verified end of a Recovery",
                Family::new_with_constructor(recovery_buckets as fn() -> Histogram),
            ),
            active_failures: add(r, "active_failures", "Failures whose Recovery is not over", Family::default()),
            recoveries: add(r, "recoveries", "Recoveries that are over, by how they ended", Family::default()),
            detection_latency: add(
                r,
                "detection_latency_seconds",
                "Time from the first sight of a signal to the decision that it is a failure",
                Family::new_with_constructor(detection_buckets as fn() -> Histogram),
            ),
            guard_holds: add(r, "guard_holds", "Recoveries that a guard holds now", Family::default()),
            notifications: add(r, "notifications", "Tries to deliver a message", Family::default()),
            watch_lag: add(r, "watch_lag_seconds", "Time since a watch's last sign of life", Family::default()),
            tracked_objects: add(r, "tracked_objects", "Objects known", Family::default()),
            config_errors: add(r, "config_errors", "Refused configuration changes", Counter::default()),
            leader: add(r, "leader", "1 while this process leads, else 0", Gauge::default()),
            api_requests: add(r, "api_requests", "Requests to the API server", Family::default()),
            registry,
            process,
            started: Instant::now(),
        };
        metrics.start_at_zero();
        metrics
    }

    fn start_at_zero(&self) {
        for failure in FailureType::ALL {
            let failure = ("type", failure.as_str());
            drop(self.recovery_duration.get_or_create(&[failure]));
            drop(self.detection_latency.get_or_create(&[failure]));
            for severity in Severity::ALL {
                drop(self.failures_detected.get_or_create(&[failure, ("severity", severity.as_str())]));
            }
            for strategy in Strategy::ALL {
                let strategy = ("strategy", strategy.as_str());
                drop(self.recoveries_attempted.get_or_create(&[failure, strategy]));
                for result in Phase::ALL.iter().filter(|phase| phase.is_terminal()) {
                    drop(self.recoveries.get_or_create(&[failure, strategy, ("result", result.as_str())]));
                }
            }
        }
        for channel in Channel::ALL {
            for result in [SENT, RETRY, FAILED] {
                drop(self.notifications.get_or_create(&[("channel", channel.as_str()), ("result", result)]));
            }
        }
        self.observe_counts(&Counts::default());
    }

    /// Counts one transition.
    pub fn observe(&self, happening: &Happening) {
        let failure = ("type", happening.failure.as_str());
        match happening.what {
            What::FailureDetected { latency } => {
                let severity = ("severity", happening.severity.as_str());
                self.failures_detected.get_or_create(&[failure, severity]).inc();
                self.detection_latency.get_or_create(&[failure]).observe(latency.as_secs_f64());
            }
            What::RecoveryStarted { strategy } => {
                self.recoveries_attempted.get_or_create(&[failure, ("strategy", strategy.as_str())]).inc();
            }
            What::RecoverySucceeded { strategy, after } => {
                self.ended(happening.failure, strategy, Phase::Succeeded);
                self.recovery_duration.get_or_create(&[failure]).observe(after.as_secs_f64());
            }
            What::RecoveryFailed { strategy, last: true } => self.ended(happening.failure, strategy, Phase::Failed),
            What::RecoveryEscalated { strategy } => self.ended(happening.failure, strategy, Phase::Escalated),
            What::SelfRecovered { strategy } => self.ended(happening.failure, strategy, Phase::SelfRecovered),
            What::RecoveryCancelled { strategy } => self.ended(happening.failure, strategy, Phase::Cancelled),
            // A failed attempt is followed by the next one, and held Recoveries are a gauge.
            What::RecoveryFailed { strategy: _, last: false } | What::RecoveryHeld { guard: _ } => {}
        }
    }

    fn ended(&self, failure: FailureType, strategy: Strategy, result: Phase) {
        let labels = [("type", failure.as_str()), ("strategy", strategy.as_str()), ("result", result.as_str())];
        self.recoveries.get_or_create(&labels).inc();
    }

    /// Sets the gauges; what the counts do not list is 0. A watch that was never synced lags since the process started.
    pub fn observe_counts(&self, counts: &Counts) {
        let Counts { active, held, tracked, lag } = counts;
        for failure in FailureType::ALL {
            self.active_failures.get_or_create(&[("type", failure.as_str())]).set(number_of(active, *failure));
        }
        for guard in GuardName::ALL {
            self.guard_holds.get_or_create(&[("guard", guard.as_str())]).set(number_of(held, *guard));
        }
        for kind in WatchKind::ALL {
            let label = [("kind", kind.as_str())];
            self.tracked_objects.get_or_create(&label).set(number_of(tracked, *kind));
            let lag = lag.iter().find(|(listed, _)| listed == kind);
            let lag = lag.map(|(_, lag)| lag.unwrap_or_else(|| self.started.elapsed()));
            self.watch_lag.get_or_create(&label).set(lag.unwrap_or_default().as_secs_f64());
        }
    }

    /// Counts one request to the API server; `code` is the HTTP status, `None` when there was no answer.
    pub fn api_call(&self, verb: &str, resource: &str, code: Option<u16>) {
        let code = code.map_or_else(|| NO_ANSWER.to_owned(), |code| code.to_string());
        let labels = [("verb", verb.to_owned()), ("resource", resource.to_owned()), ("code", code)];
        self.api_requests.get_or_create(&labels).inc();
    }

    /// Counts one try to deliver a message.
    pub fn notification(&self, channel: Channel, outcome: &Outcome) {
        let result = match outcome {
            Outcome::Done(_) => SENT,
            Outcome::TryLater { .. } | Outcome::Unknown { .. } | Outcome::NotLeading => RETRY,
            Outcome::Refused { .. } | Outcome::Gone => FAILED,
        };
        self.notifications.get_or_create(&[("channel", channel.as_str()), ("result", result)]).inc();
    }

    /// Counts one refused configuration change.
    pub fn config_error(&self) {
        self.config_errors.inc();
    }

    /// Says whether this process leads.
    pub fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }
}

/// Registers under the project's prefix. The library appends `_total` to counters, so their names come without it.
fn add<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(format!("self_healing_{name}"), help, metric.clone());
    metric
}

fn number_of<T: PartialEq>(counts: &[(T, usize)], of: T) -> i64 {
    let count = counts.iter().find(|(listed, _)| *listed == of).map_or(0, |(_, count)| *count);
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A recovery has 300 s by default before it escalates once; 600 s covers that.
fn recovery_buckets() -> Histogram {
    Histogram::new([1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0, 450.0, 600.0])
}

/// Signals fire at once, or after 1 to 20 checks of 30 s by default.
fn detection_buckets() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 90.0, 120.0, 300.0, 600.0])
}
