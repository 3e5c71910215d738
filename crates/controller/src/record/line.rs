//! One line of a recording: JSON, short names, times as distances.

use self_healing_api::policy::read_resource;
use self_healing_api::recovery::{Recovery, to_resource};
use self_healing_core::effect::{DrainView, KubeletLook, WorkloadView};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{EndpointsFact, LeaseFact, NamespaceFact, NodeFact, PodFact, ServiceFact, WorkloadFact};
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::WatchKind;
use self_healing_core::policy::StoredPolicy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The version of this format. A reader takes what it knows, and leaves out lines that it does not.
pub(super) const VERSION: u32 = 1;

/// When, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Milliseconds since the line before, on the monotonic clock.
    #[serde(rename = "t", default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// Milliseconds by which the wall clock went further than that.
    #[serde(rename = "w", default, skip_serializing_if = "is_still")]
    pub jump: i64,
    /// What came in.
    #[serde(flatten)]
    pub what: What,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_still(number: &i64) -> bool {
    *number == 0
}

/// What came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A file begins: everything that was known by then follows.
    Begin {
        /// The version of the format.
        version: u32,
        /// What the wall clock showed, in milliseconds since 1970.
        stamp: i64,
        /// The controller's namespace and pod.
        own: (String, String),
        /// Whether it may create pods.
        may_create_pods: bool,
    },
    /// The configuration that applies from here on: every key and its value as text.
    Config(BTreeMap<String, String>),
    /// So many events were left out, because the disk was slow.
    Gap(u64),
    /// A pod as it is now.
    Pod(PodFact),
    /// A pod was deleted.
    PodGone(Key),
    /// A node as it is now.
    Node(NodeFact),
    /// A node was deleted.
    NodeGone(Text),
    /// A heartbeat as it is now.
    Lease(LeaseFact),
    /// A heartbeat was deleted.
    LeaseGone(Text),
    /// A workload as it is now.
    Workload(WorkloadFact),
    /// A workload was deleted.
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
    Policy(Box<PolicyLine>),
    /// A HealingPolicy was deleted.
    PolicyGone(Text),
    /// A stored Recovery as it is now.
    Recovery(Box<Recovery>),
    /// A stored Recovery was deleted.
    RecoveryGone(Text),
    /// How a watch is doing.
    Watch(WatchKind, WatchState),
    /// Leadership was won or lost.
    Leading(bool),
    /// What a look at a node's kubelet showed.
    Look(Text, KubeletLook),
    /// What a plan of a node's drain read.
    Drain(Text, Box<DrainView>),
    /// What a fresh read of a workload showed, by its uid.
    View(Text, Box<WorkloadView>),
}

/// A HealingPolicy: what of it is judged by, in the words of its author.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyLine {
    name: Text,
    uid: Text,
    generation: i64,
    spec: Value,
}

impl PolicyLine {
    fn of(policy: &StoredPolicy) -> Self {
        Self {
            name: policy.name.clone(),
            uid: policy.uid.clone(),
            generation: policy.generation,
            // What is no JSON is no policy either, and reads as one that says nothing.
            spec: serde_json::from_str(&policy.source).unwrap_or_default(),
        }
    }

    /// Checked anew, by the rules of this version; `None` when it has no name.
    fn stored(&self) -> Option<StoredPolicy> {
        let metadata = json!({ "name": &*self.name, "uid": &*self.uid, "generation": self.generation });
        let object = json!({ "metadata": metadata, "spec": self.spec });
        read_resource(object.to_string().as_bytes()).ok().map(|(policy, _)| policy)
    }
}

impl What {
    /// What is kept of an event. Configuration and outcomes are not told by events of their own.
    pub(super) fn of(event: &Event, namespace: &str) -> Option<Self> {
        Some(match event {
            Event::Pod(pod) => Self::Pod(pod.clone()),
            Event::PodGone(key) => Self::PodGone(key.clone()),
            Event::Node(node) => Self::Node(node.clone()),
            Event::NodeGone(name) => Self::NodeGone(name.clone()),
            Event::Lease(lease) => Self::Lease(lease.clone()),
            Event::LeaseGone(name) => Self::LeaseGone(name.clone()),
            Event::Workload(workload) => Self::Workload(workload.clone()),
            Event::WorkloadGone(kind, key) => Self::WorkloadGone(kind.clone(), key.clone()),
            Event::Service(service) => Self::Service(service.clone()),
            Event::ServiceGone(key) => Self::ServiceGone(key.clone()),
            Event::Endpoints(endpoints) => Self::Endpoints(endpoints.clone()),
            Event::EndpointsGone(key) => Self::EndpointsGone(key.clone()),
            Event::Namespace(namespace) => Self::Namespace(namespace.clone()),
            Event::NamespaceGone(name) => Self::NamespaceGone(name.clone()),
            Event::Recovery(record) => {
                let mut record = (**record).clone();
                // A pod's manifest may hold secrets in its environment.
                record.status.saved_manifest = None;
                Self::Recovery(Box::new(to_resource(&record, namespace)))
            }
            Event::RecoveryGone(name) => Self::RecoveryGone(name.clone()),
            Event::Watch(kind, state) => Self::Watch(*kind, *state),
            Event::Leading(leading) => Self::Leading(*leading),
            Event::Policy(policy) => Self::Policy(Box::new(PolicyLine::of(policy))),
            Event::PolicyGone(name) => Self::PolicyGone(name.clone()),
            Event::Settings(_) | Event::Outcome(..) => return None,
        })
    }

    /// The event that it was; `None` for what is none, and for Recoveries, which a replay makes anew.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        Some(match self.clone() {
            Self::Pod(pod) => Event::Pod(pod),
            Self::PodGone(key) => Event::PodGone(key),
            Self::Node(node) => Event::Node(node),
            Self::NodeGone(name) => Event::NodeGone(name),
            Self::Lease(lease) => Event::Lease(lease),
            Self::LeaseGone(name) => Event::LeaseGone(name),
            Self::Workload(workload) => Event::Workload(workload),
            Self::WorkloadGone(kind, key) => Event::WorkloadGone(kind, key),
            Self::Service(service) => Event::Service(service),
            Self::ServiceGone(key) => Event::ServiceGone(key),
            Self::Endpoints(endpoints) => Event::Endpoints(endpoints),
            Self::EndpointsGone(key) => Event::EndpointsGone(key),
            Self::Namespace(namespace) => Event::Namespace(namespace),
            Self::NamespaceGone(name) => Event::NamespaceGone(name),
            Self::Watch(kind, state) => Event::Watch(kind, state),
            Self::Policy(policy) => Event::Policy(Box::new(policy.stored()?)),
            Self::PolicyGone(name) => Event::PolicyGone(name),
            Self::Begin { .. }
            | Self::Config(_)
            | Self::Gap(_)
            | Self::Recovery(_)
            | Self::RecoveryGone(_)
            | Self::Leading(_)
            | Self::Look(..)
            | Self::Drain(..)
            | Self::View(..) => return None,
        })
    }
}
