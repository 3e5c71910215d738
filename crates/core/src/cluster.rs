//! What we know of the cluster: the last fact of each object, and the indexes that rules need.

mod freshness;
mod kept;
mod moments;

pub(crate) use freshness::Freshness;

use crate::effect::KubeletLook;
use crate::event::{Event, WatchState};
use crate::fact::{
    ConditionStatus, LeaseFact, Marks, NamespaceFact, NodeCondition, NodeFact, Owner, PodFact, WorkloadFact,
};
use crate::key::{Key, Kind, Target, Text};
use crate::names::WatchKind;
use crate::time::{Now, Stamp, Tick};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;
use kept::Kept;
use moments::Moments;

/// Something that has to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A node by name.
    Node(Text),
    /// A pod by key.
    Pod(Key),
}

/// A node's sign of life, on our own clock.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeat {
    lease: LeaseFact,
    /// When we saw `renewed` change, or when blindness ended.
    pub(crate) seen: Tick,
    /// Whether we saw it change since; without that it says nothing about the node being alive.
    pub(crate) beats: bool,
}

impl Heartbeat {
    /// Whether at least one renewal is missing: a kubelet renews four times in the duration of its Lease.
    pub(crate) fn is_overdue(&self, now: Tick) -> bool {
        now.since(self.seen) > self.duration() / 2
    }

    /// `spec.leaseDurationSeconds`.
    #[must_use]
    pub(crate) const fn duration(&self) -> Duration {
        self.lease.duration
    }

    /// The renewal that was seen last, on the node's clock.
    #[must_use]
    pub(crate) const fn renewed(&self) -> Stamp {
        self.lease.renewed
    }
}

/// The last fact of every object.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    pods: Kept<Key, PodFact>,
    pods_of_node: BTreeMap<Text, BTreeSet<Key>>,
    pods_of_owner: BTreeMap<Text, BTreeSet<Key>>,
    nodes: Kept<Text, NodeFact>,
    heartbeats: Kept<Text, Heartbeat>,
    looks: BTreeMap<Text, (KubeletLook, Tick)>,
    once_ready: BTreeSet<Text>,
    moments: Moments,
    workloads: BTreeMap<Kind, Kept<Key, WorkloadFact>>,
    workloads_of_owner: BTreeMap<Text, BTreeSet<(Kind, Key)>>,
    namespaces: Kept<Text, NamespaceFact>,
    /// How current each watch is.
    pub(crate) freshness: Freshness,
}

impl Cluster {
    /// Takes one event about the world; gives what has to be looked at again.
    pub(crate) fn apply(&mut self, now: Now, event: Event) -> Vec<Subject> {
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
            Event::Watch(kind, state) => self.watch(now, kind, state),
            Event::Recovery(_)
            | Event::RecoveryGone(_)
            | Event::Settings(_)
            | Event::Leading(_)
            | Event::Outcome(..) => Vec::new(),
        }
    }

    fn put_pod(&mut self, now: Now, pod: PodFact) -> Vec<Subject> {
        let key = pod.key.clone();
        let (node, owner) = (pod.node.clone(), pod.owner.clone());
        let subject = Subject::Pod(key.clone());
        let due = pod.trouble.as_ref().and_then(|trouble| trouble.deletion_due);
        self.moments.learn(&subject, due.map(|due| (due, now)).into_iter());
        if let Some(old) = self.pods.put(key.clone(), pod)
            && (old.node != node || old.owner != owner)
        {
            self.unindex(&old);
        }
        if let Some(node) = node {
            self.pods_of_node.entry(node).or_default().insert(key.clone());
        }
        if let Some(owner) = owner {
            self.pods_of_owner.entry(owner.uid.clone()).or_default().insert(key);
        }
        alloc::vec![subject]
    }

    fn unindex(&mut self, pod: &PodFact) {
        if let Some(node) = &pod.node {
            take(&mut self.pods_of_node, node, &pod.key);
        }
        if let Some(owner) = &pod.owner {
            take(&mut self.pods_of_owner, &owner.uid, &pod.key);
        }
    }

    fn drop_pod(&mut self, key: &Key) -> Vec<Subject> {
        if let Some(old) = self.pods.remove(key) {
            self.unindex(&old);
        }
        let subject = Subject::Pod(key.clone());
        self.moments.forget(&subject);
        alloc::vec![subject]
    }

    fn put_node(&mut self, now: Now, node: NodeFact) -> Vec<Subject> {
        let name = node.name.clone();
        let subject = Subject::Node(name.clone());
        // What the first list did not show has only just happened, whatever the two clocks say.
        let synced = self.freshness.synced(WatchKind::Node);
        let seen = |stamp| (stamp, if synced { Now { stamp, ..now } } else { now });
        let holding = node.conditions.iter().filter(|condition| condition.status == ConditionStatus::True);
        let stamps = holding.map(NodeCondition::stated).chain([node.created]);
        self.moments.learn(&subject, stamps.map(seen));
        if node.ready() == ConditionStatus::True {
            self.once_ready.insert(node.uid.clone());
        }
        self.nodes.put(name, node);
        alloc::vec![subject]
    }

    fn drop_node(&mut self, name: &Text) -> Vec<Subject> {
        if let Some(old) = self.nodes.remove(name) {
            self.once_ready.remove(&old.uid);
        }
        self.looks.remove(name);
        let subject = Subject::Node(name.clone());
        self.moments.forget(&subject);
        alloc::vec![subject]
    }

    fn put_lease(&mut self, now: Now, lease: LeaseFact) -> Vec<Subject> {
        let node = lease.node.clone();
        let known = self.heartbeats.get(&node);
        let unchanged = known.filter(|known| known.lease.renewed == lease.renewed);
        let beat = match unchanged {
            Some(known) => Heartbeat { lease, ..known.clone() },
            None => Heartbeat { seen: now.tick, beats: known.is_some(), lease },
        };
        let renewed = unchanged.is_none();
        let first = beat.beats && known.is_some_and(|known| !known.beats);
        self.heartbeats.put(node.clone(), beat);
        if renewed {
            self.looks.remove(&node);
        }
        // What is wrong with pods may have waited for the node's verdict.
        let waiting = self.pods_on(&node).filter(|pod| first && pod.trouble.is_some());
        let waiting: Vec<Subject> = waiting.map(|pod| Subject::Pod(pod.key.clone())).collect();
        core::iter::once(Subject::Node(node)).chain(waiting).collect()
    }

    fn put_workload(&mut self, workload: WorkloadFact) -> Vec<Subject> {
        let (kind, key) = (workload.kind.clone(), workload.key.clone());
        if let Some(owner) = &workload.owner {
            self.workloads_of_owner.entry(owner.uid.clone()).or_default().insert((kind.clone(), key.clone()));
        }
        self.workloads.entry(kind).or_default().put(key, workload);
        Vec::new()
    }

    fn drop_workload(&mut self, kind: &Kind, key: &Key) -> Vec<Subject> {
        let old = self.workloads.get_mut(kind).and_then(|kept| kept.remove(key));
        if let Some(owner) = old.and_then(|old| old.owner) {
            take(&mut self.workloads_of_owner, &owner.uid, &(kind.clone(), key.clone()));
        }
        Vec::new()
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
            WatchState::Synced => self.listing(kind, true),
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
            WatchKind::Recovery => Vec::new(),
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

    /// What a TCP look at the kubelet of `node` showed.
    pub(crate) fn note_look(&mut self, now: Now, node: &Text, look: KubeletLook) {
        self.looks.insert(node.clone(), (look, now.tick));
    }

    /// The last look at the kubelet since its last heartbeat, and when.
    #[must_use]
    pub(crate) fn look(&self, node: &Text) -> Option<(KubeletLook, Tick)> {
        self.looks.get(node).copied()
    }

    /// The last sign of life of `node`.
    #[must_use]
    pub(crate) fn heartbeat(&self, node: &Text) -> Option<&Heartbeat> {
        self.heartbeats.get(node)
    }

    /// Whether this node gave no sign of life since we can see: it may have been dead for long.
    pub(crate) fn is_unheard(&self, now: Tick, node: &Text) -> bool {
        let answers = || self.look(node).is_some_and(|(look, _)| look == KubeletLook::Answers);
        let waited = |beat: &Heartbeat| now >= beat.seen + beat.duration();
        self.heartbeats.get(node).is_some_and(|beat| !(beat.beats || waited(beat) && answers()))
    }

    /// Whether this node may have been dead for long, as far as anybody can tell: it is unheard, and by the wall clocks its
    /// last renewal is too old as well. Wall clocks may be wrong, so nothing is done to a node because of this.
    pub(crate) fn may_be_dead(&self, now: Now, node: &Text) -> bool {
        let fresh = |beat: &Heartbeat| beat.renewed() <= now.stamp && now.stamp.since(beat.renewed()) < beat.duration();
        self.is_unheard(now.tick, node) && !self.heartbeats.get(node).is_some_and(fresh)
    }

    /// Whether this node was Ready once: we saw it, a Recovery was opened for it, or a pod was scheduled to it, which needs a Ready node.
    pub(crate) fn was_ready(&self, node: &NodeFact) -> bool {
        let scheduled = |pod: &PodFact| !pod.owned_by(&Kind::DaemonSet) && !pod.marks.has(Marks::MIRROR);
        self.once_ready.contains(&node.uid) || self.pods_on(&node.name).any(scheduled)
    }

    /// Notes that the node of this uid was Ready once, as a stored Recovery proves.
    pub(crate) fn note_once_ready(&mut self, uid: &Text) {
        self.once_ready.insert(uid.clone());
    }

    /// The pod of that name, whatever its uid.
    #[must_use]
    pub(crate) fn pod(&self, key: &Key) -> Option<&PodFact> {
        self.pods.get(key)
    }

    /// Exactly that pod.
    #[must_use]
    pub(crate) fn exact_pod(&self, target: &Target) -> Option<&PodFact> {
        self.pods.get(&target.key).filter(|pod| pod.uid == target.uid)
    }

    /// The node of that name, whatever its uid.
    #[must_use]
    pub(crate) fn node(&self, name: &Text) -> Option<&NodeFact> {
        self.nodes.get(name)
    }

    /// Every node.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeFact> {
        self.nodes.values()
    }

    /// The pods bound to `node`.
    pub(crate) fn pods_on(&self, node: &Text) -> impl Iterator<Item = &PodFact> {
        self.pods_of_node.get(node).into_iter().flatten().filter_map(|key| self.pods.get(key))
    }

    /// The namespace, if known.
    #[must_use]
    pub(crate) fn namespace(&self, name: &Text) -> Option<&NamespaceFact> {
        self.namespaces.get(name)
    }

    /// That workload, if it is of a kind we watch and there.
    #[must_use]
    pub(crate) fn workload(&self, kind: &Kind, key: &Key) -> Option<&WorkloadFact> {
        self.workloads.get(kind)?.get(key)
    }

    /// The pod and every controller above it that is known, nearest first, as targets.
    #[must_use]
    pub(crate) fn chain(&self, pod: &PodFact) -> Vec<Target> {
        let mut chain = alloc::vec![pod.target()];
        let mut owner = pod.owner.clone();
        // Three levels exist in practice (Pod, ReplicaSet, Deployment); the bound ends cycles that a broken owner could make.
        for _ in 0..4 {
            let Some(next) = owner else { break };
            let key = Key { namespace: pod.key.namespace.clone(), name: next.name.clone() };
            let known = self.workload(&next.kind, &key).filter(|fact| fact.uid == next.uid);
            chain.push(target_of(&next, key));
            owner = known.and_then(|fact| fact.owner.clone());
        }
        chain
    }

    /// The top controller of a pod, or the pod itself.
    #[must_use]
    pub(crate) fn workload_of(&self, pod: &PodFact) -> Target {
        self.chain(pod).pop().unwrap_or_else(|| pod.target())
    }

    /// The pods below `workload`, through the controllers between.
    #[must_use]
    pub(crate) fn pods_of(&self, workload: &Target) -> Vec<&PodFact> {
        let direct = self.pods_of_owner.get(&workload.uid).into_iter().flatten();
        let below = self.workloads_of_owner.get(&workload.uid).into_iter().flatten();
        let through = below.filter_map(|(kind, key)| self.workload(kind, key));
        let indirect = through.flat_map(|fact| self.pods_of_owner.get(&fact.uid).into_iter().flatten());
        direct.chain(indirect).filter_map(|key| self.pods.get(key)).collect()
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
            WatchKind::Recovery => 0,
        }
    }
}

fn target_of(owner: &Owner, key: Key) -> Target {
    Target { kind: owner.kind.clone(), key, uid: owner.uid.clone() }
}

fn take<K: Ord, V: Ord>(index: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = index.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            index.remove(key);
        }
    }
}
