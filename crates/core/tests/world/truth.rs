//! The truth: what an API server, controllers and kubelets would hold, and how they answer.

use super::EPOCH;
use self_healing_core::effect::{Answer, Effect, KubeletLook, Outcome, Verb};
use self_healing_core::event::Event;
use self_healing_core::fact::{
    ConditionStatus, LeaseFact, Marks, NamespaceFact, NodeFact, PodFact, PodPhase, WorkloadFact,
};
use self_healing_core::key::{Key, Target, Text};
use self_healing_core::names::Phase;
use self_healing_core::recovery::{NodeView, Orders, PodView, Recovery, Status};
use self_healing_core::time::Stamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How a controller replaces a pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replace {
    /// Milliseconds until the new pod exists; `None`: never.
    pub(crate) after: Option<u64>,
    /// Milliseconds until the new pod is ready; `None`: never.
    pub(crate) ready: Option<u64>,
}

/// The next effect whose text starts with `verb` gets this outcome.
pub(crate) struct Fault {
    pub(crate) verb: &'static str,
    pub(crate) outcome: Outcome,
    /// Whether it is done nevertheless.
    pub(crate) applied: bool,
}

#[derive(Debug)]
enum Later {
    Remove(Target),
    Replace(PodFact),
    Ready(Target),
    Beat(Text),
}

/// All objects.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) now: u64,
    pub(crate) pods: BTreeMap<Key, (PodFact, u64)>,
    pub(crate) nodes: BTreeMap<Text, NodeFact>,
    /// Nodes without power: no heartbeat, no answer, pods on them never end.
    pub(crate) dead: BTreeSet<Text>,
    /// What a kubelet's port says, when it is not `Answers` on a live node and `Silent` on a dead one.
    pub(crate) ports: BTreeMap<Text, KubeletLook>,
    pub(crate) leases: BTreeMap<Text, LeaseFact>,
    pub(crate) workloads: BTreeMap<Key, WorkloadFact>,
    pub(crate) namespaces: Vec<NamespaceFact>,
    pub(crate) replace: BTreeMap<Text, Replace>,
    pub(crate) records: BTreeMap<Text, Recovery>,
    /// Workload names whose disruption budget allows nothing now.
    pub(crate) blocked: BTreeSet<String>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) news: Vec<Event>,
    /// Accepted deletions and evictions per uid.
    pub(crate) removed: BTreeMap<Text, usize>,
    pub(crate) created: usize,
    /// Milliseconds until a pod that was created from a manifest is ready.
    pub(crate) bare_ready: u64,
    later: BTreeMap<(u64, u64), Later>,
    version: u64,
}

impl Truth {
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(EPOCH + self.now as i64)
    }

    pub(crate) fn tick_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.later.keys().next().map(|(at, _)| *at)
    }

    fn later(&mut self, after: u64, what: Later) {
        let version = self.tick_version();
        self.later.insert((self.now + after, version), what);
    }

    /// Does what is due.
    pub(crate) fn turn(&mut self) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= self.now) {
            match entry.remove() {
                Later::Remove(target) => self.remove(&target),
                Later::Replace(pod) => self.bring(pod),
                Later::Ready(target) => self.edit(&target, |pod| {
                    if pod.trouble.as_ref().is_none_or(|trouble| trouble.deletion_due.is_none()) {
                        (pod.phase, pod.ready, pod.trouble) = (PodPhase::Running, true, None);
                    }
                }),
                Later::Beat(node) => self.beat(node),
            }
        }
    }

    /// Starts the heartbeats of `node`.
    pub(crate) fn beat(&mut self, node: Text) {
        if self.nodes.contains_key(&node) {
            if !self.dead.contains(&node) {
                let renewed = self.stamp();
                let lease = LeaseFact { node: node.clone(), renewed, duration: Duration::from_secs(40) };
                self.leases.insert(node.clone(), lease.clone());
                self.news.push(Event::Lease(lease));
            }
            self.later(10_000, Later::Beat(node));
        }
    }

    /// Puts or replaces a pod.
    pub(crate) fn put(&mut self, pod: PodFact) {
        let version = self.tick_version();
        self.news.push(Event::Pod(pod.clone()));
        self.pods.insert(pod.key.clone(), (pod, version));
    }

    /// Changes exactly that pod, if it is there.
    pub(crate) fn edit(&mut self, target: &Target, change: impl FnOnce(&mut PodFact)) {
        if let Some((mut pod, _)) = self.pods.get(&target.key).filter(|(pod, _)| pod.uid == target.uid).cloned() {
            let due = pod.trouble.as_ref().and_then(|trouble| trouble.deletion_due);
            change(&mut pod);
            if due.is_some() {
                // A deletion cannot be taken back.
                pod.trouble.get_or_insert_default().deletion_due = due;
            }
            self.put(pod);
        }
    }

    /// Changes a node, if it is there.
    pub(crate) fn edit_node(&mut self, name: &str, change: impl FnOnce(&mut NodeFact)) {
        if let Some(node) = self.nodes.get_mut(name) {
            change(node);
            self.news.push(Event::Node(node.clone()));
        }
    }

    /// Ends that pod; its controller replaces it, if it has not yet.
    pub(crate) fn remove(&mut self, target: &Target) {
        let Some((pod, _)) = self.pods.get(&target.key).filter(|(pod, _)| pod.uid == target.uid).cloned() else {
            return;
        };
        self.pods.remove(&target.key);
        self.news.push(Event::PodGone(target.key.clone()));
        if !pod.terminating() || keeps_its_name(&pod) {
            self.replace(&pod);
        }
    }

    /// Starts a graceful deletion: on a live node it takes a second.
    fn terminate(&mut self, target: &Target) {
        *self.removed.entry(target.uid.clone()).or_default() += 1;
        let Some((pod, _)) = self.pods.get(&target.key).cloned() else { return };
        let on_dead_node = pod.node.as_ref().is_some_and(|node| self.dead.contains(node));
        let finalized = pod.trouble.as_ref().is_some_and(|trouble| !trouble.finalizers.is_empty());
        if pod.phase == PodPhase::Failed && !finalized {
            return self.remove(target);
        }
        let due = Stamp(self.stamp().0 + 1000);
        self.edit(target, |pod| pod.trouble.get_or_insert_default().deletion_due = Some(due));
        if !keeps_its_name(&pod) {
            self.replace(&pod);
        }
        if !on_dead_node && !finalized {
            self.later(1000, Later::Remove(target.clone()));
        }
    }

    fn replace(&mut self, pod: &PodFact) {
        let Some(owner) = &pod.owner else { return };
        let Some(Replace { after: Some(after), .. }) = self.replace.get(&owner.name).copied() else { return };
        let version = self.tick_version();
        let name = if keeps_its_name(pod) { pod.key.name.to_string() } else { format!("{}-{version}", owner.name) };
        let fresh = PodFact {
            key: Key::new(&pod.key.namespace, &name),
            uid: Text::from(format!("uid-{version}")),
            node: None,
            phase: PodPhase::Pending,
            ready: false,
            trouble: Some(Box::default()),
            ..pod.clone()
        };
        self.later(after, Later::Replace(fresh));
    }

    fn bring(&mut self, mut pod: PodFact) {
        pod.created = Stamp(self.stamp().0 / 1000 * 1000);
        pod.node = self.node_for_new_pods();
        let ready =
            pod.owner.as_ref().and_then(|owner| self.replace.get(&owner.name)).and_then(|replace| replace.ready);
        if let Some(ready) = ready.filter(|_| pod.node.is_some()) {
            self.later(ready, Later::Ready(pod.target()));
        }
        self.put(pod);
    }

    fn node_for_new_pods(&self) -> Option<Text> {
        let fits = |node: &&NodeFact| {
            !node.unschedulable && !self.dead.contains(&node.name) && node.ready() == ConditionStatus::True
        };
        let nodes: Vec<&NodeFact> = self.nodes.values().filter(fits).collect();
        let best = nodes.iter().find(|node| node.taints.is_empty()).or(nodes.first());
        best.map(|node| node.name.clone())
    }

    pub(crate) fn everything(&self) -> Vec<Event> {
        let records = self.records.values().map(|record| Event::Recovery(Box::new(record.clone())));
        let pods = self.pods.values().map(|(pod, _)| Event::Pod(pod.clone()));
        let nodes = self.nodes.values().cloned().map(Event::Node);
        let leases = self.leases.values().cloned().map(Event::Lease);
        let workloads = self.workloads.values().cloned().map(Event::Workload);
        let namespaces = self.namespaces.iter().cloned().map(Event::Namespace);
        namespaces.chain(workloads).chain(nodes).chain(leases).chain(pods).chain(records).collect()
    }

    /// Whether a mark of ours is on any node.
    pub(crate) fn marked(&self) -> bool {
        let suspect = |node: &NodeFact| node.taints.iter().any(|taint| &*taint.key == "self-healing.dev/suspect");
        self.nodes.values().any(|node| !node.owner.is_empty() || suspect(node))
    }

    /// Does what the effect asks for, and answers.
    pub(crate) fn apply(&mut self, effect: &Effect) -> Option<Outcome> {
        if matches!(effect.verb, Verb::Happened(_)) {
            return None;
        }
        if effect.verb.is_destructive() {
            let record = self.records.get(&effect.recovery);
            assert!(
                record.is_some_and(Recovery::is_active),
                "{} without a Recovery that is stored and active",
                effect.verb
            );
        }
        let text = effect.verb.to_string();
        if let Some(at) = self.faults.iter().position(|fault| text.starts_with(fault.verb)) {
            let fault = self.faults.remove(at)?;
            if fault.applied {
                self.perform(effect);
            }
            return Some(fault.outcome);
        }
        Some(self.perform(effect))
    }

    fn perform(&mut self, effect: &Effect) -> Outcome {
        match &effect.verb {
            Verb::ReadRecoveries => Outcome::Done(Answer::Recoveries(self.records.values().cloned().collect())),
            Verb::CreateRecovery(record) => self.store(record),
            Verb::SaveStatus { status, resource_version, uid } => {
                self.save(&effect.recovery, status, resource_version, uid)
            }
            Verb::DeleteRecovery { uid } => self.forget(&effect.recovery, uid),
            Verb::LookAtPod(target) => match self.exact(target) {
                Some((fact, version)) => Outcome::Done(Answer::Pod(Box::new(PodView {
                    manifest: fact.owner.is_none().then(|| format!("{} {}", fact.key.namespace, fact.key.name)),
                    resource_version: Text::from(version.to_string()),
                    fact,
                }))),
                None => Outcome::Gone,
            },
            Verb::LookAtNode(target) => match self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid) {
                Some(node) => {
                    let lease = self.leases.get(&node.name).cloned();
                    Outcome::Done(Answer::Node(Box::new(NodeView { fact: node.clone(), lease })))
                }
                None => Outcome::Gone,
            },
            Verb::ListPods { node } => {
                let on_node = self.pods.values().map(|(pod, _)| pod).filter(|pod| pod.node.as_ref() == Some(node));
                Outcome::Done(Answer::Pods(on_node.cloned().collect()))
            }
            Verb::LookAtKubelet { node, .. } => {
                let usual = if self.dead.contains(node) { KubeletLook::Silent } else { KubeletLook::Answers };
                Outcome::Done(Answer::Kubelet(self.ports.get(node).copied().unwrap_or(usual)))
            }
            Verb::Cordon(target) => self.cordon(target, &effect.recovery),
            Verb::Uncordon(target) => {
                if self.nodes.get(&target.key.name).is_some_and(|node| node.owner == effect.recovery) {
                    self.edit_node(&target.key.name, |node| (node.unschedulable, node.owner) = (false, Text::from("")));
                }
                done()
            }
            Verb::TaintSuspect { node } => {
                self.edit_node(node, |fact| super::build::add_suspect(fact, &effect.recovery));
                done()
            }
            Verb::UntaintSuspect { node } => {
                self.edit_node(node, |fact| fact.taints.retain(|taint| taint.value != effect.recovery));
                done()
            }
            Verb::Evict(target) => self.evict(target),
            Verb::DeletePod { target, resource_version } => match self.exact(target) {
                None => Outcome::Gone,
                Some((_, version)) if **resource_version != *version.to_string() => {
                    later("the object has been modified")
                }
                Some(_) => {
                    self.terminate(target);
                    done()
                }
            },
            Verb::CreatePod { manifest } => self.create_pod(manifest),
            Verb::Tell { .. } | Verb::Happened(_) => done(),
        }
    }

    fn exact(&self, target: &Target) -> Option<(PodFact, u64)> {
        self.pods.get(&target.key).filter(|(pod, _)| pod.uid == target.uid).cloned()
    }

    fn evict(&mut self, target: &Target) -> Outcome {
        let Some((pod, _)) = self.exact(target) else { return Outcome::Gone };
        if let Some(owner) = pod.owner.as_ref().filter(|owner| self.blocked.contains(&*owner.name)) {
            let message = format!("cannot evict pod as it would violate the disruption budget {}-pdb", owner.name);
            return Outcome::TryLater { after: Some(Duration::from_secs(10)), budget: true, message };
        }
        self.terminate(target);
        done()
    }

    fn cordon(&mut self, target: &Target, recovery: &Text) -> Outcome {
        let Some(node) = self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid) else {
            return Outcome::Gone;
        };
        if node.unschedulable && node.owner != *recovery {
            return Outcome::Refused { message: "somebody else has cordoned it".into() };
        }
        self.edit_node(&target.key.name, |node| (node.unschedulable, node.owner) = (true, recovery.clone()));
        done()
    }

    fn create_pod(&mut self, manifest: &str) -> Outcome {
        let (namespace, name) = manifest.split_once(' ').unwrap();
        let key = Key::new(namespace, name);
        if !self.pods.contains_key(&key) {
            self.created += 1;
            let version = self.tick_version();
            let mut pod = super::build::pod(namespace, name, "");
            pod.uid = Text::from(format!("uid-{version}"));
            (pod.node, pod.phase, pod.ready, pod.marks) = (None, PodPhase::Pending, false, Marks::default());
            pod.trouble = Some(Box::default());
            let target = pod.target();
            self.bring(pod);
            self.later(self.bare_ready, Later::Ready(target));
        }
        Outcome::Done(Answer::Created(key))
    }

    fn store(&mut self, record: &Recovery) -> Outcome {
        if let Some(known) = self.records.get(&record.name) {
            return Outcome::Done(Answer::Exists(Box::new(known.clone())));
        }
        let version = Text::from(self.tick_version().to_string());
        let mut stored = record.clone();
        // The API keeps no status at creation.
        stored.status = Status {
            phase: Some(Phase::Pending),
            message: String::new(),
            reason: String::new(),
            attempts: Vec::new(),
            guards: Vec::new(),
            evidence: Vec::new(),
            impact: Vec::new(),
            verification: None,
            recovery_seconds: None,
            notifications: Vec::new(),
            saved_manifest: None,
            finished_at: None,
        };
        (stored.uid, stored.resource_version) = (Text::from(format!("r-{version}")), version);
        self.put_record(stored)
    }

    fn put_record(&mut self, record: Recovery) -> Outcome {
        let (uid, resource_version) = (record.uid.clone(), record.resource_version.clone());
        self.news.push(Event::Recovery(Box::new(record.clone())));
        self.records.insert(record.name.clone(), record);
        Outcome::Done(Answer::Stored { uid, resource_version })
    }

    fn save(&mut self, name: &Text, status: &Status, version: &Text, uid: &Text) -> Outcome {
        match self.records.get(name).filter(|record| record.uid == *uid).cloned() {
            None => Outcome::Gone,
            Some(record) if record.resource_version != *version => later("the object has been modified"),
            Some(mut record) => {
                record.status = status.clone();
                record.resource_version = Text::from(self.tick_version().to_string());
                self.put_record(record)
            }
        }
    }

    fn forget(&mut self, name: &Text, uid: &Text) -> Outcome {
        if self.records.get(name).is_some_and(|record| record.uid == *uid) {
            self.records.remove(name);
            self.news.push(Event::RecoveryGone(name.clone()));
        }
        done()
    }

    /// A person deletes the record.
    pub(crate) fn delete_record(&mut self, name: &Text) {
        let uid = self.records[name].uid.clone();
        self.forget(name, &uid);
    }

    /// A person writes on the only record.
    pub(crate) fn order(&mut self, change: impl FnOnce(&mut Orders)) {
        let mut record = self.records.values().next().unwrap().clone();
        change(&mut record.orders);
        record.resource_version = Text::from(self.tick_version().to_string());
        self.put_record(record);
    }
}

/// StatefulSets give a new pod the old one's name, so it comes only when the old one is gone.
fn keeps_its_name(pod: &PodFact) -> bool {
    pod.owned_by(&self_healing_core::key::Kind::StatefulSet)
}

fn done() -> Outcome {
    Outcome::Done(Answer::Nothing)
}

fn later(message: &str) -> Outcome {
    Outcome::TryLater { after: None, budget: false, message: message.into() }
}
