//! The nodes as the breaker counts them: kept node by node as each is looked at, so that nobody walks over all of them.

use super::World;
use super::sickbed::Sickbed;
use crate::cluster::{Cluster, Heartbeat, Subject, pack};
use crate::fact::{ConditionStatus, NodeFact};
use crate::guard::{Scope, Share};
use crate::key::Text;
use crate::names::{FailureType, WatchKind};
use crate::time::{Now, Tick};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// What a node counts as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    zone: Text,
    sick: bool,
    /// Ready, and not sick by our own eyes either.
    well: bool,
}

/// The nodes of the cluster or of one zone.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Nodes that are there.
    pub(crate) nodes: usize,
    /// Those of them that are sick.
    pub(crate) sick: usize,
    above: bool,
    /// When the share of sick nodes fell below the limit.
    pub(crate) fell: Option<Tick>,
}

/// Every node, counted.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    places: BTreeMap<Text, Place>,
    whole: Tally,
    zones: BTreeMap<Text, Tally>,
    well: usize,
    /// Whether any share was above its limit.
    above: bool,
}

impl Fleet {
    /// Takes in how a node is now, or that it is gone. Gives when time alone will make it count as sick.
    pub(super) fn look(&mut self, now: Now, name: &Text, cluster: &Cluster, sickbed: &Sickbed) -> Option<Tick> {
        let beat = cluster.heartbeat(name);
        // What we do not see is no evidence.
        let sees = [WatchKind::Node, WatchKind::Lease].iter().all(|kind| cluster.freshness.current(now.tick, *kind));
        let overdue = sees && beat.is_some_and(|beat| beat.is_overdue(now.tick));
        let node = cluster.node(name);
        self.put(
            name,
            node.map(|node| place(node, overdue || sickbed.is_ill(&Subject::Node(name.clone()), FailureType::Node))),
        );
        node.and(beat).map(Heartbeat::overdue_at).filter(|at| now.tick < *at)
    }

    /// Gives back the room that a list left unused.
    pub(super) fn pack(&mut self) {
        pack(&mut self.places);
    }

    fn put(&mut self, name: &Text, place: Option<Place>) {
        if self.places.get(name) == place.as_ref() {
            return;
        }
        if let Some(old) = self.places.remove(name) {
            self.well -= usize::from(old.well);
            self.whole.count(&old, false);
            let left = self.zones.get_mut(&old.zone).map_or(1, |zone| zone.count(&old, false));
            if left == 0 {
                self.zones.remove(&old.zone);
            }
        }
        if let Some(new) = place {
            self.well += usize::from(new.well);
            self.whole.count(&new, true);
            if !new.zone.is_empty() {
                self.zones.entry(new.zone.clone()).or_default().count(&new, true);
            }
            self.places.insert(name.clone(), new);
        }
    }

    /// Whether this node counts as sick.
    pub(crate) fn is_sick(&self, name: &Text) -> bool {
        self.places.get(name).is_some_and(|place| place.sick)
    }

    /// Whether this node is Ready, and not sick by our own eyes either.
    pub(crate) fn is_well(&self, name: &Text) -> bool {
        self.places.get(name).is_some_and(|place| place.well)
    }

    /// Whether a node is well, other than `name`. The control plane calls a node Ready for a while after it fell silent; one
    /// that we call sick does not count.
    pub(crate) fn has_other_well(&self, name: &Text) -> bool {
        self.well > usize::from(self.is_well(name))
    }

    /// Whether the cluster has more than one zone, so that limits per zone mean something.
    pub(crate) fn has_zones(&self) -> bool {
        self.zones.len() > 1
    }

    /// The count of `scope`.
    pub(crate) fn tally(&self, scope: &Scope) -> Option<&Tally> {
        match scope {
            Scope::Cluster => Some(&self.whole),
            Scope::Zone(zone) => self.zones.get(zone),
        }
    }

    /// Nodes that are sick.
    pub(super) fn sick(&self) -> usize {
        self.whole.sick
    }

    fn zones(&self) -> impl Iterator<Item = Scope> + '_ {
        self.zones.keys().cloned().map(Scope::Zone)
    }

    /// Notes where the share is above its limit, and when it fell.
    pub(super) fn note(&mut self, now: Tick, above: &[Scope]) {
        if above.is_empty() && !core::mem::replace(&mut self.above, !above.is_empty()) {
            return;
        }
        self.above = !above.is_empty();
        let zones = self.zones.iter_mut().map(|(zone, tally)| (Scope::Zone(zone.clone()), tally));
        for (scope, tally) in core::iter::once((Scope::Cluster, &mut self.whole)).chain(zones) {
            let is_above = above.contains(&scope);
            if tally.above && !is_above {
                tally.fell = Some(now);
            }
            tally.above = is_above;
        }
    }
}

/// The cluster and, where there are at least two, its zones.
pub(super) fn scopes<'a>(world: &World<'a>) -> impl Iterator<Item = Scope> + 'a {
    let fleet = world.fleet;
    core::iter::once(Scope::Cluster).chain(fleet.zones().filter(|_| fleet.has_zones()))
}

/// Where more nodes are sick than the breaker allows.
pub(super) fn above(world: &World<'_>) -> Vec<Scope> {
    scopes(world).filter(|scope| Share::of(world, scope, None).is_some_and(|share| share.is_above())).collect()
}

impl Tally {
    fn count(&mut self, place: &Place, there: bool) -> usize {
        let sick = usize::from(place.sick);
        if there {
            (self.nodes, self.sick) = (self.nodes + 1, self.sick + sick);
        } else {
            (self.nodes, self.sick) = (self.nodes - 1, self.sick - sick);
        }
        self.nodes
    }
}

fn place(node: &NodeFact, sick: bool) -> Place {
    Place { zone: node.zone.clone(), sick, well: !sick && node.ready() == ConditionStatus::True }
}
