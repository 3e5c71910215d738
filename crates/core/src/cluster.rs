//! What we know of the cluster: the last fact of each object, and the indexes that rules need.

mod freshness;
mod kept;
mod life;
mod moments;
mod names;
mod nodes;
mod owners;
mod pods;
mod services;
mod store;

pub(crate) use freshness::Freshness;
pub(crate) use kept::{Kept, pack};
pub(crate) use life::Heartbeat;
pub(crate) use store::Pod;

use crate::effect::KubeletLook;
use crate::event::{Event, WatchState};
use crate::fact::{EndpointsFact, Marks, NamespaceFact, NodeFact, ServiceFact, WorkloadFact};
use crate::key::{Key, Kind, Target, Text};
use crate::names::WatchKind;
use crate::time::{Now, Stamp, Tick};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use moments::Moments;
use store::PodStore;

/// Something that has to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A node by name.
    Node(Text),
    /// A controller of pods.
    Workload(Kind, Key),
    /// A Service by key.
    Service(Key),
    /// A pod by key. The last: what its trouble may be part of was looked at before.
    Pod(Key),
}

impl Subject {
    /// What is looked at when `target` is.
    pub(crate) fn of(target: &Target) -> Self {
        match &target.kind {
            Kind::Node => Self::Node(target.key.name.clone()),
            Kind::Service => Self::Service(target.key.clone()),
            Kind::Pod => Self::Pod(target.key.clone()),
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::Other(_) => {
                Self::Workload(target.kind.clone(), target.key.clone())
            }
        }
    }
}

/// The last fact of every object.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    pods: PodStore,
    /// The pods of each node that have not started there.
    starting_on: BTreeMap<Text, BTreeSet<Key>>,
    nodes: Kept<Text, NodeFact>,
    heartbeats: Kept<Text, Heartbeat>,
    looks: BTreeMap<Text, (KubeletLook, Tick)>,
    once_ready: BTreeSet<Text>,
    moments: Moments,
    workloads: BTreeMap<Kind, Kept<Key, WorkloadFact>>,
    /// Of each owner, by its uid, the workloads below it.
    below: BTreeSet<(Text, Kind, Key)>,
    namespaces: Kept<Text, NamespaceFact>,
    services: Kept<Key, ServiceFact>,
    endpoints: Kept<Key, EndpointsFact>,
    /// The slices of each Service, by its key.
    endpoints_of: BTreeMap<Key, BTreeSet<Key>>,
    /// When containers of a pod were killed for their memory, as far as we saw it.
    memory_kills: BTreeMap<Key, Vec<Stamp>>,
    /// How current each watch is.
    pub(crate) freshness: Freshness,
    /// How often something was heard that changed it.
    changes: u64,
}

impl Cluster {
    /// How often something was heard that changed it: as long as this stays, whoever waits for it to change need not look. Heartbeats, by which
    /// only their own node is judged, do not count.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Takes one event about the world; gives what has to be looked at again.
    pub(crate) fn apply(&mut self, now: Now, event: Event) -> Vec<Subject> {
        // Statuses that are written again, heartbeats and signs of life are nearly all there is in a large cluster. Of pods it is looked at below.
        let repeats = matches!(event, Event::Pod(_) | Event::Lease(_) | Event::Watch(_, WatchState::Alive));
        self.changes += u64::from(!repeats);
        match event {
            Event::Pod(pod) => self.put_pod(now, pod),
            Event::PodGone(key) => self.drop_pod(&key),
            Event::Node(node) => self.put_node(now, node),
            Event::NodeGone(name) => self.drop_node(&name),
            Event::Lease(lease) => self.put_lease(now, lease),
            Event::LeaseGone(node) => {
                self.heartbeats.remove(&node);
                alloc::vec![Subject::Node(node)]
            }
            Event::Workload(workload) => self.put_workload(workload),
            Event::WorkloadGone(kind, key) => self.drop_workload(&kind, &key),
            Event::Namespace(namespace) => {
                self.namespaces.put(namespace.name.clone(), namespace);
                Vec::new()
            }
            Event::NamespaceGone(name) => {
                self.namespaces.remove(&name);
                Vec::new()
            }
            Event::Service(service) => self.put_service(service),
            Event::ServiceGone(key) => self.drop_service(&key),
            Event::Endpoints(endpoints) => self.put_endpoints(endpoints),
            Event::EndpointsGone(key) => self.drop_endpoints(&key),
            Event::Watch(kind, state) => self.watch(now, kind, state),
            Event::Policy(_)
            | Event::PolicyGone(_)
            | Event::Recovery(_)
            | Event::RecoveryGone(_)
            | Event::Settings(_)
            | Event::Leading(_)
            | Event::Outcome(..) => Vec::new(),
        }
    }

    fn watch(&mut self, now: Now, kind: WatchKind, state: WatchState) -> Vec<Subject> {
        let gap_ended = self.freshness.note(now.tick, kind, state);
        if gap_ended && kind == WatchKind::Lease {
            // Nobody could renew, or we could not see it: silence during the gap is no evidence.
            self.heartbeats.values_mut().for_each(|beat| (beat.seen, beat.beats) = (now.tick, false));
        }
        match state {
            WatchState::ListStarted => {
                self.listing(kind, false);
                Vec::new()
            }
            WatchState::Synced => {
                let gone = self.listing(kind, true);
                self.moments.pack();
                pack(&mut self.once_ready);
                pack(&mut self.below);
                gone
            }
            WatchState::Alive | WatchState::Broken => Vec::new(),
        }
    }

    /// Starts a list of `kind`, or ends it and forgets what was not in it.
    fn listing(&mut self, kind: WatchKind, ended: bool) -> Vec<Subject> {
        match kind {
            WatchKind::Pod => {
                let gone = self.pods.listing(ended);
                gone.iter().flat_map(|key| self.drop_pod(key)).collect()
            }
            WatchKind::Node => {
                let gone = self.nodes.listing(ended);
                gone.iter().flat_map(|name| self.drop_node(name)).collect()
            }
            WatchKind::Lease => {
                let gone = self.heartbeats.listing(ended);
                gone.iter().for_each(|node| drop(self.heartbeats.remove(node)));
                gone.into_iter().map(Subject::Node).collect()
            }
            WatchKind::Namespace => {
                let gone = self.namespaces.listing(ended);
                gone.iter().for_each(|name| drop(self.namespaces.remove(name)));
                Vec::new()
            }
            WatchKind::Deployment => self.list_workloads(Kind::Deployment, ended),
            WatchKind::ReplicaSet => self.list_workloads(Kind::ReplicaSet, ended),
            WatchKind::StatefulSet => self.list_workloads(Kind::StatefulSet, ended),
            WatchKind::DaemonSet => self.list_workloads(Kind::DaemonSet, ended),
            WatchKind::Job => self.list_workloads(Kind::Job, ended),
            WatchKind::Service => {
                let gone = self.services.listing(ended);
                gone.iter().flat_map(|key| self.drop_service(key)).collect()
            }
            WatchKind::EndpointSlice => {
                let gone = self.endpoints.listing(ended);
                gone.iter().flat_map(|key| self.drop_endpoints(key)).collect()
            }
            WatchKind::Policy | WatchKind::Recovery => Vec::new(),
        }
    }

    fn list_workloads(&mut self, kind: Kind, ended: bool) -> Vec<Subject> {
        let gone = self.workloads.entry(kind.clone()).or_default().listing(ended);
        gone.iter().flat_map(|key| self.drop_workload(&kind, key)).collect()
    }

    /// Both clocks of when this process first read this stamp of this object; of now if it does not know it.
    pub(crate) fn read(&self, now: Now, subject: &Subject, stamp: Stamp) -> Now {
        self.moments.read(subject, stamp).unwrap_or(now)
    }

    /// The namespace, if known.
    #[must_use]
    pub(crate) fn namespace(&self, name: &Text) -> Option<&NamespaceFact> {
        self.namespaces.get(name)
    }

    /// Whether everything in the namespace is on its way out.
    #[must_use]
    pub(crate) fn is_going(&self, namespace: &Text) -> bool {
        self.namespace(namespace).is_some_and(|found| found.marks.has(Marks::DELETING))
    }

    /// How many objects of `kind` are known.
    #[must_use]
    pub(crate) fn count(&self, kind: WatchKind) -> usize {
        let workloads = |kind| self.workloads.get(&kind).map_or(0, Kept::len);
        match kind {
            WatchKind::Pod => self.pods.len(),
            WatchKind::Node => self.nodes.len(),
            WatchKind::Lease => self.heartbeats.len(),
            WatchKind::Namespace => self.namespaces.len(),
            WatchKind::Deployment => workloads(Kind::Deployment),
            WatchKind::ReplicaSet => workloads(Kind::ReplicaSet),
            WatchKind::StatefulSet => workloads(Kind::StatefulSet),
            WatchKind::DaemonSet => workloads(Kind::DaemonSet),
            WatchKind::Job => workloads(Kind::Job),
            WatchKind::Service => self.services.len(),
            WatchKind::EndpointSlice => self.endpoints.len(),
            WatchKind::Policy | WatchKind::Recovery => 0,
        }
    }
}

fn take<K: Ord, V: Ord>(index: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = index.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            index.remove(key);
        }
    }
}
