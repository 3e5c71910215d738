//! The nodes as they truly are: how many, and which are sick since when.

use crate::check::json::{condition, label, list, time, uid};
use jiff::{SignedDuration, Timestamp};
use self_healing_sim::store::Commit;
use serde_json::Value;
use std::collections::BTreeMap;

/// Conditions that make a node sick when True.
const PROBLEMS: &[&str] = &["KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart", "NetworkUnavailable"];
/// The label that says in which zone a node is.
const ZONE: &str = "topology.kubernetes.io/zone";
/// A condition whose heartbeat is older has lost its detector.
const DETECTOR: SignedDuration = SignedDuration::from_mins(30);

pub(crate) struct Node {
    uid: String,
    zone: String,
    created: Option<Timestamp>,
    /// Since when Ready has been False or Unknown.
    unready: Option<Timestamp>,
    was_ready: bool,
    /// Since when a problem has been there, and its last heartbeat.
    problem: Option<(Timestamp, Timestamp)>,
}

impl Node {
    /// Whether it has been sick from `seen` to `now`; one that is new and was never Ready is only starting.
    fn is_sick(&self, seen: Timestamp, now: Timestamp, grace: SignedDuration) -> bool {
        let starting = !self.was_ready && self.created.is_some_and(|created| now.duration_since(created) < grace);
        let problem = self.problem.is_some_and(|(since, beat)| since <= seen && now.duration_since(beat) <= DETECTOR);
        problem || !starting && self.unready.is_some_and(|since| since <= seen)
    }
}

#[derive(Default)]
pub(crate) struct Fleet {
    nodes: BTreeMap<String, Node>,
    /// How many there were from when; in the cluster under the empty name, and per zone.
    sizes: BTreeMap<String, Vec<(Timestamp, usize)>>,
}

impl Fleet {
    pub(super) fn commit(&mut self, commit: &Commit, now: Timestamp) {
        let name = commit.key.name.to_string();
        let before = self.nodes.remove(&name);
        if let Some(node) = &commit.new {
            let same = before.filter(|before| before.uid == uid(node));
            self.nodes.insert(name, look(node, same.as_ref(), now));
        }
        let of_zone = |zone: &str| self.nodes.values().filter(|node| node.zone == zone).count();
        let known = self.sizes.keys().chain(self.nodes.values().map(|node| &node.zone)).filter(|zone| !zone.is_empty());
        let mut sizes: BTreeMap<String, usize> = known.map(|zone| (zone.clone(), of_zone(zone))).collect();
        sizes.insert(String::new(), self.nodes.len());
        for (zone, size) in sizes {
            let known = self.sizes.entry(zone).or_default();
            if known.last().is_none_or(|(_, last)| *last != size) {
                known.push((now, size));
            }
        }
    }

    /// The most nodes that there were at one time from `seen` on.
    pub(crate) fn most_since(&self, seen: Timestamp) -> usize {
        self.most_of_zone("", seen)
    }

    /// The same for one zone.
    pub(crate) fn most_of_zone(&self, zone: &str, seen: Timestamp) -> usize {
        let sizes = self.sizes.get(zone).map(Vec::as_slice).unwrap_or_default();
        let first = sizes.partition_point(|(from, _)| *from <= seen).saturating_sub(1);
        sizes[first..].iter().map(|(_, size)| *size).max().unwrap_or(0)
    }

    /// Whether a node of that name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.nodes.contains_key(name)
    }

    /// The zone of a node, where there is more than one since `seen`.
    pub(crate) fn zone_of(&self, name: &str, seen: Timestamp) -> Option<&str> {
        let zone = self.nodes.get(name).map(|node| node.zone.as_str()).filter(|zone| !zone.is_empty())?;
        let others = self.sizes.keys().filter(|other| !other.is_empty() && *other != zone);
        others.map(|other| self.least_of_zone(other, seen)).any(|size| size > 0).then_some(zone)
    }

    fn least_of_zone(&self, zone: &str, seen: Timestamp) -> usize {
        let sizes = self.sizes.get(zone).map(Vec::as_slice).unwrap_or_default();
        let first = sizes.partition_point(|(from, _)| *from <= seen).saturating_sub(1);
        sizes[first..].iter().map(|(_, size)| *size).min().unwrap_or(0)
    }

    /// The names of those that have been sick since `seen`.
    pub(crate) fn sick(&self, seen: Timestamp, now: Timestamp, grace: SignedDuration) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter(move |(_, node)| node.is_sick(seen, now, grace)).map(|(name, _)| name.as_str())
    }

    /// Whether a node other than `name` has been without Ready=False or Unknown at some time since `seen`.
    pub(crate) fn has_other_ready(&self, name: &str, seen: Timestamp) -> bool {
        self.nodes.iter().any(|(other, node)| other != name && node.unready.is_none_or(|since| since > seen))
    }
}

fn look(node: &Value, before: Option<&Node>, now: Timestamp) -> Node {
    let ready = condition(node, "Ready");
    let is_unready = !ready.is_empty() && ready != "True";
    let since = |before: Option<Timestamp>| Some(before.unwrap_or(now));
    let problem = list(node, "/status/conditions")
        .iter()
        .find(|found| found["status"] == "True" && found["type"].as_str().is_some_and(|kind| PROBLEMS.contains(&kind)));
    let beat = problem.and_then(|found| time(found, "/lastHeartbeatTime").max(time(found, "/lastTransitionTime")));
    Node {
        uid: uid(node).to_owned(),
        zone: label(node, ZONE).unwrap_or_default().to_owned(),
        created: time(node, "/metadata/creationTimestamp"),
        unready: if is_unready { since(before.and_then(|before| before.unready)) } else { None },
        was_ready: ready == "True" || before.is_some_and(|before| before.was_ready),
        problem: beat.map(|beat| (before.and_then(|before| before.problem).map_or(now, |(since, _)| since), beat)),
    }
}
