//! Pods, by key, by node and by owner.

use super::{Cluster, Subject, take};
use crate::fact::PodFact;
use crate::key::{Key, Target, Text};
use crate::names::WatchKind;
use crate::time::{Now, Past, Stamp, Tick};
use alloc::vec::Vec;
use core::time::Duration;

/// Kubernetes keeps whole seconds, and a controller may replace a failed pod right before we begin.
const SECOND: Duration = Duration::from_secs(1);

impl Cluster {
    pub(super) fn put_pod(&mut self, now: Now, pod: PodFact) -> Vec<Subject> {
        let key = pod.key.clone();
        if self.pods.get(&key).is_some_and(|known| known.uid != pod.uid) {
            // Another pod under the same name.
            self.drop_pod(&key);
        }
        let (node, owner) = (pod.node.clone(), pod.owner.clone());
        let subject = Subject::Pod(key.clone());
        let due = pod.trouble.as_ref().and_then(|trouble| trouble.deletion_due);
        self.moments.learn(&subject, due.map(|due| (due, now)).into_iter());
        if let Some(old) = self.pods.put(now.tick, key.clone(), pod) {
            if old.node == node && old.owner == owner {
                return alloc::vec![subject];
            }
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

    pub(super) fn drop_pod(&mut self, key: &Key) -> Vec<Subject> {
        if let Some(old) = self.pods.remove(key) {
            self.unindex(&old);
        }
        let subject = Subject::Pod(key.clone());
        self.moments.forget(&subject);
        alloc::vec![subject]
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

    /// The pods bound to `node`.
    pub(crate) fn pods_on(&self, node: &Text) -> impl Iterator<Item = &PodFact> {
        self.pods_of_node.get(node).into_iter().flatten().filter_map(|key| self.pods.get(key))
    }
}
