//! Detection: each cause has one file that says whether its signal is bad now; a score says whether it has been bad for long enough.

mod condition;
mod config_error;
mod crash_loop;
mod failed;
mod image_pull;
mod memory_kills;
mod no_endpoints;
mod node_not_ready;
mod pod_not_ready;
mod pod_start_failures;
mod problem_condition;
mod rollout_stuck;
mod score;
pub(crate) mod set_stuck;
mod stuck_pending;
mod stuck_terminating;
mod unreachable;
mod unschedulable;

pub(crate) use memory_kills::goes_on as is_killed_for_memory;
pub(crate) use rollout_stuck::newest_of_two;
pub(crate) use score::Score;
pub(crate) use unreachable::look_due;

use crate::cluster::{Cluster, Subject};
use crate::fact::{NodeFact, PodFact, ServiceFact, WorkloadFact};
use crate::names::{Cause, FailureType};
use crate::policy::{About, Policies};
use crate::settings::Settings;
use crate::time::{Now, Past, Stamp, Tick};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What a rule may look at.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    /// Both clocks.
    pub(crate) now: Now,
    /// What is known.
    pub(crate) cluster: &'a Cluster,
    /// What is configured.
    pub(crate) settings: &'a Settings,
    /// What policies change of it, cause by cause; `None` where `settings` are a policy's already, or none changes it.
    pub(crate) detection: Option<Detection<'a>>,
}

/// What policies say of from when on one object counts as failed.
#[derive(Clone, Copy)]
pub(crate) struct Detection<'a> {
    pub(crate) policies: &'a Policies,
    pub(crate) about: &'a About<'a>,
}

impl<'a> Sight<'a> {
    /// The same for failures of this type and cause.
    pub(crate) fn of(&self, failure: FailureType, cause: Cause) -> Self {
        let settings = self.detection.map(|detection| {
            let about = About { failure, cause: Some(cause), ..detection.about.clone() };
            detection.policies.before_failure(&about, self.settings)
        });
        Self { settings: settings.unwrap_or(self.settings), ..*self }
    }
}

impl Sight<'_> {
    /// Time passed since `stamp` of this object, as this process understood it when it first read it.
    pub(crate) fn age(&self, of: &Subject, stamp: Stamp) -> Duration {
        Past::of(self.cluster.read(self.now, of, stamp), stamp).elapsed(self.now.tick)
    }

    /// When `stamp` of this object was or will be, understood in the same way.
    pub(crate) fn tick_of(&self, of: &Subject, stamp: Stamp) -> Tick {
        self.cluster.read(self.now, of, stamp).tick_of(stamp)
    }
}

/// What a signal says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Nothing wrong; if a time is given, look again then, because time alone may turn it bad.
    Good(Option<Tick>),
    /// Wrong.
    Bad(Bad),
}

/// A bad signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// What it means; rules that share a score may tell causes apart.
    pub(crate) cause: Cause,
    /// Since when it counts, when that is earlier than our seeing it (a heartbeat that stopped).
    pub(crate) since: Option<Tick>,
    /// Whether it fires at once, because somebody else has waited long enough (a deadline of the object itself).
    pub(crate) overdue: bool,
    /// When the object says it began; part of the Recovery's name.
    pub(crate) onset: Stamp,
    /// One sentence with the values seen.
    pub(crate) description: String,
    /// The values seen.
    pub(crate) evidence: Vec<(String, String)>,
}

/// One detector.
pub(crate) struct Rule<T: 'static> {
    /// Its name, and its cause when it has only one.
    pub(crate) cause: Cause,
    /// The failure it means.
    pub(crate) failure: FailureType,
    /// How long the signal must be bad, as a score.
    pub(crate) threshold: fn(&Settings) -> Duration,
    /// What the signal says.
    pub(crate) signal: fn(&T, &Sight<'_>) -> Signal,
}

/// How long the signal of `rule` has to be bad.
pub(crate) fn threshold<T>(rule: &Rule<T>, signal: &Signal, sight: &Sight<'_>) -> Duration {
    match (rule.cause, signal) {
        (Cause::ProblemCondition, _) => problem_condition::threshold(signal, sight.settings),
        (_, Signal::Bad(bad)) if bad.cause != rule.cause => {
            (rule.threshold)(sight.of(rule.failure, bad.cause).settings)
        }
        _ => (rule.threshold)(sight.settings),
    }
}

/// Detectors of pods, the most telling cause first: a pod that matches two opens one Recovery, for the first.
pub(crate) const POD_RULES: &[Rule<PodFact>] = &[
    stuck_terminating::RULE,
    failed::RULE,
    crash_loop::RULE,
    image_pull::RULE,
    config_error::RULE,
    memory_kills::RULE,
    unschedulable::RULE,
    stuck_pending::RULE,
    pod_not_ready::RULE,
];

/// Detectors of nodes, the most telling cause first.
pub(crate) const NODE_RULES: &[Rule<NodeFact>] = &[
    unreachable::RULE,
    node_not_ready::RULE,
    problem_condition::RULE,
    pod_start_failures::RULE,
    condition::MEMORY_PRESSURE,
    condition::DISK_PRESSURE,
    condition::PID_PRESSURE,
];

/// Detectors of Deployments, the most telling cause first.
pub(crate) const DEPLOYMENT_RULES: &[Rule<WorkloadFact>] =
    &[rollout_stuck::RULE, condition::UNAVAILABLE, condition::REPLICA_FAILURE];

/// Detectors of StatefulSets.
pub(crate) const STATEFUL_SET_RULES: &[Rule<WorkloadFact>] = &[set_stuck::RULE];

/// Detectors of Services.
pub(crate) const SERVICE_RULES: &[Rule<ServiceFact>] = &[no_endpoints::RULE];

fn at_once(_: &Settings) -> Duration {
    Duration::ZERO
}

fn node_checks(settings: &Settings) -> Duration {
    settings.node_check_interval.saturating_mul(settings.node_failure_threshold)
}

/// What keeps a container of this pod from starting or from staying up, as far as its own specification can be the reason.
pub(crate) fn start_failure(pod: &PodFact, sight: &Sight<'_>) -> Option<Bad> {
    let rules = [crash_loop::RULE, image_pull::RULE, config_error::RULE];
    rules.iter().find_map(|rule| match (rule.signal)(pod, sight) {
        Signal::Bad(bad) => Some(bad),
        Signal::Good(_) => None,
    })
}

/// `(name, value)` with owned texts.
fn seen(name: &str, value: impl Into<String>) -> (String, String) {
    (String::from(name), value.into())
}

/// Whether a pod says anything about itself at all: a finished pod, or one being deleted, has its own rules.
fn running_on(pod: &PodFact) -> Option<&crate::fact::PodTrouble> {
    pod.trouble.as_deref().filter(|trouble| trouble.deletion_due.is_none() && !pod.finished())
}

/// Bad while a container waits for one of `reasons`.
fn waiting_signal(pod: &PodFact, cause: Cause, reasons: &[&str]) -> Signal {
    let containers = running_on(pod).map(|trouble| trouble.containers.as_slice()).unwrap_or_default();
    let Some(container) = containers.iter().find(|c| reasons.contains(&c.waiting.as_str())) else {
        return Signal::Good(None);
    };
    let description =
        alloc::format!("container {} waits: {} {}", container.name, container.waiting, container.waiting_message);
    let evidence = alloc::vec![
        seen("container", container.name.clone()),
        seen("waiting", container.waiting.clone()),
        seen("message", container.waiting_message.clone()),
    ];
    Signal::Bad(Bad {
        cause,
        since: None,
        overdue: false,
        onset: pod.onset(),
        description: description.trim_end().into(),
        evidence,
    })
}
