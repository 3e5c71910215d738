//! What is known of a pod. A healthy one is a compact entry; only one in trouble has a full record.

use super::{Amount, Labels, Marks, Owner};
use crate::key::{Key, Kind, Target, Text};
use crate::time::Stamp;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// 0 would be a deletion by force.
const SHORTEST_GRACE: Duration = Duration::from_secs(1);

/// `status.phase` of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PodPhase {
    /// Accepted, not all containers run.
    Pending,
    /// Bound, containers run or restart.
    Running,
    /// All ended with 0.
    Succeeded,
    /// All ended, at least one not with 0, or evicted.
    Failed,
    /// Anything else, and a missing status.
    #[default]
    Unknown,
}

/// One pod. A healthy one has no `trouble`, so that it costs little.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PodFact {
    /// Namespace and name.
    pub key: Key,
    /// Its uid.
    pub uid: Text,
    /// The node it is bound to.
    pub node: Option<Text>,
    /// Its controller; shared by all its pods.
    pub owner: Option<Arc<Owner>>,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
    /// `status.phase`.
    pub phase: PodPhase,
    /// Condition Ready=True.
    pub ready: bool,
    /// Opt-outs and drain properties.
    pub marks: Marks,
    /// `spec.priority`.
    pub priority: i32,
    /// What it asks for of its node: requests of its containers, or of an init container if that is more.
    pub requests: Amount,
    /// Present unless the pod is Running, Ready and not being deleted, or Succeeded; also while a container's last end was
    /// that it was killed for its memory.
    pub trouble: Option<Box<PodTrouble>>,
}

impl PodFact {
    /// The pod as a target.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { kind: Kind::Pod, key: self.key.clone(), uid: self.uid.clone() }
    }

    /// The time that it gets to end when we remove it: `asked`, or its own, which is `None`. Never none at all, because the API server
    /// takes such a pod away without waiting for its containers to end.
    #[must_use]
    pub(crate) fn grace(&self, asked: Option<Duration>) -> Option<Duration> {
        asked.or_else(|| self.marks.has(Marks::ENDS_AT_ONCE).then_some(SHORTEST_GRACE))
    }

    /// When its trouble began: when it stopped being ready or its kubelet took it, else when it was made.
    #[must_use]
    pub(crate) fn onset(&self) -> Stamp {
        self.trouble.as_ref().and_then(|trouble| trouble.ready_changed).unwrap_or(self.created)
    }

    /// Whether its containers have ended for good.
    #[must_use]
    pub const fn finished(&self) -> bool {
        matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn terminating(&self) -> bool {
        self.trouble.as_ref().is_some_and(|t| t.deletion_due.is_some())
    }

    /// Whether its controller is of `kind`.
    #[must_use]
    pub fn owned_by(&self, kind: &Kind) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.kind == *kind)
    }
}

/// What rules read of a pod that is not simply running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PodTrouble {
    /// `status.reason`, e.g. `Evicted`.
    pub reason: String,
    /// `status.message`, at most 256 characters.
    pub message: String,
    /// `lastTransitionTime` of condition Ready.
    pub ready_changed: Option<Stamp>,
    /// Its containers are ready, and a readiness gate keeps it from being it: condition Ready has reason `ReadinessGatesNotReady`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub awaits_gate: bool,
    /// `metadata.deletionTimestamp`, which Kubernetes sets to the request's time plus the grace period.
    pub deletion_due: Option<Stamp>,
    /// Finalizers that keep it.
    pub finalizers: Vec<Text>,
    /// Since when no node takes it: `lastTransitionTime` of condition PodScheduled=False with reason Unschedulable.
    pub unschedulable: Option<Stamp>,
    /// Containers and init containers that are not simply ready.
    pub containers: Vec<ContainerFact>,
    /// Its labels.
    pub labels: Labels,
}

/// One container that is not ready, or was killed for its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContainerFact {
    /// Its name.
    pub name: String,
    /// `image`, as the spec names it.
    pub image: Text,
    /// `restartCount`; negative counts read as 0.
    pub restarts: u32,
    /// `ready`.
    pub ready: bool,
    /// `state.waiting.reason`, empty when it does not wait.
    pub waiting: String,
    /// `state.waiting.message`, at most 256 characters.
    pub waiting_message: String,
    /// `state.terminated`, else `lastState.terminated`.
    pub exit: Option<Exit>,
    /// `state.terminated` with exit code 0 where `restartPolicy` is Always: it is started again, so this was no success.
    #[cfg_attr(feature = "serde", serde(default))]
    pub ended_to_restart: bool,
    /// When it ended because it was killed for its memory: of `state` and `lastState`, as far as each says so.
    pub memory_kills: Vec<Stamp>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exit {
    /// Exit code.
    pub code: i32,
    /// `Error`, `OOMKilled`, `Completed` and so on.
    pub reason: String,
}
