//! What the checker knows: kept up to date by each commit and note before any rule looks.

mod configs;
mod faults;
mod fleet;
mod leaders;
mod opt_outs;
mod policies;
mod records;
mod trail;

pub(crate) use configs::{Configs, share};
pub(crate) use faults::Faults;
pub(crate) use fleet::Fleet;
pub(crate) use leaders::Leaders;
pub(crate) use opt_outs::OptOuts;
pub(crate) use policies::Policies;
pub(crate) use records::{Change, Records};
pub(crate) use trail::{Seen, Trail};

use super::deed::{LEASES, RECOVERIES};
use super::limits::{LATENCY, LEASE};
use super::note::Note;
use super::record::Attempt;
use super::setup::Setup;
use jiff::Timestamp;
use self_healing_api::keys::Config;
use self_healing_sim::store::{Commit, Key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Namespace of the nodes' heartbeats, by far the most frequent commits.
pub(crate) const HEARTBEATS: &str = "kube-node-lease";
const POLICIES: &str = crate::world::POLICIES;
const CONFIG_MAP: &str = "self-healing-config";
const LEADER: &str = "self-healing-controller";

pub(crate) struct Book {
    pub(crate) setup: Setup,
    pub(crate) records: Records,
    pub(crate) leaders: Leaders,
    pub(crate) configs: Configs,
    pub(crate) faults: Faults,
    pub(crate) fleet: Fleet,
    pub(crate) trail: Trail,
    pub(crate) opt_outs: OptOuts,
    pub(crate) policies: Policies,
    /// Processes of the controller that run, and since when.
    pub(crate) lives: BTreeMap<Arc<str>, Timestamp>,
}

impl Book {
    pub(crate) fn new(setup: Setup, now: Timestamp) -> Self {
        Self {
            records: Records::default(),
            leaders: Leaders::default(),
            configs: Configs::new(setup.fixed.clone(), now),
            faults: Faults::default(),
            fleet: Fleet::default(),
            trail: Trail::default(),
            opt_outs: OptOuts::default(),
            policies: Policies::default(),
            lives: BTreeMap::new(),
            setup,
        }
    }

    pub(crate) fn is_ours(&self, commit: &Commit) -> bool {
        *commit.origin.user == *self.setup.user
    }

    pub(crate) fn is_own_lease(&self, key: &Key) -> bool {
        *key.resource == *LEASES && *key.namespace == *self.setup.namespace && &*key.name == LEADER
    }

    /// Takes a commit; gives what it did to a record, if it was one's.
    pub(crate) fn commit(&mut self, commit: &Commit, now: Timestamp) -> Option<Change> {
        let key = &commit.key;
        let in_own = *key.namespace == *self.setup.namespace;
        match &*key.resource {
            RECOVERIES if in_own => return Some(self.records.commit(commit, now)),
            LEASES if self.is_own_lease(key) => {
                let by = self.is_ours(commit).then_some(&commit.origin.instance);
                self.leaders.commit(by, commit.new.as_deref(), now);
            }
            "configmaps" if in_own && &*key.name == CONFIG_MAP => self.configs.commit(commit.new.as_deref(), now),
            POLICIES => self.policies.commit(commit, now),
            "nodes" => self.fleet.commit(commit, now),
            _ => {}
        }
        self.opt_outs.commit(commit, now);
        None
    }

    pub(crate) fn note(&mut self, note: &Note, now: Timestamp) {
        match note {
            Note::Began { instance } => drop(self.lives.insert(instance.clone(), now)),
            Note::Ended { instance } => {
                self.lives.remove(instance);
                self.faults.process_ended(now);
            }
            Note::Sent(sent) => self.trail.sent(sent, now),
            Note::Read(read) => self.trail.read(read, now),
            Note::FaultBegins(fault) => self.faults.begins(fault, now),
            Note::FaultEnds(id) => self.faults.ends(*id, now),
            Note::Told(_) | Note::Output { .. } => {}
        }
    }

    /// Since when nothing has been in the controller's way: no fault, one leader, the same configuration, allowed to write.
    pub(crate) fn calm_since(&self, now: Timestamp) -> Option<Timestamp> {
        let config = self.configs.current();
        let off = config.paused || config.mode == self_healing_core::names::Mode::Observe;
        let reign = self.leaders.current().filter(|reign| now.duration_since(reign.renewed) <= LEASE);
        let led = match reign {
            Some(reign) => reign.since,
            None if !config.leader_election => *self.lives.values().min()?,
            None => return None,
        };
        let quiet = self.faults.quiet_since()?;
        (!off).then(|| led.max(quiet).max(self.configs.changed()))
    }

    /// Since when nothing has been in the controller's way to tell people, their receivers included.
    pub(crate) fn tells_since(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.calm_since(now)?.max(self.faults.well_since()?))
    }

    /// The moment until which the controller has surely seen everything by its watches.
    pub(crate) fn seen_until(&self, now: Timestamp) -> Timestamp {
        self.faults.seen_until(now)
    }

    /// When an attempt was decided, and until when everything was surely seen then.
    pub(crate) fn decided(&self, attempt: &Attempt, now: Timestamp) -> (Timestamp, Timestamp) {
        let told = attempt.started.filter(|_| !self.faults.is_clock_odd());
        let decided = told.unwrap_or(now).min(now);
        (decided, self.seen_until(now).min(decided - LATENCY))
    }

    /// The policies that the controller may act by at `now`, as their specs.
    pub(crate) fn possible_policies(&self, now: Timestamp) -> impl Iterator<Item = &serde_json::Value> {
        self.policies.possible(self.seen_until(now), now)
    }

    /// The configurations that the controller may act by at `now`.
    pub(crate) fn possible(&self, now: Timestamp) -> impl Iterator<Item = &Config> {
        self.configs.possible(self.seen_until(now), now)
    }
}
