//! What is known of a node, and its heartbeat.

use super::{Capacity, Labels, Marks};
use crate::key::{Key, Kind, Target, Text};
use crate::time::Stamp;
use alloc::vec::Vec;
use core::time::Duration;

/// A status word of a condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConditionStatus {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`, and every word that is none of the three.
    #[default]
    Unknown,
}

impl ConditionStatus {
    /// As the API spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl core::fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One condition of a node or of a controller of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Condition {
    /// Its type, e.g. `Ready`, `KernelDeadlock`.
    pub kind: Text,
    /// Its status.
    pub status: ConditionStatus,
    /// Its reason.
    pub reason: Text,
    /// `lastTransitionTime`.
    pub changed: Stamp,
    /// `lastHeartbeatTime` of a node, `lastUpdateTime` of a controller of pods.
    pub heartbeat: Stamp,
}

impl Condition {
    /// When it was last said to be so.
    #[must_use]
    pub fn stated(&self) -> Stamp {
        self.heartbeat.max(self.changed)
    }
}

/// One taint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NodeFact {
    /// Its name.
    pub name: Text,
    /// Its uid.
    pub uid: Text,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
    /// All conditions, Ready among them; of two of one type the last.
    pub conditions: Vec<Condition>,
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
    /// `status.allocatable`.
    pub capacity: Capacity,
    /// Its labels.
    pub labels: Labels,
    /// `spec.providerID`, by which a provider of machines knows it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub provider_id: Text,
    /// The Recovery whose out-of-service taint it has (annotation `self-healing.dev/out-of-service`); empty when it has none of ours.
    #[cfg_attr(feature = "serde", serde(default))]
    pub fenced_by: Text,
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

    /// The value of its label `key`.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|value| &**value)
    }

    /// The condition of type `kind`.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeaseFact {
    /// The node it belongs to.
    pub node: Text,
    /// `spec.renewTime`, only ever compared for equality: it is another machine's clock.
    pub renewed: Stamp,
    /// `spec.leaseDurationSeconds` (40 s when absent, the kubelet's default).
    pub duration: Duration,
}
