//! Signs of life: heartbeats on our own clock, and looks at kubelets.

use super::{Cluster, Subject};
use crate::effect::KubeletLook;
use crate::fact::LeaseFact;
use crate::key::Text;
use crate::time::{Now, Stamp, Tick};
use alloc::vec::Vec;
use core::time::Duration;

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
        now >= self.overdue_at()
    }

    /// From when on it is, if none comes.
    pub(crate) fn overdue_at(&self) -> Tick {
        self.seen + self.duration() / 2 + Duration::from_millis(1)
    }

    /// `spec.leaseDurationSeconds`.
    #[must_use]
    pub(crate) const fn duration(&self) -> Duration {
        self.lease.duration
    }

    /// The Lease as it was seen last.
    pub(crate) const fn lease(&self) -> &LeaseFact {
        &self.lease
    }

    /// The renewal that was seen last, on the node's clock.
    #[must_use]
    pub(crate) const fn renewed(&self) -> Stamp {
        self.lease.renewed
    }
}

impl Cluster {
    pub(super) fn put_lease(&mut self, now: Now, lease: LeaseFact) -> Vec<Subject> {
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
        let waiting = first.then(|| self.pods_on(&node)).into_iter().flatten().filter(|pod| pod.trouble.is_some());
        let waiting: Vec<Subject> = waiting.map(|pod| Subject::Pod(pod.key.clone())).collect();
        core::iter::once(Subject::Node(node)).chain(waiting).collect()
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
}
