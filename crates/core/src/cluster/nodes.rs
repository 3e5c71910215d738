//! Nodes, and which of them were Ready once.

use super::{Cluster, Subject};
use crate::fact::{Condition, ConditionStatus, Marks, NodeFact, PodFact};
use crate::key::{Kind, Target, Text};
use crate::names::WatchKind;
use crate::time::Now;
use alloc::vec::Vec;

impl Cluster {
    pub(super) fn put_node(&mut self, now: Now, node: NodeFact) -> Vec<Subject> {
        let name = node.name.clone();
        let subject = Subject::Node(name.clone());
        // What the first list did not show has only just happened, whatever the two clocks say.
        let synced = self.freshness.synced(WatchKind::Node);
        let seen = |stamp| (stamp, if synced { Now { stamp, ..now } } else { now });
        let holding = node.conditions.iter().filter(|condition| condition.status == ConditionStatus::True);
        let stamps = holding.map(Condition::stated).chain([node.created]);
        self.moments.learn(&subject, stamps.map(seen));
        if node.ready() == ConditionStatus::True {
            self.once_ready.insert(node.uid.clone());
        }
        self.nodes.put(name, node);
        alloc::vec![subject]
    }

    pub(super) fn drop_node(&mut self, name: &Text) -> Vec<Subject> {
        if let Some(old) = self.nodes.remove(name) {
            self.once_ready.remove(&old.uid);
        }
        self.looks.remove(name);
        let subject = Subject::Node(name.clone());
        self.moments.forget(&subject);
        alloc::vec![subject]
    }

    /// The node of that name, whatever its uid.
    #[must_use]
    pub(crate) fn node(&self, name: &Text) -> Option<&NodeFact> {
        self.nodes.get(name)
    }

    /// Exactly that node.
    #[must_use]
    pub(crate) fn exact_node(&self, target: &Target) -> Option<&NodeFact> {
        self.node(&target.key.name).filter(|node| node.uid == target.uid)
    }

    /// Every node.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeFact> {
        self.nodes.values()
    }

    /// Whether this node was Ready once: we saw it, a Recovery was opened for it, or a pod was scheduled to it, which needs a Ready node.
    pub(crate) fn was_ready(&self, node: &NodeFact) -> bool {
        let scheduled = |pod: &PodFact| !pod.owned_by(&Kind::DaemonSet) && !pod.marks.has(Marks::MIRROR);
        self.once_ready.contains(&node.uid) || self.pods_on(&node.name).any(|pod| scheduled(&pod))
    }

    /// Notes that the node of this uid was Ready once, as a stored Recovery proves.
    pub(crate) fn note_once_ready(&mut self, uid: &Text) {
        self.once_ready.insert(uid.clone());
    }
}
