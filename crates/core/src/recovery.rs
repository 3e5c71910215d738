//! A Recovery: the record of one trouble, which is history, lock, log and the user's view at once.
//!
//! `crates/api` maps it to and from the custom resource; nothing here is derived from anything but the record.

mod evidence;
mod name;
mod status;

pub use evidence::{CONDITION, EVENT, GATHERED, REVISION, STATE, is_gathered};
pub(crate) use evidence::{signals, was_gathered};
pub use name::name_of;
pub(crate) use name::other_name_of;
pub use status::{Attempt, Delivery, GuardState, MAX_STEPS, Notification, Status, Step, StepResult, Verification};

use crate::fact::{LeaseFact, NodeFact, PodFact, ServiceFact};
use crate::key::{Target, Text};
use crate::names::{Action, Cause, FailureType, Mode, Severity, Strategy};
use crate::time::Stamp;
use alloc::string::String;
use alloc::vec::Vec;

/// `status.reason` of a Recovery whose Service is served by its standby, until it is switched back.
pub const ON_STANDBY: &str = "OnStandby";

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

    /// The steps of all attempts, in order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.status.attempts.iter().flat_map(|attempt| &attempt.steps)
    }

    /// Whether a step of such a name was accepted.
    pub(crate) fn has_done(&self, step: impl Fn(&str) -> bool) -> bool {
        self.steps().any(|done| done.result == StepResult::Succeeded && step(&done.name))
    }

    /// How many steps of such a name were accepted.
    pub(crate) fn count_done(&self, step: impl Fn(&str) -> bool) -> usize {
        self.steps().filter(|done| done.result == StepResult::Succeeded && step(&done.name)).count()
    }

    /// What the current attempt acts on, the spec's target before the first.
    #[must_use]
    pub fn subject(&self) -> &Target {
        self.attempt().map_or(&self.spec.target, |attempt| &attempt.target)
    }

    /// Whether it has begun to write and has something left to do: an attempt is under way or the next one is to come, be it
    /// held for the moment; one that was verified has nothing left to do.
    #[must_use]
    pub fn is_acting(&self) -> bool {
        self.is_active() && self.has_acted() && !self.is_verified()
    }

    /// Whether the workload was seen to be back.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.status.verification.as_ref().is_some_and(|verification| verification.passed)
    }

    /// Whether it stays open because its Service is switched to the standby and has to be switched back.
    #[must_use]
    pub fn is_on_standby(&self) -> bool {
        self.is_active() && self.status.reason == ON_STANDBY
    }

    /// Whether an attempt that writes was begun.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.strategy != Strategy::Monitor)
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

    /// Whether evidence was gathered.
    #[must_use]
    pub fn has_evidence(&self) -> bool {
        is_gathered(&self.status.evidence)
    }

    /// The guard that holds it, if one does.
    #[must_use]
    pub fn held_by(&self) -> Option<&GuardState> {
        self.status.guards.iter().find(|guard| !guard.pass)
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
    /// What its containers may use of memory.
    pub memory: Memory,
}

/// What the containers of a pod may use of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Each container that has a memory limit.
    pub limits: Vec<MemoryLimit>,
    /// Whether its quality of service is Guaranteed, so that requests and limits have to stay equal.
    pub guaranteed: bool,
    /// Why its kubelet has not resized it yet, in its own words; `None` when it has nothing to do.
    pub pending: Option<String>,
}

/// The memory limit of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// The container.
    pub container: Text,
    /// `spec…resources.limits.memory`, in bytes.
    pub wanted: u64,
    /// What its kubelet says that it has, in bytes; `None` when that does not say.
    pub actual: Option<u64>,
}

/// A fresh quorum read of a node and of its heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// What the rules read.
    pub fact: NodeFact,
    /// Its Lease in `kube-node-lease`; `None` when it has none.
    pub lease: Option<LeaseFact>,
}

/// A fresh quorum read of a Service, of its endpoints, and of the pods that it and its standby choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceView {
    /// What the rules read.
    pub fact: ServiceFact,
    /// The precondition for the write that follows.
    pub resource_version: Text,
    /// Who else keeps it as it is, in words: a GitOps tool, Helm, or whoever applied its selector; `None` for nobody.
    pub keeper: Option<String>,
    /// Endpoints that are ready.
    pub ready_endpoints: u32,
    /// Pods that the original selector chooses and that are ready; of one that was not switched by us its own selector.
    pub primary_ready: u32,
    /// The same of the standby's selector; 0 without a standby, or when its annotation is wrong.
    pub standby_ready: u32,
}
