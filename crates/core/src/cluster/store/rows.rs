//! One entry per pod.

use super::Pod;
use super::brief::{below, is_number, number};
use super::groups::{Group, Groups};
use crate::fact::{Amount, Marks, PodFact, PodPhase};
use crate::key::{Key, Text};
use crate::time::Stamp;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;
use ecow::EcoString;
use uuid::Uuid;

/// Entries that are allocated together, so that a cluster that grows never has all of them twice.
const CHUNK: usize = 256;

/// One pod.
#[derive(Debug)]
pub(super) struct Slot {
    /// Whole, or what follows `OWNER-`.
    name: EcoString,
    below_owner: bool,
    /// Zero when it is not written as a number; then it stands in [`Rows::odd`].
    uid: Uuid,
    group: u32,
    pub(super) node: Option<Text>,
    created: Stamp,
    pub(super) requests: Amount,
    priority: i32,
    marks: Marks,
    pub(super) phase: PodPhase,
    ready: bool,
    /// The list that last brought it.
    pub(super) list: u32,
    /// When it came, in tenths of a second; 0 if with the first list.
    pub(super) came: u32,
    /// All that is known of it, when it is in trouble.
    pub(super) whole: Option<Box<PodFact>>,
}

/// All entries, and what they have in common.
#[derive(Debug, Default)]
pub(super) struct Rows {
    chunks: Vec<Vec<Option<Slot>>>,
    free: Vec<u32>,
    pub(super) groups: Groups,
    /// Uids that are no numbers.
    odd: BTreeMap<u32, Text>,
}

impl Rows {
    pub(super) fn slot(&self, at: u32) -> Option<&Slot> {
        self.chunks.get(at as usize / CHUNK)?.get(at as usize % CHUNK)?.as_ref()
    }

    fn place(&mut self, at: u32) -> Option<&mut Option<Slot>> {
        self.chunks.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)
    }

    /// The entry and its group.
    fn row(&self, at: u32) -> Option<(&Slot, &Group)> {
        let slot = self.slot(at)?;
        Some((slot, self.groups.get(slot.group)?))
    }

    /// The pod as a fact.
    pub(super) fn fact(&self, at: u32) -> Option<Pod<'_>> {
        let (slot, group) = self.row(at)?;
        if let Some(whole) = &slot.whole {
            return Some(Cow::Borrowed(whole));
        }
        Some(Cow::Owned(PodFact {
            key: slot.key(group),
            uid: self.uid(at, slot),
            node: slot.node.clone(),
            owner: group.owner.clone(),
            created: slot.created,
            phase: slot.phase,
            ready: slot.ready,
            marks: slot.marks,
            priority: slot.priority,
            requests: slot.requests,
            trouble: None,
        }))
    }

    pub(super) fn key(&self, at: u32) -> Option<Key> {
        self.row(at).map(|(slot, group)| slot.key(group))
    }

    fn uid(&self, at: u32, slot: &Slot) -> Text {
        let written = || Text::from(&*slot.uid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        self.odd.get(&at).cloned().unwrap_or_else(written)
    }

    /// Whether the pod has this uid.
    pub(super) fn has_uid(&self, at: u32, uid: &str) -> bool {
        let number = || self.slot(at).is_some_and(|slot| is_number(&slot.uid, uid));
        self.odd.get(&at).map_or_else(number, |odd| **odd == *uid)
    }

    /// Whether the pod has this key.
    pub(super) fn is(&self, at: u32, key: &Key) -> bool {
        self.row(at).is_some_and(|(slot, group)| group.namespace == key.namespace && slot.is_named(&key.name, group))
    }

    /// Whether `pod` is the one that is here, on the same node and of the same owner.
    pub(super) fn is_in_place(&self, at: u32, pod: &PodFact) -> bool {
        self.slot(at).is_some_and(|slot| {
            slot.node == pod.node && self.groups.is_of(slot.group, pod) && self.has_uid(at, &pod.uid)
        })
    }

    /// Whether a pod is known as it is by this list.
    pub(super) fn is_same(&self, at: u32, pod: &PodFact, list: u32) -> bool {
        let same = |slot: &Slot| {
            slot.list == list
                && slot.whole.as_ref().and_then(|whole| whole.trouble.as_ref()) == pod.trouble.as_ref()
                && slot.phase == pod.phase
                && slot.ready == pod.ready
                && slot.marks == pod.marks
                && slot.requests == pod.requests
                && slot.priority == pod.priority
                && slot.created == pod.created
        };
        self.slot(at).is_some_and(same) && self.is_in_place(at, pod)
    }

    /// The order of two pods' keys.
    pub(super) fn compare(&self, one: u32, other: u32) -> Ordering {
        match (self.row(one), self.row(other)) {
            (Some((one, a)), Some((other, b))) => {
                a.namespace.cmp(&b.namespace).then_with(|| one.name_bytes(a).cmp(other.name_bytes(b)))
            }
            (one, other) => one.is_some().cmp(&other.is_some()),
        }
    }

    /// Calls `hash` with the pod's namespace and name.
    pub(super) fn hash(&self, at: u32, hash: impl Fn(&str, &str) -> u64) -> u64 {
        self.row(at).map_or(0, |(slot, group)| hash(&group.namespace, &slot.parts(group).concat()))
    }

    /// Takes a pod in, with the list that brought it and when it came.
    pub(super) fn insert(&mut self, pod: PodFact, mark: (u32, u32)) -> u32 {
        let group = self.groups.of(&pod);
        let at = self.free.pop().unwrap_or_else(|| self.grow());
        if number(&pod.uid).is_none() {
            self.odd.insert(at, pod.uid.clone());
        }
        let slot = Slot::new(pod, group, self.groups.get(group).and_then(Group::owner_name), mark);
        if let Some(place) = self.place(at) {
            *place = Some(slot);
        }
        let pods = self.groups.get(group).map_or(&[][..], |group| &group.pods);
        let order = pods.binary_search_by(|other| self.compare(*other, at)).unwrap_or_else(|order| order);
        if let Some(group) = self.groups.get_mut(group) {
            group.pods.insert(order, at);
        }
        at
    }

    /// The number of an entry that was not there before.
    fn grow(&mut self) -> u32 {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let within = self.chunks.last_mut().map_or(0, |chunk| {
            chunk.push(None);
            chunk.len() - 1
        });
        u32::try_from(before + within).unwrap_or(u32::MAX)
    }

    /// Takes a pod in place of an earlier state of it, see [`Self::is_in_place`].
    pub(super) fn replace(&mut self, at: u32, pod: PodFact, mark: (u32, u32)) {
        let Some(group) = self.slot(at).map(|slot| slot.group) else { return };
        let slot = Slot::new(pod, group, self.groups.get(group).and_then(Group::owner_name), mark);
        if let Some(place) = self.place(at) {
            *place = Some(slot);
        }
    }

    /// How many entries and groups there is room for.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        (self.chunks.iter().map(Vec::len).sum(), self.groups.size())
    }

    pub(super) fn remove(&mut self, at: u32) {
        let Some(slot) = self.place(at).and_then(Option::take) else { return };
        self.free.push(at);
        self.odd.remove(&at);
        if let Some(group) = self.groups.get_mut(slot.group) {
            group.pods.retain(|other| *other != at);
        }
        self.groups.tidy(slot.group);
    }
}

impl Slot {
    fn new(pod: PodFact, group: u32, owner: Option<&str>, (list, came): (u32, u32)) -> Self {
        let rest = below(&pod.key.name, owner);
        Self {
            name: EcoString::from(rest.unwrap_or(&pod.key.name)),
            below_owner: rest.is_some(),
            uid: number(&pod.uid).unwrap_or_default(),
            group,
            node: pod.node.clone(),
            created: pod.created,
            requests: pod.requests,
            priority: pod.priority,
            marks: pod.marks,
            phase: pod.phase,
            ready: pod.ready,
            list,
            came,
            whole: pod.trouble.is_some().then(|| Box::new(pod)),
        }
    }

    /// The parts of its name, one after the other.
    fn parts<'a>(&'a self, group: &'a Group) -> [&'a str; 3] {
        match group.owner_name().filter(|_| self.below_owner) {
            Some(owner) => [owner, "-", &self.name],
            None => ["", "", &self.name],
        }
    }

    fn name_bytes<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = u8> + 'a {
        self.parts(group).into_iter().flat_map(str::bytes)
    }

    fn is_named(&self, name: &str, group: &Group) -> bool {
        self.parts(group).into_iter().try_fold(name, |name, part| name.strip_prefix(part)) == Some("")
    }

    fn key(&self, group: &Group) -> Key {
        Key { namespace: group.namespace.clone(), name: Text::from(self.parts(group).concat()) }
    }
}
