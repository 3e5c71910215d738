//! What pods have in common: the namespace and the controller, once for all pods of it.

use crate::fact::{Owner, PodFact};
use crate::key::Text;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The pods of one controller, or those of a namespace that have none.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) namespace: Text,
    pub(super) owner: Option<Arc<Owner>>,
    /// In order of their names.
    pub(super) pods: Vec<u32>,
}

impl Group {
    /// The name of the controller.
    pub(super) fn owner_name(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| &*owner.name)
    }

    fn is_of(&self, pod: &PodFact) -> bool {
        self.namespace == pod.key.namespace && self.owner == pod.owner
    }
}

/// All groups. An empty one is forgotten, and its number used again.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Option<Group>>,
    free: Vec<u32>,
    /// By the uid of the controller. Only a broken object has a uid that is another's as well.
    by_owner: BTreeMap<Text, Vec<u32>>,
    /// Those of pods without controller.
    bare: BTreeMap<Text, u32>,
    by_namespace: BTreeMap<Text, Vec<u32>>,
}

impl Groups {
    /// The group of a pod, if there is one.
    fn find(&self, pod: &PodFact) -> Option<u32> {
        match &pod.owner {
            None => self.bare.get(&pod.key.namespace).copied(),
            Some(owner) => {
                let same = self.by_owner.get(&owner.uid).into_iter().flatten();
                same.copied().find(|at| self.get(*at).is_some_and(|group| group.is_of(pod)))
            }
        }
    }

    /// The group that a pod belongs to, made if need be.
    pub(super) fn of(&mut self, pod: &PodFact) -> u32 {
        if let Some(at) = self.find(pod) {
            return at;
        }
        let group = Group { namespace: pod.key.namespace.clone(), owner: pod.owner.clone(), pods: Vec::new() };
        let at = self.free.pop().unwrap_or_else(|| {
            self.groups.push(None);
            u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX)
        });
        self.by_namespace.entry(group.namespace.clone()).or_default().push(at);
        match &group.owner {
            None => drop(self.bare.insert(group.namespace.clone(), at)),
            Some(owner) => self.by_owner.entry(owner.uid.clone()).or_default().push(at),
        }
        self.groups[at as usize] = Some(group);
        at
    }

    pub(super) fn get(&self, at: u32) -> Option<&Group> {
        self.groups.get(at as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Group> {
        self.groups.get_mut(at as usize)?.as_mut()
    }

    /// Whether a pod is of this group.
    pub(super) fn is_of(&self, at: u32, pod: &PodFact) -> bool {
        self.get(at).is_some_and(|group| group.is_of(pod))
    }

    /// Forgets a group that has no pod any more.
    pub(super) fn tidy(&mut self, at: u32) {
        let Some(place) = self.groups.get_mut(at as usize) else { return };
        let Some(group) = place.take_if(|group| group.pods.is_empty()) else { return };
        self.free.push(at);
        take(&mut self.by_namespace, &group.namespace, at);
        match &group.owner {
            None => drop(self.bare.remove(&group.namespace)),
            Some(owner) => take(&mut self.by_owner, &owner.uid, at),
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        assert_eq!((self.by_owner.len(), self.bare.len(), self.by_namespace.len()), (0, 0, 0));
        self.groups.len()
    }

    /// The pods whose controller has this uid.
    pub(super) fn of_owner<'a>(&'a self, uid: &Text) -> impl Iterator<Item = u32> + use<'a> {
        let groups = self.by_owner.get(uid).into_iter().flatten().filter_map(|at| self.get(*at));
        groups.flat_map(|group| group.pods.iter().copied())
    }

    /// The pods of `namespace` without controller.
    pub(super) fn bare_in(&self, namespace: &Text) -> impl Iterator<Item = u32> {
        let group = self.bare.get(namespace).and_then(|at| self.get(*at));
        group.into_iter().flat_map(|group| group.pods.iter().copied())
    }

    /// The pods of `namespace`, one group after the other.
    pub(super) fn of_namespace(&self, namespace: &Text) -> impl Iterator<Item = u32> {
        let groups = self.by_namespace.get(namespace).into_iter().flatten().filter_map(|at| self.get(*at));
        groups.flat_map(|group| group.pods.iter().copied())
    }
}

/// Takes one number from an index, and the entry with its last one.
fn take(index: &mut BTreeMap<Text, Vec<u32>>, of: &Text, at: u32) {
    if let Some(known) = index.get_mut(of) {
        known.retain(|other| *other != at);
        if known.is_empty() {
            index.remove(of);
        }
    }
}
