//! What is known of one object: small plain structs that hold only what a rule reads.

mod labels;
mod node;
mod pod;
mod room;
mod service;
mod standby;
mod workload;

pub use labels::Labels;
pub use node::{Condition, ConditionStatus, LeaseFact, NodeFact, Taint};
pub use pod::{ContainerFact, Exit, PodFact, PodPhase, PodTrouble};
pub use room::{Amount, AnyOf, Capacity, Needs, Requirement, Test, Toleration};
pub use service::{EndpointsFact, ServiceFact};
pub use standby::Standby;
pub use workload::{Rollout, WorkloadFact};

use crate::key::{Kind, Text};
use core::fmt;

/// Yes-or-no properties of an object, from its labels, annotations and spec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// `spec.terminationGracePeriodSeconds: 0`: deleted as it is, it would go without a word of its kubelet.
    pub const ENDS_AT_ONCE: Self = Self(1 << 11);
    /// Annotation `self-healing.dev/auto-rollback: "true"`.
    pub const AUTO_ROLLBACK: Self = Self(1 << 10);
    /// It is being deleted: `metadata.deletionTimestamp` (of nodes and namespaces; a pod's is in its trouble).
    pub const DELETING: Self = Self(1 << 15);
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Owner {
    /// Its kind, group and all.
    pub kind: Kind,
    /// Its name, in the namespace of what it owns.
    pub name: Text,
    /// Its uid.
    pub uid: Text,
}

/// As evidence names it, by which the same fault is known again.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

/// One namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NamespaceFact {
    /// Its name.
    pub name: Text,
    /// Opt-outs.
    pub marks: Marks,
    /// Its labels.
    pub labels: Labels,
}
