//! A Recovery: the record of one trouble, which is history, lock, log and the user's view at once.
//!
//! `crates/api` maps it to and from the custom resource; nothing here is derived from anything but the record.

use crate::fact::{LeaseFact, NodeFact, PodFact};
use crate::finding::Finding;
use crate::key::{Target, Text};
use crate::names::{Action, Cause, Channel, FailureType, GuardName, Mode, Phase, Severity, Strategy};
use crate::time::Stamp;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The part that is fixed when the Recovery is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its type of failure.
    pub failure: FailureType,
    /// What kind of recovery it is; `None` when a stored record names one that we do not know.
    pub action: Option<Action>,
    /// Why the target counts as failed; `None` when a stored record names one that we do not know.
    pub cause: Option<Cause>,
    /// How bad.
    pub severity: Severity,
    /// The first attempt's strategy; `None` when a stored record names one that we do not know.
    pub strategy: Option<Strategy>,
    /// The mode when it was created.
    pub mode: Mode,
    /// What failed.
    pub target: Target,
    /// What it belongs to.
    pub workload: Target,
    /// The HealingPolicy that matched; empty for the configuration's defaults.
    pub policy: String,
    /// One sentence.
    pub description: String,
    /// When the signal was first seen.
    pub first_seen: Stamp,
    /// When it fired.
    pub detected_at: Stamp,
    /// Earlier failures of the same type and workload within the history window.
    pub similar_failures: u32,
    /// Why this severity, why this strategy.
    pub reasons: Vec<String>,
}

/// How a step or an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// Not ended.
    InProgress,
    /// Done, or found done.
    Succeeded,
    /// Not done.
    Failed,
}

/// One verb sent within an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Verb and object, e.g. `evict default/web-1`.
    pub name: String,
    /// When it was decided.
    pub started_at: Stamp,
    /// When its outcome was known.
    pub finished_at: Option<Stamp>,
    /// How it ended.
    pub result: StepResult,
    /// The API server's words, or ours.
    pub message: String,
}

/// One try with one strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub strategy: Strategy,
    /// Which object it acts on: the spec's target first, later the replacement that failed as well.
    pub target: Target,
    /// When it started; `recovery_timeout` counts from here.
    pub started_at: Stamp,
    /// When its outcome was known.
    pub finished_at: Option<Stamp>,
    /// How it ended.
    pub result: StepResult,
    /// What was done, at most [`MAX_STEPS`] kept, oldest first.
    pub steps: Vec<Step>,
}

/// Steps kept per attempt; beyond, the oldest finished ones go.
pub const MAX_STEPS: usize = 64;

/// What a guard last said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardState {
    /// Which guard.
    pub name: GuardName,
    /// Whether it lets the Recovery pass.
    pub pass: bool,
    /// Why it holds, in words for people; empty when it passes.
    pub reason: String,
    /// Since when it says so.
    pub since: Stamp,
}

/// Whether the workload is back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Yes or not yet.
    pub passed: bool,
    /// What was looked at and what it showed.
    pub message: String,
    /// When.
    pub at: Stamp,
}

/// Delivery of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not yet accepted by the receiver.
    Pending,
    /// Accepted.
    Sent,
    /// The receiver refused it for good.
    Failed,
}

/// One message to one channel; pending ones survive a crash because they are stored here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Where to.
    pub channel: Channel,
    /// What happened, stable over retries: `opened`, `outcome`, `held-<Guard>`.
    pub key: String,
    /// How far it got.
    pub state: Delivery,
    /// How often it was tried.
    pub tries: u32,
    /// The last error, without secrets; empty when there was none.
    pub last_error: String,
}

/// The part that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where it stands; `None` when a stored record names a phase that we do not know: such a record is left alone.
    pub phase: Option<Phase>,
    /// One sentence on why it stands there.
    pub message: String,
    /// A word for the same, e.g. a guard's name, `Timeout`, `UnknownAction`; empty when there is nothing to say.
    pub reason: String,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// What the guards last said, only those that were asked.
    pub guards: Vec<GuardState>,
    /// The signals as seen when it fired.
    pub evidence: Vec<(String, String)>,
    /// Failures attributed to this one, as `Kind namespace/name: cause`.
    pub impact: Vec<String>,
    /// Whether the workload is back.
    pub verification: Option<Verification>,
    /// Seconds from detection to the end.
    pub recovery_seconds: Option<u64>,
    /// Messages and how far they got.
    pub notifications: Vec<Notification>,
    /// A bare pod's manifest (JSON), kept from before its deletion until it runs again; shown in no message, event or page.
    pub saved_manifest: Option<String>,
    /// When it ended.
    pub finished_at: Option<Stamp>,
}

/// What people wrote on the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Who approved (`self-healing.dev/approve`).
    pub approved_by: Option<String>,
    /// Who vetoed (`self-healing.dev/cancel`).
    pub cancelled_by: Option<String>,
}

/// One Recovery as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Its name in the controller's namespace, from target uid, cause and onset (see [`name_of`]).
    pub name: Text,
    /// The uid that the API server gave it; empty until it is stored.
    pub uid: Text,
    /// The version last read or written; empty until it is stored.
    pub resource_version: Text,
    /// When it was stored.
    pub created: Stamp,
    /// What is fixed.
    pub spec: Spec,
    /// What changes.
    pub status: Status,
    /// What people wrote on it.
    pub orders: Orders,
}

impl Recovery {
    /// Whether nothing more will happen to it; a record of a phase we do not know counts as not ours to end.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status.phase.is_some_and(|phase| !phase.is_terminal())
    }

    /// The attempt under way, or the last one.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.status.attempts.last()
    }

    /// What the current attempt acts on, the spec's target before the first.
    #[must_use]
    pub fn subject(&self) -> &Target {
        self.attempt().map_or(&self.spec.target, |attempt| &attempt.target)
    }

    /// Whether an attempt that writes is under way, be it held for the moment; one that was verified has nothing left to do.
    #[must_use]
    pub fn is_acting(&self) -> bool {
        let unfinished = |attempt: &Attempt| attempt.strategy != Strategy::Monitor && attempt.finished_at.is_none();
        self.is_active() && self.attempt().is_some_and(unfinished) && !self.is_verified()
    }

    /// Whether the workload was seen to be back.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.status.verification.as_ref().is_some_and(|verification| verification.passed)
    }

    /// Whether an attempt that writes was begun.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.strategy != Strategy::Monitor)
    }

    /// The strategy that the next attempt will use; `None` when the record names one that we do not know, or none is left.
    #[must_use]
    pub fn next_strategy(&self) -> Option<Strategy> {
        match self.attempt() {
            None => self.spec.strategy,
            Some(last) => crate::strategy::next_strategy(self.spec.failure, last.strategy),
        }
    }

    /// Whether both are about the same workload, by name: one that was deleted and applied again keeps its history.
    #[must_use]
    pub fn same_workload(&self, other: &Self) -> bool {
        self.spec.workload.kind == other.spec.workload.kind && self.spec.workload.key == other.spec.workload.key
    }

    /// A value of the evidence.
    #[must_use]
    pub fn evidence(&self, name: &str) -> Option<&str> {
        self.status.evidence.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The guard that holds it, if one does.
    #[must_use]
    pub fn held_by(&self) -> Option<&GuardState> {
        self.status.guards.iter().find(|guard| !guard.pass)
    }
}

impl Status {
    /// The status of a Recovery that was just opened.
    #[must_use]
    pub fn opened(finding: &Finding) -> Self {
        Self {
            phase: Some(Phase::Pending),
            message: String::new(),
            reason: String::new(),
            attempts: Vec::new(),
            guards: Vec::new(),
            evidence: finding.evidence.clone(),
            impact: Vec::new(),
            verification: None,
            recovery_seconds: None,
            notifications: Vec::new(),
            saved_manifest: None,
            finished_at: None,
        }
    }
}

/// The deterministic name: two controllers that see the same trouble collide on it instead of acting twice.
#[must_use]
pub fn name_of(finding: &Finding) -> Text {
    let mut hash = Fnv::default();
    hash.eat(finding.target.uid.as_bytes());
    hash.eat(finding.cause.as_str().as_bytes());
    hash.eat(&finding.onset.0.to_be_bytes());
    let kind = finding.target.kind.as_str().to_ascii_lowercase();
    Text::from(format!("{kind}-{}-{:016x}", finding.cause.as_str().to_ascii_lowercase(), hash.0))
}

/// The other name that the same trouble may have been recorded under: whether a silent node's kubelet is down or nothing answers may
/// look different to the next leader.
#[must_use]
pub(crate) fn other_name_of(finding: &Finding) -> Option<Text> {
    let cause = match finding.cause {
        Cause::Unreachable => Cause::KubeletDown,
        Cause::KubeletDown => Cause::Unreachable,
        _ => return None,
    };
    Some(name_of(&Finding { cause, ..finding.clone() }))
}

/// FNV-1a, 64 bit: stable over versions and machines, which the standard hashers do not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A fresh quorum read of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodView {
    /// What the rules read.
    pub fact: PodFact,
    /// The precondition for the write that follows.
    pub resource_version: Text,
    /// The manifest to create it again (JSON, without what the server sets); only for a pod without controller.
    pub manifest: Option<String>,
}

/// A fresh quorum read of a node and of its heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// What the rules read.
    pub fact: NodeFact,
    /// Its Lease in `kube-node-lease`; `None` when it has none.
    pub lease: Option<LeaseFact>,
}
