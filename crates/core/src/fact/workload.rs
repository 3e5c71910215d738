//! What is known of a controller of pods, and how its newest revision comes on.

use super::{Condition, ConditionStatus, Labels, Marks, Owner};
use crate::key::{Key, Kind, Target, Text};
use crate::time::Stamp;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A controller of pods, or one above it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WorkloadFact {
    /// Its kind.
    pub kind: Kind,
    /// Namespace and name.
    pub key: Key,
    /// Its uid.
    pub uid: Text,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
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
    /// Its own labels.
    pub labels: Labels,
    /// The labels of its pods.
    pub pod_labels: Labels,
    /// The Recovery that our mark on it names; empty without one. A ReplicaSet of a Deployment
    /// has copies of its marks, which its Deployment never takes back there.
    pub marked_by: Text,
    /// The replicas that it keeps from before our change, beside our mark.
    pub original_replicas: Option<u32>,
    /// Conditions; only of Deployments.
    pub conditions: Vec<Condition>,
    /// Revisions; only of Deployments, ReplicaSets and StatefulSets.
    pub rollout: Option<Box<Rollout>>,
}

/// Which revision of a workload is wanted, and how far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rollout {
    /// Annotation `deployment.kubernetes.io/revision` of a Deployment or ReplicaSet; a StatefulSet's `status.updateRevision`.
    pub revision: Text,
    /// A StatefulSet's `status.currentRevision`: what its pods were before; else empty.
    pub previous: Text,
    /// `status.updatedReplicas`; of a ReplicaSet its `status.replicas`.
    pub updated: u32,
    /// `spec.paused` of a Deployment; of a StatefulSet whether it leaves pods at the old revision on purpose (`OnDelete` or a `partition`).
    pub held_back: bool,
}

impl WorkloadFact {
    /// The workload as a target.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { kind: self.kind.clone(), key: self.key.clone(), uid: self.uid.clone() }
    }

    /// The condition of type `kind`, if it has this status.
    #[must_use]
    pub fn condition(&self, kind: &str, status: ConditionStatus) -> Option<&Condition> {
        self.conditions.iter().find(|condition| &*condition.kind == kind && condition.status == status)
    }

    /// The revision it wants or, of a ReplicaSet, is; empty when it has none.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.rollout.as_ref().map_or("", |rollout| &rollout.revision)
    }
}
