//! What is known of one object: small plain structs that hold only what a rule reads.

use crate::key::{Key, Kind, Target, Text};
use crate::time::Stamp;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// Yes-or-no properties of an object, from its labels, annotations and spec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u16);

impl Marks {
    /// `self-healing.dev/exclude: "true"` as label or annotation.
    pub const EXCLUDED: Self = Self(1);
    /// Label `remediation.medik8s.io/exclude-from-remediation=true`.
    pub const MEDIK8S_EXCLUDED: Self = Self(1 << 1);
    /// Annotation `cluster.x-k8s.io/skip-remediation`.
    pub const CAPI_SKIP: Self = Self(1 << 2);
    /// Annotation `cluster.x-k8s.io/paused`.
    pub const CAPI_PAUSED: Self = Self(1 << 3);
    /// Annotation `karpenter.sh/do-not-disrupt: "true"`.
    pub const KARPENTER_KEEP: Self = Self(1 << 4);
    /// Annotation `cluster-autoscaler.kubernetes.io/safe-to-evict: "false"`.
    pub const AUTOSCALER_KEEP: Self = Self(1 << 5);
    /// A static pod's mirror: annotation `kubernetes.io/config.mirror`.
    pub const MIRROR: Self = Self(1 << 6);
    /// Mounts a persistent volume claim.
    pub const PERSISTENT_VOLUME: Self = Self(1 << 7);
    /// Has an emptyDir on disk.
    pub const EMPTY_DIR: Self = Self(1 << 8);
    /// Label `node-role.kubernetes.io/control-plane` (or the older `master`).
    pub const CONTROL_PLANE: Self = Self(1 << 9);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `self` with `other` when `condition` holds.
    #[must_use]
    pub const fn with_if(self, condition: bool, other: Self) -> Self {
        if condition { self.with(other) } else { self }
    }

    /// Whether every mark of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The controlling owner of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its kind, group and all.
    pub kind: Kind,
    /// Its name, in the namespace of what it owns.
    pub name: Text,
    /// Its uid.
    pub uid: Text,
}

/// `status.phase` of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Present unless the pod is Running, Ready and not being deleted, or Succeeded.
    pub trouble: Option<Box<PodTrouble>>,
}

impl PodFact {
    /// The pod as a target.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { kind: Kind::Pod, key: self.key.clone(), uid: self.uid.clone() }
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
pub struct PodTrouble {
    /// `status.reason`, e.g. `Evicted`.
    pub reason: String,
    /// `status.message`, at most 256 characters.
    pub message: String,
    /// `lastTransitionTime` of condition Ready.
    pub ready_changed: Option<Stamp>,
    /// `metadata.deletionTimestamp`, which Kubernetes sets to the request's time plus the grace period.
    pub deletion_due: Option<Stamp>,
    /// Finalizers that keep it.
    pub finalizers: Vec<Text>,
    /// Containers and init containers that are not simply ready.
    pub containers: Vec<ContainerFact>,
}

/// One container that is not ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerFact {
    /// Its name.
    pub name: String,
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
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// Exit code.
    pub code: i32,
    /// `Error`, `OOMKilled`, `Completed` and so on.
    pub reason: String,
}

/// A status word of a condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConditionStatus {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`, and every word that is none of the three.
    #[default]
    Unknown,
}

/// One condition of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCondition {
    /// Its type, e.g. `Ready`, `KernelDeadlock`.
    pub kind: Text,
    /// Its status.
    pub status: ConditionStatus,
    /// Its reason.
    pub reason: Text,
    /// `lastTransitionTime`.
    pub changed: Stamp,
    /// `lastHeartbeatTime`.
    pub heartbeat: Stamp,
}

impl NodeCondition {
    /// When it was last said to be so.
    #[must_use]
    pub fn stated(&self) -> Stamp {
        self.heartbeat.max(self.changed)
    }
}

/// One taint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    /// Its key.
    pub key: Text,
    /// Its value; ours hold the name of the Recovery that set them.
    pub value: Text,
    /// Its effect.
    pub effect: Text,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFact {
    /// Its name.
    pub name: Text,
    /// Its uid.
    pub uid: Text,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
    /// All conditions, Ready among them; of two of one type the last.
    pub conditions: Vec<NodeCondition>,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// The Recovery that annotation `self-healing.dev/owner` names; empty when nobody marked it.
    pub owner: Text,
    /// Where its kubelet listens: `InternalIP` and `status.daemonEndpoints.kubeletEndpoint.Port` (10250 if absent).
    pub kubelet: Option<(Text, u16)>,
    /// Opt-outs and role.
    pub marks: Marks,
    /// `topology.kubernetes.io/zone`.
    pub zone: Text,
}

impl NodeFact {
    /// The node as a target.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            kind: Kind::Node,
            key: Key { namespace: Text::from(""), name: self.name.clone() },
            uid: self.uid.clone(),
        }
    }

    /// The condition of type `kind`.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&NodeCondition> {
        self.conditions.iter().rev().find(|c| &*c.kind == kind)
    }

    /// Condition Ready; a missing one reads as Unknown.
    #[must_use]
    pub fn ready(&self) -> ConditionStatus {
        self.condition("Ready").map_or(ConditionStatus::Unknown, |c| c.status)
    }
}

/// A node's heartbeat in `kube-node-lease`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseFact {
    /// The node it belongs to.
    pub node: Text,
    /// `spec.renewTime`, only ever compared for equality: it is another machine's clock.
    pub renewed: Stamp,
    /// `spec.leaseDurationSeconds` (40 s when absent, the kubelet's default).
    pub duration: Duration,
}

/// A controller of pods, or one above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadFact {
    /// Its kind.
    pub kind: Kind,
    /// Namespace and name.
    pub key: Key,
    /// Its uid.
    pub uid: Text,
    /// The controller above it.
    pub owner: Option<Arc<Owner>>,
    /// Replicas wanted (`desiredNumberScheduled` for a DaemonSet); `None` for Jobs.
    pub desired: Option<u32>,
    /// Replicas ready.
    pub ready: u32,
    /// Whether `status.observedGeneration` has caught up with the spec.
    pub observed: bool,
    /// Opt-outs.
    pub marks: Marks,
}

/// One namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceFact {
    /// Its name.
    pub name: Text,
    /// Opt-outs.
    pub marks: Marks,
}
