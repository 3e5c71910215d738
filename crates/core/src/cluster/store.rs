//! Every pod of the cluster, in about a hundred bytes each while it is well.
//!
//! Namespace, owner and node of a pod stand once for all that share them, its name is what its owner's name does not say already, and its uid
//! is a number. A pod in trouble is kept whole beside that. Who asks gets a [`Pod`], which reads like a [`PodFact`] either way.

mod brief;
mod groups;
mod rows;

use crate::fact::{Amount, PodFact, PodPhase};
use crate::key::{Key, Text};
use crate::time::Tick;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use foldhash::quality::FixedState;
use hashbrown::HashTable;
use rows::Rows;

/// A pod as it is known: of one in trouble the kept fact, of one that is well a fact that was just made from its entry.
pub(crate) type Pod<'a> = Cow<'a, PodFact>;

/// The seed of the hash table. A fixed one, because the core is the same each time; nothing iterates over the table.
const SEED: u64 = 0;

/// All pods, by key, by node and by owner. What a new list did not bring is forgotten only when the list is complete.
#[derive(Debug, Default)]
pub(crate) struct PodStore {
    rows: Rows,
    by_key: HashTable<u32>,
    /// In order of their keys.
    by_node: BTreeMap<Text, Vec<u32>>,
    list: u32,
    complete: bool,
}

impl PodStore {
    /// Takes a pod in place of the one that has its key.
    pub(crate) fn put(&mut self, now: Tick, pod: PodFact) {
        // In tenths of a second; what the first list brought came at no time that we know.
        let tenths = if self.complete { u32::try_from(now.0.div_ceil(100)).unwrap_or(u32::MAX) } else { 0 };
        let known = self.find(&pod.key);
        let came = known.and_then(|at| self.rows.slot(at)).map_or(tenths, |slot| slot.came);
        let mark = (self.list, came);
        if let Some(at) = known.filter(|at| self.rows.is_in_place(*at, &pod)) {
            return self.rows.replace(at, pod, mark);
        }
        self.remove(&pod.key);
        let (hashed, node) = (hash(&pod.key.namespace, &pod.key.name), pod.node.clone());
        let at = self.rows.insert(pod, mark);
        let rows = &self.rows;
        self.by_key.insert_unique(hashed, at, |at| rows.hash(*at, hash));
        if let Some(node) = node {
            let there = self.by_node.entry(node).or_default();
            let place = there.binary_search_by(|other| rows.compare(*other, at)).unwrap_or_else(|place| place);
            there.insert(place, at);
        }
    }

    /// Whether nothing would change if this pod were put.
    pub(crate) fn is_known(&self, pod: &PodFact) -> bool {
        self.find(&pod.key).is_some_and(|at| self.rows.is_same(at, pod, self.list))
    }

    /// Forgets a pod.
    pub(crate) fn remove(&mut self, key: &Key) {
        let rows = &self.rows;
        let Ok(entry) = self.by_key.find_entry(hash(&key.namespace, &key.name), |at| rows.is(*at, key)) else { return };
        let at = entry.remove().0;
        if let Some(node) = self.rows.slot(at).and_then(|slot| slot.node.clone()) {
            let there = self.by_node.entry(node.clone()).or_default();
            there.retain(|other| *other != at);
            if there.is_empty() {
                self.by_node.remove(&node);
            }
        }
        self.rows.remove(at);
    }

    /// The pod of that key.
    pub(crate) fn get(&self, key: &Key) -> Option<Pod<'_>> {
        self.find(key).and_then(|at| self.rows.fact(at))
    }

    /// Whether there is a pod of that key with another uid.
    pub(crate) fn has_another(&self, key: &Key, uid: &str) -> bool {
        self.find(key).is_some_and(|at| !self.rows.has_uid(at, uid))
    }

    /// The pod of that key, if it is in trouble; costs nothing if it is not.
    pub(crate) fn troubled(&self, key: &Key) -> Option<&PodFact> {
        self.find(key).and_then(|at| self.rows.slot(at)?.whole.as_deref())
    }

    /// When it came; `None` if with the first list.
    pub(crate) fn came(&self, key: &Key) -> Option<Tick> {
        let came = self.find(key).and_then(|at| self.rows.slot(at)).map(|slot| slot.came).filter(|came| *came > 0)?;
        Some(Tick(u64::from(came) * 100))
    }

    /// The pods bound to `node`, in order of their keys.
    pub(crate) fn on(&self, node: &Text) -> impl Iterator<Item = Pod<'_>> {
        self.by_node.get(node).into_iter().flatten().filter_map(|at| self.rows.fact(*at))
    }

    /// What the pods of `node` that have not ended ask for, and how many they are.
    pub(crate) fn used_on(&self, node: &Text) -> (Amount, u32) {
        let slots = self.by_node.get(node).into_iter().flatten().filter_map(|at| self.rows.slot(*at));
        let runs = slots.filter(|slot| !matches!(slot.phase, PodPhase::Succeeded | PodPhase::Failed));
        runs.fold((Amount::default(), 0), |(used, count), slot| (used.with(slot.requests), count + 1))
    }

    /// The pods whose controller has this uid, in order of their keys.
    pub(crate) fn of_owner<'a>(&'a self, uid: &Text) -> impl Iterator<Item = Pod<'a>> + use<'a> {
        self.rows.groups.of_owner(uid).filter_map(|at| self.rows.fact(at))
    }

    /// The pods of `namespace` without controller, in order of their keys.
    pub(crate) fn bare_in(&self, namespace: &Text) -> impl Iterator<Item = Pod<'_>> {
        self.rows.groups.bare_in(namespace).filter_map(|at| self.rows.fact(at))
    }

    /// The pods of `namespace` that are in trouble, in order of their keys.
    pub(crate) fn troubled_in(&self, namespace: &Text) -> Vec<&PodFact> {
        let pods = self.rows.groups.of_namespace(namespace).filter_map(|at| self.rows.slot(at)?.whole.as_deref());
        let mut pods: Vec<&PodFact> = pods.collect();
        pods.sort_by(|one, other| one.key.cmp(&other.key));
        pods
    }

    /// All of them, in order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Pod<'_>> {
        let mut all: Vec<u32> = self.by_key.iter().copied().collect();
        all.sort_by(|one, other| self.rows.compare(*one, *other));
        all.into_iter().filter_map(|at| self.rows.fact(at))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Starts a list; or, when it has `ended`, names what it did not bring, for the caller to remove.
    pub(crate) fn listing(&mut self, ended: bool) -> Vec<Key> {
        if !ended {
            self.list = self.list.wrapping_add(1);
            return Vec::new();
        }
        self.complete = true;
        let missed = |at: &&u32| self.rows.slot(**at).is_some_and(|slot| slot.list != self.list);
        let mut missed: Vec<Key> = self.by_key.iter().filter(missed).filter_map(|at| self.rows.key(*at)).collect();
        missed.sort();
        missed
    }

    fn find(&self, key: &Key) -> Option<u32> {
        self.by_key.find(hash(&key.namespace, &key.name), |at| self.rows.is(*at, key)).copied()
    }
}

/// Of a pod's key.
fn hash(namespace: &str, name: &str) -> u64 {
    FixedState::with_seed(SEED).hash_one((namespace, name))
}

#[cfg(test)]
mod tests;
