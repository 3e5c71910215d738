//! How well each zone is, and how fast its nodes may lose their pods.

use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Between two nodes of a zone, and of one where most nodes are sick.
const PACE: Duration = Duration::from_secs(10);
const SLOW_PACE: Duration = Duration::from_secs(100);
/// A zone with so many sick nodes of a hundred is slowed down, or stopped if it has no more nodes than this.
const SICK_PERCENT: usize = 55;
const SMALL: usize = 50;

/// How fast nodes are tainted.
pub(super) enum Pace {
    Stopped,
    Every(Duration),
}

struct Seen {
    heard: Timestamp,
    zone: String,
    /// Not known before it has been looked at.
    ready: Option<bool>,
}

#[derive(Default)]
struct Line {
    nodes: VecDeque<String>,
    next: Timestamp,
}

/// All nodes in their zones.
#[derive(Default)]
pub(super) struct Zones {
    seen: BTreeMap<String, Seen>,
    lines: BTreeMap<String, Line>,
    halted: bool,
}

impl Zones {
    /// A sign of life.
    pub(super) fn heard(&mut self, node: &str, now: Timestamp) {
        let seen = self.seen.entry(node.to_owned());
        seen.or_insert_with(|| Seen { heard: now, zone: String::new(), ready: None }).heard = now;
    }

    pub(super) fn last_heard(&mut self, node: &str, now: Timestamp) -> Timestamp {
        self.seen.get(node).map_or(now, |seen| seen.heard)
    }

    /// Notes how a node is; whether that is news.
    pub(super) fn note(&mut self, node: &str, zone: &str, ready: bool) -> bool {
        let Some(seen) = self.seen.get_mut(node) else { return false };
        zone.clone_into(&mut seen.zone);
        seen.ready.replace(ready) != Some(ready)
    }

    /// A node is gone; whether it was known.
    pub(super) fn forget(&mut self, node: &str) -> bool {
        self.seen.remove(node).is_some()
    }

    pub(super) fn nodes(&self) -> Vec<String> {
        self.seen.keys().cloned().collect()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.lines.keys().cloned().collect()
    }

    pub(super) fn of(&self, node: &str) -> String {
        self.seen.get(node).map(|seen| seen.zone.clone()).unwrap_or_default()
    }

    /// Whether evictions stop everywhere now (`true`), begin again (`false`), or go on as before.
    pub(super) fn weigh(&mut self, now: Timestamp) -> Option<bool> {
        let mut all = self.seen.values().filter_map(|seen| seen.ready).peekable();
        let halted = all.peek().is_some() && all.all(|ready| !ready);
        if halted == self.halted {
            return None;
        }
        self.halted = halted;
        if !halted {
            self.seen.values_mut().for_each(|seen| seen.heard = now);
            self.lines.values_mut().for_each(|line| line.next = now);
        }
        Some(halted)
    }

    pub(super) fn pace(&self, zone: &str) -> Pace {
        let here = || self.seen.values().filter(|seen| seen.zone == zone);
        let (all, sick) = (here().count(), here().filter(|seen| seen.ready == Some(false)).count());
        let partial = sick > 2 && sick < all && sick * 100 >= all * SICK_PERCENT;
        match partial {
            _ if self.halted => Pace::Stopped,
            true if all <= SMALL => Pace::Stopped,
            true => Pace::Every(SLOW_PACE),
            false => Pace::Every(PACE),
        }
    }

    /// A node waits until it is tainted; whether it did not before.
    pub(super) fn wait_in_line(&mut self, node: &str) -> bool {
        let line = self.lines.entry(self.seen.get(node).map(|seen| seen.zone.clone()).unwrap_or_default()).or_default();
        let new = !line.nodes.iter().any(|waiting| waiting == node);
        if new {
            line.nodes.push_back(node.to_owned());
        }
        new
    }

    pub(super) fn first_in_line(&mut self, zone: &str) -> Option<String> {
        self.lines.get_mut(zone)?.nodes.pop_front()
    }

    pub(super) fn next_turn(&self, zone: &str) -> Timestamp {
        self.lines.get(zone).map_or(Timestamp::MIN, |line| line.next)
    }

    pub(super) fn turn_taken(&mut self, zone: &str, next: Timestamp) {
        if let Some(line) = self.lines.get_mut(zone) {
            line.next = next;
        }
    }
}
