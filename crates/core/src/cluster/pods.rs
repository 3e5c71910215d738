//! Pods, by key, by node and by owner.

use super::{Cluster, Pod, Subject, take};
use crate::fact::{Amount, PodFact, PodPhase};
use crate::key::{Key, Target, Text};
use crate::names::WatchKind;
use crate::time::{Now, Past, Stamp, Tick};
use alloc::vec::Vec;
use core::time::Duration;

/// Kubernetes keeps whole seconds, and a controller may replace a failed pod right before we begin.
const SECOND: Duration = Duration::from_secs(1);
/// Kills that are remembered of a pod: more than any rule counts.
const MAX_KILLS: usize = 8;

impl Cluster {
    pub(super) fn put_pod(&mut self, now: Now, pod: PodFact) -> Vec<Subject> {
        let known = self.pods.is_known(&pod);
        if known && pod.trouble.is_none() {
            return Vec::new();
        }
        self.changes += u64::from(!known);
        let key = pod.key.clone();
        if self.pods.has_another(&key, &pod.uid) {
            // Another pod under the same name.
            self.drop_pod(&key);
        }
        let starting = is_starting(&pod);
        let subject = Subject::Pod(key.clone());
        let due = pod.trouble.as_ref().and_then(|trouble| trouble.deletion_due);
        self.note_memory_kills(&pod);
        // What the first list did not show has only just happened, whatever the two clocks say.
        let synced = self.freshness.synced(WatchKind::Pod);
        let first_seen = |stamp: Stamp| (stamp, if synced { Now { stamp, ..now } } else { now });
        let kills = self.memory_kills(&key).iter().map(|kill| first_seen(*kill));
        let start = starting.then(|| first_seen(pod.onset()));
        let stamps: Vec<(Stamp, Now)> = due.map(|due| (due, now)).into_iter().chain(kills).chain(start).collect();
        self.moments.learn(&subject, stamps.into_iter());
        let mut looked: Vec<Subject> = self.involved(&pod).collect();
        looked.push(subject);
        looked.extend(self.part_with(&key));
        if let Some(node) = pod.node.clone().filter(|_| starting) {
            self.starting_on.entry(node).or_default().insert(key);
        }
        self.pods.put(now.tick, pod);
        looked
    }

    /// Lets go of how a pod was before; gives what that may have been a symptom of, which is nothing while it was well.
    fn part_with(&mut self, key: &Key) -> Vec<Subject> {
        let Some(old) = self.pods.troubled(key) else { return Vec::new() };
        let looked = self.involved(old).collect();
        if let Some(node) = old.node.clone() {
            take(&mut self.starting_on, &node, key);
        }
        looked
    }

    /// What a pod in trouble may be a symptom of: its node while it has not started there, its workload's newest revision.
    fn involved(&self, pod: &PodFact) -> impl Iterator<Item = Subject> {
        let node = pod.node.clone().filter(|_| is_starting(pod)).map(Subject::Node);
        let workload = (pod.trouble.is_some() && pod.owner.is_some()).then(|| Subject::of(&self.workload_of(pod)));
        node.into_iter().chain(workload)
    }

    fn note_memory_kills(&mut self, pod: &PodFact) {
        let seen = pod.trouble.iter().flat_map(|trouble| &trouble.containers).flat_map(|c| &c.memory_kills);
        let mut seen = seen.copied().peekable();
        if seen.peek().is_none() {
            return;
        }
        let known = self.memory_kills.entry(pod.key.clone()).or_default();
        for kill in seen {
            if let Err(at) = known.binary_search(&kill) {
                known.insert(at, kill);
            }
        }
        known.drain(..known.len().saturating_sub(MAX_KILLS));
    }

    /// When containers of this pod were killed for their memory, as far as this process saw it, oldest first.
    pub(crate) fn memory_kills(&self, pod: &Key) -> &[Stamp] {
        self.memory_kills.get(pod).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn drop_pod(&mut self, key: &Key) -> Vec<Subject> {
        let mut looked = alloc::vec![Subject::Pod(key.clone())];
        self.moments.forget(&looked[0]);
        self.memory_kills.remove(key);
        looked.extend(self.part_with(key));
        self.pods.remove(key);
        looked
    }

    /// The pods bound to `node` that have not started there.
    pub(crate) fn starting_on(&self, node: &Text) -> impl Iterator<Item = &PodFact> {
        self.starting_on.get(node).into_iter().flatten().filter_map(|key| self.pods.troubled(key))
    }

    /// The pods of `namespace` that are in trouble.
    pub(crate) fn troubled_in(&self, namespace: &Text) -> Vec<&PodFact> {
        self.pods.troubled_in(namespace)
    }

    /// The pods of `namespace` without controller.
    pub(crate) fn bare_in(&self, namespace: &Text) -> impl Iterator<Item = Pod<'_>> {
        self.pods.bare_in(namespace)
    }

    /// The pod of that name, whatever its uid.
    #[must_use]
    pub(crate) fn pod(&self, key: &Key) -> Option<Pod<'_>> {
        self.pods.get(key)
    }

    /// Exactly that pod.
    #[must_use]
    pub(crate) fn exact_pod(&self, target: &Target) -> Option<Pod<'_>> {
        self.pods.get(&target.key).filter(|pod| pod.uid == target.uid)
    }

    /// Whether a pod came after we had begun something: by our own eyes if we have watched since then, because the API server's
    /// clock and ours may differ; else by what both wrote.
    pub(crate) fn came_after(&self, now: Tick, pod: &PodFact, (stamp, began): (Stamp, Past)) -> bool {
        let since = began.elapsed(now);
        let watched = self.freshness.listed(WatchKind::Pod).is_some_and(|listed| since <= now.since(listed));
        match self.pods.came(&pod.key) {
            Some(came) if watched => now.since(came) <= since + SECOND,
            Some(_) => true,
            None if watched => false,
            None => pod.created.0 + 1000 > stamp.0,
        }
    }

    /// What the pods of `node` that have not ended ask for, and how many they are.
    pub(crate) fn used_on(&self, node: &Text) -> (Amount, u32) {
        self.pods.used_on(node)
    }

    /// The pods bound to `node`.
    pub(crate) fn pods_on(&self, node: &Text) -> impl Iterator<Item = Pod<'_>> {
        self.pods.on(node)
    }
}

/// Whether it has a place and has not started.
fn is_starting(pod: &PodFact) -> bool {
    pod.phase == PodPhase::Pending && pod.trouble.is_some()
}
