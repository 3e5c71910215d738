//! Who owns whom: from a pod up to its workload, and from a workload down to its pods.

use super::{Cluster, Pod, Subject};
use crate::fact::{Labels, Owner, PodFact, WorkloadFact};
use crate::key::{Key, Kind, Target, Text};
use alloc::vec::Vec;

impl Cluster {
    pub(super) fn put_workload(&mut self, workload: WorkloadFact) -> Vec<Subject> {
        let (kind, key) = (workload.kind.clone(), workload.key.clone());
        let mut looked = alloc::vec![Subject::Workload(kind.clone(), key.clone())];
        if let Some(owner) = &workload.owner {
            self.below.insert((owner.uid.clone(), kind.clone(), key.clone()));
            let above = Key { namespace: key.namespace.clone(), name: owner.name.clone() };
            looked.push(Subject::Workload(owner.kind.clone(), above));
        }
        self.workloads.entry(kind).or_default().put(key, workload);
        looked
    }

    pub(super) fn drop_workload(&mut self, kind: &Kind, key: &Key) -> Vec<Subject> {
        let old = self.workloads.get_mut(kind).and_then(|kept| kept.remove(key));
        if let Some(owner) = old.and_then(|old| old.owner) {
            self.below.remove(&(owner.uid.clone(), kind.clone(), key.clone()));
        }
        alloc::vec![Subject::Workload(kind.clone(), key.clone())]
    }

    /// That workload, if it is of a kind we watch and there.
    #[must_use]
    pub(crate) fn workload(&self, kind: &Kind, key: &Key) -> Option<&WorkloadFact> {
        self.workloads.get(kind)?.get(key)
    }

    /// Exactly that workload.
    #[must_use]
    pub(crate) fn exact_workload(&self, target: &Target) -> Option<&WorkloadFact> {
        self.workload(&target.kind, &target.key).filter(|fact| fact.uid == target.uid)
    }

    /// The labels of that object; `None` when it is not there, or is a pod of which nothing but its health is known.
    #[must_use]
    pub(crate) fn labels_of(&self, target: &Target) -> Option<Labels> {
        match &target.kind {
            Kind::Node => {
                self.node(&target.key.name).filter(|node| node.uid == target.uid).map(|node| node.labels.clone())
            }
            Kind::Pod => self.exact_pod(target)?.trouble.as_ref().map(|trouble| trouble.labels.clone()),
            Kind::Service => self.service(&target.key).map(|service| service.labels.clone()),
            // Nobody watches those, so nothing can be said of their labels.
            Kind::Other(_) => Some(Labels::default()),
            kind => self.workload(kind, &target.key).map(|workload| workload.labels.clone()),
        }
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

    /// Those that carry our mark, or of which a ReplicaSet carries a copy of it, with the Recovery that it names.
    pub(crate) fn marked_workloads(&self) -> impl Iterator<Item = (Target, &Text)> {
        let marked = self.workloads.values().flat_map(|kept| kept.values()).filter(|fact| !fact.marked_by.is_empty());
        marked.filter_map(|fact| Some((self.bearer(fact)?, &fact.marked_by)))
    }

    /// Whose mark it is: of a ReplicaSet its Deployment's, if that is known.
    fn bearer(&self, fact: &WorkloadFact) -> Option<Target> {
        let Some(owner) = fact.owner.as_ref().filter(|_| fact.kind == Kind::ReplicaSet) else {
            return Some(fact.target());
        };
        self.owner(&fact.key.namespace, owner).map(WorkloadFact::target)
    }

    /// Exactly the workload that owns something of `namespace`.
    pub(crate) fn owner(&self, namespace: &Text, owner: &Owner) -> Option<&WorkloadFact> {
        let key = Key { namespace: namespace.clone(), name: owner.name.clone() };
        self.workload(&owner.kind, &key).filter(|fact| fact.uid == owner.uid)
    }

    /// Every controller of pods in `namespace`.
    pub(crate) fn workloads_in(&self, namespace: &Text) -> impl Iterator<Item = &WorkloadFact> {
        self.workloads.values().flat_map(|kept| kept.in_namespace(namespace))
    }

    /// The workloads that `owner` controls.
    pub(crate) fn workloads_of<'a, 'b>(
        &'a self,
        owner: &'b Text,
    ) -> impl Iterator<Item = &'a WorkloadFact> + use<'a, 'b> {
        let first = (owner.clone(), Kind::Node, Key::default());
        let below = self.below.range(first..).take_while(move |(above, ..)| above == owner);
        below.filter_map(|(_, kind, key)| self.workload(kind, key))
    }

    /// The pods below `workload`, through the controllers between.
    #[must_use]
    pub(crate) fn pods_of(&self, workload: &Target) -> Vec<Pod<'_>> {
        self.each_pod_of(workload).collect()
    }

    /// The same, one after the other.
    pub(crate) fn each_pod_of<'a, 'b>(&'a self, workload: &'b Target) -> impl Iterator<Item = Pod<'a>> + use<'a, 'b> {
        let through = self.workloads_of(&workload.uid);
        self.pods.of_owner(&workload.uid).chain(through.flat_map(|fact| self.pods.of_owner(&fact.uid)))
    }
}

fn target_of(owner: &Owner, key: Key) -> Target {
    Target { kind: owner.kind.clone(), key, uid: owner.uid.clone() }
}
