//! Everything that can come into the core.

use crate::effect::{EffectId, Outcome};
use crate::fact::{EndpointsFact, LeaseFact, NamespaceFact, NodeFact, PodFact, ServiceFact, WorkloadFact};
use crate::key::{Key, Kind, Text};
use crate::names::WatchKind;
use crate::policy::StoredPolicy;
use crate::recovery::Recovery;
use crate::settings::Settings;
use alloc::boxed::Box;

/// One happening in the outside world.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A pod as it is now.
    Pod(PodFact),
    /// A pod was deleted.
    PodGone(Key),
    /// A node as it is now.
    Node(NodeFact),
    /// A node was deleted.
    NodeGone(Text),
    /// A node's heartbeat as it is now.
    Lease(LeaseFact),
    /// A node's Lease was deleted.
    LeaseGone(Text),
    /// A controller as it is now.
    Workload(WorkloadFact),
    /// A controller was deleted.
    WorkloadGone(Kind, Key),
    /// A Service as it is now.
    Service(ServiceFact),
    /// A Service was deleted.
    ServiceGone(Key),
    /// An EndpointSlice as it is now.
    Endpoints(EndpointsFact),
    /// An EndpointSlice was deleted.
    EndpointsGone(Key),
    /// A namespace as it is now.
    Namespace(NamespaceFact),
    /// A namespace was deleted.
    NamespaceGone(Text),
    /// A HealingPolicy as it is now.
    Policy(Box<StoredPolicy>),
    /// A HealingPolicy was deleted.
    PolicyGone(Text),
    /// A stored Recovery as it is now.
    Recovery(Box<Recovery>),
    /// A stored Recovery was deleted.
    RecoveryGone(Text),
    /// How a watch is doing.
    Watch(WatchKind, WatchState),
    /// New, checked configuration.
    Settings(Box<Settings>),
    /// Leadership was won (`true`) or lost.
    Leading(bool),
    /// The outcome of an effect.
    Outcome(EffectId, Outcome),
}

/// How a watch is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum WatchState {
    /// A list begins: what is known stays until it ends.
    ListStarted,
    /// The list is complete: what was not in it is gone. The kind is current.
    Synced,
    /// A sign of life: an event, a bookmark, a reconnect that needed no list.
    Alive,
    /// The stream broke and could not be started again yet.
    Broken,
}
