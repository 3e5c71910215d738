//! The truth: what an API server, the control plane and the kubelets hold.

use super::EPOCH;
use super::machines::Park;
use super::rollouts::Rollouts;
use super::services::Served;
use super::things::label;
use super::workloads::Hands;
use self_healing_core::effect::{Effect, Outcome, Verb};
use self_healing_core::event::Event;
use self_healing_core::fact::{
    Condition, ConditionStatus, LeaseFact, Marks, NamespaceFact, Needs, NodeFact, PodFact, WorkloadFact,
};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::policy::StoredPolicy;
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use self_healing_story::{Kubelet, Name, Names, Reception, Verb as Wrote};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// The API server puts a namespace's name into this label of it.
const NAME: &str = "kubernetes.io/metadata.name";
/// Kubelets renew their Leases this often.
const BEAT: u64 = 10_000;
/// The control plane calls a node Unknown after this silence.
const GRACE: u64 = 50_000;

/// The next effect whose text starts with `verb` gets this outcome.
pub(crate) struct Scripted {
    pub(crate) verb: &'static str,
    pub(crate) outcome: Outcome,
    /// Whether it is done nevertheless.
    pub(crate) applied: bool,
}

#[derive(Debug)]
pub(super) enum Later {
    Remove(Target),
    Ready(Target),
    Resized(Target),
    Beat(Text),
    Unknown(Text),
    Controllers,
    /// An order to the provider of machines is carried out, a machine has booted, another one comes.
    Ordered(Text),
    Booted(Text),
    Came(Text),
    /// Kubernetes looks whether a node is out of service or gone.
    Freed(Text),
}

/// All objects, and how the world behaves.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) now: u64,
    pub(crate) pods: BTreeMap<Key, (PodFact, u64)>,
    /// What a controller's next pod looks like, by its uid.
    pub(crate) templates: BTreeMap<Text, PodFact>,
    pub(crate) names: Names,
    /// The story's workload of a controller, by its uid.
    pub(super) families: BTreeMap<Text, Name>,
    pub(crate) finalizers: BTreeMap<Text, Vec<Text>>,
    pub(crate) nodes: BTreeMap<Text, NodeFact>,
    /// Nodes that give no sign of life, and what their kubelets' ports answer.
    pub(crate) silent: BTreeMap<Text, Kubelet>,
    /// Pods whose readiness the control plane took away because of their node.
    pub(super) blamed: BTreeSet<Text>,
    pub(crate) leases: BTreeMap<Text, LeaseFact>,
    pub(crate) workloads: BTreeMap<(Kind, Key), WorkloadFact>,
    /// Where pods may run that may not run everywhere, by uid.
    pub(crate) needs: BTreeMap<Text, Needs>,
    /// `minAvailable`, by workload.
    pub(crate) budgets: BTreeMap<Name, u32>,
    /// They want one healthy pod more when there is one more.
    pub(crate) budgets_follow: bool,
    pub(crate) namespaces: BTreeMap<Text, Marks>,
    pub(super) services: BTreeMap<Key, Served>,
    pub(super) rollouts: Rollouts,
    pub(super) hands: Hands,
    pub(super) park: Park,
    pub(crate) policies: BTreeMap<Text, StoredPolicy>,
    pub(crate) records: BTreeMap<Text, Recovery>,
    /// Records that were ever stored.
    pub(super) recorded: BTreeSet<Text>,
    /// The API server answers nobody.
    pub(crate) down: bool,
    /// The API server takes no record.
    pub(crate) store_down: bool,
    /// The control plane makes no pods and calls no node Unknown.
    pub(crate) idle: bool,
    /// The memory limit of pods that were resized, as wanted and as it is, in bytes.
    pub(super) limits: BTreeMap<Text, (u64, u64)>,
    /// How much longer kubelets take to resize, in milliseconds.
    pub(crate) unsized_for: u64,
    /// Why the API server resizes no pod.
    pub(crate) no_resize: Option<&'static str>,
    /// New pods never become ready.
    pub(crate) unwell: bool,
    /// A webhook refuses the eviction of pods of these names.
    pub(crate) refused: BTreeSet<Text>,
    pub(crate) scripted: VecDeque<Scripted>,
    /// Answers of the message receiver, first in first out; then it accepts.
    pub(crate) receiver: VecDeque<Outcome>,
    /// How the receivers of channels take messages that do not simply take them.
    pub(super) receptions: BTreeMap<String, Reception>,
    /// Every message with how it went.
    pub(crate) told: Vec<String>,
    /// Messages that were accepted, as channel, key and Recovery.
    pub(super) heard: BTreeSet<(String, String, Text)>,
    pub(crate) news: Vec<Event>,
    /// Accepted writes to objects that are not the controller's: when, what, and the pod's uid, its name when created,
    /// the node's name, or the Service's as stories write it.
    pub(crate) writes: Vec<(u64, Wrote, Text)>,
    pub(super) later: BTreeMap<(u64, u64), Later>,
    busy: bool,
    version: u64,
}

impl Truth {
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(EPOCH + self.now as i64)
    }

    pub(super) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.later.keys().next().map(|(at, _)| (*at).max(self.now)).filter(|_| !self.down)
    }

    pub(super) fn after(&mut self, ms: u64, what: Later) {
        let version = self.next_version();
        self.later.insert((self.now + ms, version), what);
    }

    /// Controllers and the scheduler look at what has changed a moment later.
    pub(super) fn stir(&mut self) {
        if !std::mem::replace(&mut self.busy, true) {
            self.after(100, Later::Controllers);
        }
    }

    /// Does what is due.
    pub(super) fn turn(&mut self) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= self.now && !self.down) {
            match entry.remove() {
                Later::Remove(target) => self.remove(&target),
                Later::Ready(target) => self.started(&target),
                Later::Resized(target) => self.resized(&target),
                Later::Beat(node) => self.beat(node, true),
                Later::Unknown(node) => self.give_up(&node),
                Later::Ordered(node) => self.carry_out(&node),
                Later::Booted(node) => self.booted(&node),
                Later::Came(node) => self.came(&node),
                Later::Freed(node) => self.free(&node),
                Later::Controllers => {
                    self.busy = false;
                    self.controllers();
                    self.schedule();
                    self.slices();
                }
            }
        }
    }

    /// A heartbeat of `node`, if it lives; the next one follows if `again`.
    pub(super) fn beat(&mut self, node: Text, again: bool) {
        if !self.nodes.contains_key(&node) {
            return;
        }
        if !self.silent.contains_key(&node) {
            let lease = LeaseFact { node: node.clone(), renewed: self.stamp(), duration: Duration::from_secs(40) };
            self.leases.insert(node.clone(), lease.clone());
            self.news.push(Event::Lease(lease));
            self.after(GRACE, Later::Unknown(node.clone()));
        }
        if again {
            self.after(BEAT, Later::Beat(node));
        }
    }

    /// The control plane calls a node Unknown whose last heartbeat is too long ago.
    fn give_up(&mut self, node: &Text) {
        let silence = self.leases.get(node).map(|lease| self.stamp().since(lease.renewed));
        let known = self.nodes.get(node).is_some_and(|fact| fact.ready() == ConditionStatus::Unknown);
        if silence.is_some_and(|silence| silence >= Duration::from_millis(GRACE)) && !known && !self.idle {
            self.set_condition(node, "Ready", ConditionStatus::Unknown);
            self.blame(node);
        }
    }

    /// Changes a node, if it is there.
    pub(crate) fn edit_node(&mut self, name: &str, change: impl FnOnce(&mut NodeFact)) {
        if let Some(node) = self.nodes.get_mut(name) {
            change(node);
            self.news.push(Event::Node(node.clone()));
            self.stir();
        }
    }

    /// Sets a condition of a node now.
    pub(crate) fn set_condition(&mut self, node: &str, kind: &str, status: ConditionStatus) {
        let at = self.stamp();
        self.edit_node(node, |node| {
            node.conditions.retain(|known| &*known.kind != kind);
            node.conditions.push(condition(kind, status, at));
        });
    }

    /// A node is deleted.
    pub(crate) fn lose_node(&mut self, name: &str) {
        self.nodes.remove(name);
        self.leases.remove(name);
        self.news.extend([Event::NodeGone(Text::from(name)), Event::LeaseGone(Text::from(name))]);
    }

    /// Changes what a workload is.
    pub(crate) fn edit_workload(&mut self, kind: &Kind, key: &Key, change: impl FnOnce(&mut WorkloadFact)) {
        let version = self.next_version();
        let workload = self.workloads.get_mut(&(kind.clone(), key.clone())).unwrap();
        change(workload);
        self.hands.changed(&workload.uid, version);
        self.news.push(Event::Workload(workload.clone()));
    }

    pub(crate) fn mark_namespace(&mut self, name: &str, marks: Marks) {
        self.namespaces.insert(Text::from(name), marks);
        self.news.push(Event::Namespace(NamespaceFact { name: Text::from(name), marks, labels: label(NAME, name) }));
    }

    pub(super) fn everything(&self) -> Vec<Event> {
        let namespaces = self.namespaces.iter().map(|(name, marks)| NamespaceFact {
            name: name.clone(),
            marks: *marks,
            labels: label(NAME, name),
        });
        let workloads = self.workloads.values().cloned().map(Event::Workload);
        let nodes = self.nodes.values().cloned().map(Event::Node);
        let leases = self.leases.values().cloned().map(Event::Lease);
        let pods = self.pods.values().map(|(pod, _)| Event::Pod(pod.clone()));
        let policies = self.policies.values().map(|policy| Event::Policy(Box::new(policy.clone())));
        let records = self.records.values().map(|record| Event::Recovery(Box::new(record.clone())));
        namespaces
            .map(Event::Namespace)
            .chain(workloads)
            .chain(self.all_services())
            .chain(nodes)
            .chain(leases)
            .chain(pods)
            .chain(policies)
            .chain(records)
            .collect()
    }

    /// Does what the effect asks for, and answers.
    pub(super) fn apply(&mut self, effect: &Effect) -> Outcome {
        let recorded = self.recorded.contains(&effect.recovery);
        assert!(!effect.verb.is_destructive() || recorded, "{} comes before its record", effect.verb);
        if self.down && !matches!(effect.verb, Verb::Tell { .. } | Verb::LookAtKubelet { .. }) {
            return later("connection refused");
        }
        let text = effect.verb.to_string();
        if let Some(at) = self.scripted.iter().position(|scripted| text.starts_with(scripted.verb)) {
            let Some(scripted) = self.scripted.remove(at) else { return Outcome::Gone };
            if scripted.applied {
                self.perform(effect);
            }
            return scripted.outcome;
        }
        self.perform(effect)
    }
}

pub(crate) fn condition(kind: &str, status: ConditionStatus, at: Stamp) -> Condition {
    Condition { kind: Text::from(kind), status, reason: Text::from("Told"), changed: at, heartbeat: at }
}

pub(crate) fn later(message: &str) -> Outcome {
    Outcome::TryLater { after: None, budget: false, message: message.into() }
}
