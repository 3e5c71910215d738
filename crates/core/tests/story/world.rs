//! A toy cluster in virtual time: it answers every effect of the bare core truthfully and writes down what was done to it.

use self_healing_core::effect::{Answer, Effect, EffectId, KubeletLook, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::*;
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{Phase, WatchKind};
use self_healing_core::recovery::{NodeView, PodView, Recovery};
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The wall clock at tick 0; far enough from the epoch that nothing underflows.
const EPOCH: i64 = 1_800_000_000_000;
/// A round trip to the API server.
const TRIP: u64 = 5;
/// How often kubelets renew their Leases, and watches show a sign of life.
const BEAT: u64 = 10_000;
pub const SHOP: &str = "shop";

/// When something goes wrong, counted in effects that were sent: the process dies before or after this one, its reply is lost,
/// it is lost itself, it is not taken because the API server is busy, or another replica led for a moment after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    Before(usize),
    After(usize),
    Mute(usize),
    Lost(usize),
    Busy(usize),
    Deposed(usize),
}

pub struct World {
    pub now: Now,
    pub settings: Settings,
    healer: Healer,
    pub pods: BTreeMap<Key, PodFact>,
    versions: BTreeMap<Key, u64>,
    pub nodes: BTreeMap<Text, NodeFact>,
    pub silent: BTreeSet<Text>,
    /// The last renewal of each node's Lease, in milliseconds.
    renewals: BTreeMap<Text, u64>,
    pub looks: BTreeMap<Text, KubeletLook>,
    pub workloads: BTreeMap<(Kind, Key), WorkloadFact>,
    pub namespaces: BTreeMap<Text, Marks>,
    pub recoveries: BTreeMap<Text, Recovery>,
    /// Pods whose eviction a disruption budget refuses.
    pub budget: BTreeSet<Text>,
    /// Pods whose eviction a webhook refuses.
    pub refused: BTreeSet<Text>,
    /// Whether controllers replace pods, and whether the replacements become ready.
    pub replaces: bool,
    pub heals: bool,
    /// Answers of the message receiver, first in first out; then it accepts.
    pub receiver: VecDeque<Outcome>,
    pub told: Vec<String>,
    /// Kinds whose watch is silent.
    pub mute: BTreeSet<WatchKind>,
    later: BTreeMap<(u64, u64), Event>,
    births: BTreeMap<(u64, u64), PodFact>,
    outcomes: VecDeque<(EffectId, Outcome)>,
    beat: u64,
    counter: u64,
    pub crash: Option<Crash>,
    /// Whether the API server takes no record.
    pub store_down: bool,
    /// Records that were ever stored.
    recorded: BTreeSet<Text>,
    sent: usize,
    /// Every effect except what is only told, in words.
    pub verbs: Vec<String>,
    /// Turns taken so far.
    pub turns: usize,
    /// `(milliseconds, what)` of every write to the cluster.
    pub log: Vec<(u64, String)>,
    pub happened: Vec<String>,
}

impl World {
    /// A cluster with these nodes, watched by a controller that just became leader.
    pub fn new(nodes: &[&str], settings: Settings) -> Self {
        let mut world = Self {
            now: Now { tick: Tick(0), stamp: Stamp(EPOCH) },
            healer: Healer::new(settings.clone()),
            settings,
            pods: BTreeMap::new(),
            versions: BTreeMap::new(),
            nodes: BTreeMap::new(),
            silent: BTreeSet::new(),
            renewals: BTreeMap::new(),
            looks: BTreeMap::new(),
            workloads: BTreeMap::new(),
            namespaces: BTreeMap::from([(Text::from(SHOP), Marks::default())]),
            recoveries: BTreeMap::new(),
            budget: BTreeSet::new(),
            refused: BTreeSet::new(),
            replaces: true,
            heals: true,
            receiver: VecDeque::new(),
            told: Vec::new(),
            mute: BTreeSet::new(),
            later: BTreeMap::new(),
            births: BTreeMap::new(),
            outcomes: VecDeque::new(),
            beat: BEAT,
            counter: 0,
            crash: None,
            store_down: false,
            recorded: BTreeSet::new(),
            sent: 0,
            verbs: Vec::new(),
            turns: 0,
            log: Vec::new(),
            happened: Vec::new(),
        };
        for name in nodes {
            world.nodes.insert(Text::from(*name), node(name));
        }
        world.restart();
        world
    }

    /// A new process: it lists everything and leads.
    pub fn restart(&mut self) {
        self.healer = Healer::new(self.settings.clone());
        self.outcomes.clear();
        // The lists hold what the old process's watches were about to show.
        self.later.clear();
        let mut events = Vec::new();
        for kind in WatchKind::ALL {
            events.push(Event::Watch(*kind, WatchState::ListStarted));
            events.extend(self.listed(*kind));
            events.push(Event::Watch(*kind, WatchState::Synced));
        }
        events.push(Event::Leading(true));
        self.turn(events);
    }

    fn listed(&self, kind: WatchKind) -> Vec<Event> {
        let workloads =
            |of: Kind| self.workloads.values().filter(move |w| w.kind == of).cloned().map(Event::Workload).collect();
        match kind {
            WatchKind::Pod => self.pods.values().cloned().map(Event::Pod).collect(),
            WatchKind::Node => self.nodes.values().cloned().map(Event::Node).collect(),
            WatchKind::Lease => self.nodes.keys().map(|name| Event::Lease(self.lease(name))).collect(),
            WatchKind::Namespace => self.namespaces.iter().map(|(name, marks)| namespace(name, *marks)).collect(),
            WatchKind::Deployment => workloads(Kind::Deployment),
            WatchKind::ReplicaSet => workloads(Kind::ReplicaSet),
            WatchKind::StatefulSet => workloads(Kind::StatefulSet),
            WatchKind::DaemonSet => workloads(Kind::DaemonSet),
            WatchKind::Job => workloads(Kind::Job),
            WatchKind::Recovery => self.recoveries.values().cloned().map(Box::new).map(Event::Recovery).collect(),
        }
    }

    fn lease(&self, node: &Text) -> LeaseFact {
        let renewed = self.renewals.get(node).copied().unwrap_or(0);
        LeaseFact { node: node.clone(), renewed: Stamp(EPOCH + renewed as i64), duration: Duration::from_secs(40) }
    }

    /// Lets time pass.
    pub fn run(&mut self, seconds: f64) {
        let end = self.now.tick.0 + (seconds * 1000.0) as u64;
        let mut turns = 0;
        while self.now.tick.0 < end {
            turns += 1;
            assert!(turns < 200_000, "the loop spins at {} ms; last: {:?}", self.now.tick.0, self.log.last());
            let wake = self.healer.next_wake().map_or(end, |tick| tick.0.max(self.now.tick.0 + 1));
            let event = self.later.keys().chain(self.births.keys()).map(|(at, _)| *at).min().unwrap_or(end);
            let outcome = if self.outcomes.is_empty() { end } else { self.now.tick.0 + TRIP };
            self.set_clock(wake.min(event).min(outcome).min(self.beat).min(end));
            let mut events = Vec::new();
            while let Some(entry) = self.births.first_entry().filter(|entry| entry.key().0 <= self.now.tick.0) {
                let pod = entry.remove();
                self.set_pod(pod);
            }
            while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= self.now.tick.0) {
                events.push(entry.remove());
            }
            if self.now.tick.0 >= self.beat {
                self.beat += BEAT;
                let alive = self.nodes.keys().filter(|name| !self.silent.contains(*name));
                self.renewals.extend(alive.map(|name| (name.clone(), self.now.tick.0)));
                events.extend(self.signs_of_life());
            }
            events.extend(self.outcomes.drain(..).map(|(id, outcome)| Event::Outcome(id, outcome)));
            self.turn(events);
        }
    }

    fn set_clock(&mut self, tick: u64) {
        self.now = Now { tick: Tick(tick), stamp: Stamp(EPOCH + tick as i64) };
    }

    fn signs_of_life(&self) -> Vec<Event> {
        let alive = WatchKind::ALL.iter().filter(|kind| !self.mute.contains(kind));
        let beating =
            self.nodes.keys().filter(|name| !self.silent.contains(*name) && !self.mute.contains(&WatchKind::Lease));
        let leases = beating.map(|name| Event::Lease(self.lease(name)));
        alive.map(|kind| Event::Watch(*kind, WatchState::Alive)).chain(leases).collect()
    }

    /// Gives the core events now.
    pub fn turn(&mut self, events: Vec<Event>) {
        let mut deposed = false;
        let effects = self.healer.turn(self.now, events);
        self.turns += 1;
        assert!(self.healer.next_wake().is_none_or(|wake| wake > self.now.tick), "a wake-up that is over already");
        for effect in effects {
            if matches!(effect.verb, Verb::Happened(_)) {
                self.perform(&effect);
                continue;
            }
            if deposed {
                self.outcomes.push_back((effect.id, Outcome::NotLeading));
                continue;
            }
            self.sent += 1;
            self.verbs.push(effect.verb.to_string());
            if self.crash == Some(Crash::Before(self.sent)) {
                self.crash = None;
                return self.restart();
            }
            if self.crash == Some(Crash::Lost(self.sent)) {
                self.crash = None;
                self.outcomes.push_back((effect.id, Outcome::Unknown { message: "no answer in time".into() }));
                continue;
            }
            if self.crash == Some(Crash::Busy(self.sent)) {
                self.crash = None;
                let message = "the API server is busy".into();
                self.outcomes.push_back((effect.id, Outcome::TryLater { after: None, budget: false, message }));
                continue;
            }
            let mut outcome = self.perform(&effect);
            if self.crash == Some(Crash::Mute(self.sent)) {
                self.crash = None;
                outcome = Outcome::Unknown { message: "no answer in time".into() };
            }
            if self.crash == Some(Crash::Deposed(self.sent)) {
                self.crash = None;
                deposed = true;
            }
            if self.crash == Some(Crash::After(self.sent)) {
                self.crash = None;
                return self.restart();
            }
            self.outcomes.push_back((effect.id, outcome));
        }
        if deposed {
            self.turn(vec![Event::Leading(false), Event::Leading(true)]);
        }
    }

    /// Effects sent so far, for a sweep over all moments of a crash.
    pub fn sent(&self) -> usize {
        self.sent
    }

    fn note(&mut self, what: String) {
        self.log.push((self.now.tick.0, what));
    }

    /// A change that the watch shows after `after_ms`.
    pub fn show(&mut self, after_ms: u64, event: Event) {
        self.counter += 1;
        self.later.insert((self.now.tick.0 + after_ms, self.counter), event);
    }

    fn perform(&mut self, effect: &Effect) -> Outcome {
        let done = || Outcome::Done(Answer::Nothing);
        let recorded = self.recorded.contains(&effect.recovery);
        assert!(!effect.verb.is_destructive() || recorded, "{} comes before its record", effect.verb);
        match &effect.verb {
            Verb::CreateRecovery(_) | Verb::SaveStatus { .. } if self.store_down => {
                Outcome::TryLater { after: None, budget: false, message: "etcdserver: request timed out".into() }
            }
            Verb::ReadRecoveries => Outcome::Done(Answer::Recoveries(self.recoveries.values().cloned().collect())),
            Verb::CreateRecovery(recovery) => self.create_record(recovery),
            Verb::SaveStatus { status, resource_version, .. } => {
                let Some(stored) = self.recoveries.get_mut(&effect.recovery) else { return Outcome::Gone };
                if stored.resource_version != *resource_version {
                    return Outcome::TryLater { after: None, budget: false, message: "conflict".into() };
                }
                stored.status = (**status).clone();
                self.stored(&effect.recovery)
            }
            Verb::DeleteRecovery { .. } => {
                self.recoveries.remove(&effect.recovery);
                self.show(TRIP, Event::RecoveryGone(effect.recovery.clone()));
                done()
            }
            Verb::LookAtPod(target) => self.look(target),
            Verb::LookAtNode(target) => match self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid) {
                Some(fact) => {
                    let view = NodeView { fact: fact.clone(), lease: Some(self.lease(&target.key.name)) };
                    Outcome::Done(Answer::Node(Box::new(view)))
                }
                None => Outcome::Gone,
            },
            Verb::ListPods { node } => {
                let on_node = self.pods.values().filter(|pod| pod.node.as_ref() == Some(node));
                Outcome::Done(Answer::Pods(on_node.cloned().collect()))
            }
            Verb::LookAtKubelet { node, .. } => {
                Outcome::Done(Answer::Kubelet(self.looks.get(node).copied().unwrap_or(KubeletLook::Answers)))
            }
            Verb::Cordon(target) => self.cordon(target, &effect.recovery),
            Verb::Uncordon(target) => self.uncordon(target, &effect.recovery),
            Verb::TaintSuspect { node } => self.taint(node, &effect.recovery),
            Verb::UntaintSuspect { node } => self.untaint(node, &effect.recovery),
            Verb::Evict(target) if self.budget.contains(&target.key.name) => {
                self.note(format!("blocked {}", target.key));
                let message = "Cannot evict pod as it would violate the pod's disruption budget web-pdb.";
                Outcome::TryLater { after: None, budget: true, message: message.into() }
            }
            Verb::Evict(target) if self.refused.contains(&target.key.name) => {
                self.note(format!("refused {}", target.key));
                Outcome::Refused { message: "admission webhook \"keep\" denied the request".into() }
            }
            Verb::Evict(target) => self.remove_pod("evict", target, None),
            Verb::DeletePod { target, resource_version } => self.remove_pod("delete", target, Some(resource_version)),
            Verb::CreatePod { manifest } => self.create_pod(manifest),
            Verb::Tell { key, channel, .. } => {
                let outcome = self.receiver.pop_front().unwrap_or(Outcome::Done(Answer::Nothing));
                self.told.push(format!(
                    "{channel} {key} {}",
                    if outcome == Outcome::Done(Answer::Nothing) { "ok" } else { "no" }
                ));
                outcome
            }
            Verb::Happened(happening) => {
                self.happened.push(format!("{}: {}", happening.what.as_str(), happening.note));
                done()
            }
        }
    }

    fn create_record(&mut self, recovery: &Recovery) -> Outcome {
        if let Some(known) = self.recoveries.get(&recovery.name) {
            return Outcome::Done(Answer::Exists(Box::new(known.clone())));
        }
        self.counter += 1;
        let mut stored = recovery.clone();
        stored.uid = Text::from(format!("record-{}", self.counter));
        // The API server takes no status on create.
        stored.status.attempts.clear();
        stored.status.evidence.clear();
        stored.status.notifications.clear();
        stored.status.phase = Some(Phase::Pending);
        self.recorded.insert(recovery.name.clone());
        self.recoveries.insert(recovery.name.clone(), stored);
        self.stored(&recovery.name)
    }

    fn stored(&mut self, name: &Text) -> Outcome {
        self.counter += 1;
        let version = Text::from(self.counter.to_string());
        let Some(stored) = self.recoveries.get_mut(name) else { return Outcome::Gone };
        stored.resource_version = version.clone();
        let (uid, event) = (stored.uid.clone(), Event::Recovery(Box::new(stored.clone())));
        self.show(TRIP * 2, event);
        Outcome::Done(Answer::Stored { uid, resource_version: version })
    }

    /// Changes a record as a person does.
    pub fn edit(&mut self, change: impl Fn(&mut Recovery)) {
        let names: Vec<Text> = self.recoveries.keys().cloned().collect();
        for name in names {
            self.recoveries.entry(name.clone()).and_modify(&change);
            self.stored(&name);
        }
    }

    /// A person deletes every record, and the watch is faster to say so than the answers that are on their way.
    pub fn forget_records(&mut self) {
        self.later.retain(|_, event| !matches!(event, Event::Recovery(_)));
        let gone = std::mem::take(&mut self.recoveries).into_keys();
        self.turn(gone.map(Event::RecoveryGone).collect());
    }

    fn look(&mut self, target: &Target) -> Outcome {
        let Some(pod) = self.pods.get(&target.key).filter(|pod| pod.uid == target.uid) else { return Outcome::Gone };
        let manifest = pod.owner.is_none().then(|| format!("{}/{}", pod.key.namespace, pod.key.name));
        let version = self.version(&target.key);
        let fact = self.pods[&target.key].clone();
        Outcome::Done(Answer::Pod(Box::new(PodView { fact, resource_version: version, manifest })))
    }

    fn version(&self, key: &Key) -> Text {
        Text::from(self.versions.get(key).copied().unwrap_or(0).to_string())
    }

    fn remove_pod(&mut self, verb: &str, target: &Target, version: Option<&Text>) -> Outcome {
        let Some(pod) = self.pods.get(&target.key).filter(|pod| pod.uid == target.uid).cloned() else {
            return Outcome::Gone;
        };
        if version.is_some_and(|version| *version != self.version(&target.key)) {
            return Outcome::TryLater { after: None, budget: false, message: "conflict".into() };
        }
        assert!(!pod.terminating(), "{verb} of {} which is being deleted already", target.key);
        self.note(format!("{verb} {}", target.key));
        let mut going = pod.clone();
        let trouble = going.trouble.get_or_insert_default();
        trouble.deletion_due = Some(Stamp(self.now.stamp.0 + 30_000));
        self.set_pod(going);
        let dead = pod.node.as_ref().is_some_and(|node| self.silent.contains(node));
        if !dead {
            self.pods.remove(&pod.key);
            self.show(500, Event::PodGone(pod.key.clone()));
        }
        self.replace(&pod);
        Outcome::Done(Answer::Nothing)
    }

    /// The controller of a pod that is gone makes another.
    pub fn replace(&mut self, pod: &PodFact) {
        let Some(owner) = pod.owner.clone().filter(|_| self.replaces) else { return };
        let node = self.nodes.values().find(|node| !node.unschedulable && !self.silent.contains(&node.name));
        let Some(node) = node.map(|node| node.name.clone()) else { return };
        self.counter += 1;
        let stateful = owner.kind == Kind::StatefulSet;
        let name = if stateful { pod.key.name.to_string() } else { format!("{}-{}", owner.name, self.counter) };
        let mut next = ready_pod(&name, &node, Some(owner));
        next.uid = Text::from(format!("{name}-{}", self.counter));
        next.created = Stamp(self.now.stamp.0 + 600);
        next.marks = pod.marks;
        if !self.heals {
            next.ready = false;
            next.trouble = Some(Box::default());
        }
        self.births.insert((self.now.tick.0 + 1000, self.counter), next);
    }

    fn create_pod(&mut self, manifest: &str) -> Outcome {
        let (namespace, name) = manifest.split_once('/').unwrap();
        let key = Key::new(namespace, name);
        if !self.pods.contains_key(&key) {
            self.note(format!("create {key}"));
            self.counter += 1;
            let mut pod = ready_pod(name, "n2", None);
            pod.uid = Text::from(format!("{name}-{}", self.counter));
            pod.created = self.now.stamp;
            self.set_pod(pod);
        }
        Outcome::Done(Answer::Created(key))
    }

    fn cordon(&mut self, target: &Target, owner: &Text) -> Outcome {
        let Some(node) = self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid) else {
            return Outcome::Gone;
        };
        if node.unschedulable && node.owner != *owner {
            return Outcome::Refused { message: "already cordoned by somebody else".into() };
        }
        let mut node = node.clone();
        (node.unschedulable, node.owner) = (true, owner.clone());
        self.note(format!("cordon {}", node.name));
        self.set_node(node);
        Outcome::Done(Answer::Nothing)
    }

    fn uncordon(&mut self, target: &Target, owner: &Text) -> Outcome {
        if let Some(mut node) = self.nodes.get(&target.key.name).filter(|node| node.owner == *owner).cloned() {
            (node.unschedulable, node.owner) = (false, Text::from(""));
            self.note(format!("uncordon {}", node.name));
            self.set_node(node);
        }
        Outcome::Done(Answer::Nothing)
    }

    fn taint(&mut self, name: &Text, owner: &Text) -> Outcome {
        let Some(mut node) = self.nodes.get(name).cloned() else { return Outcome::Gone };
        if !node.taints.iter().any(|taint| &*taint.key == "self-healing.dev/suspect") {
            let (key, effect) = (Text::from("self-healing.dev/suspect"), Text::from("PreferNoSchedule"));
            node.taints.push(Taint { key, value: owner.clone(), effect });
            self.note(format!("taint {name}"));
            self.set_node(node);
        }
        Outcome::Done(Answer::Nothing)
    }

    fn untaint(&mut self, name: &Text, owner: &Text) -> Outcome {
        let ours = |node: &&NodeFact| node.taints.iter().any(|taint| taint.value == *owner);
        if let Some(mut node) = self.nodes.get(name).filter(ours).cloned() {
            node.taints.retain(|taint| taint.value != *owner);
            self.note(format!("untaint {name}"));
            self.set_node(node);
        }
        Outcome::Done(Answer::Nothing)
    }

    /// A pod changes, and the watch says so.
    pub fn set_pod(&mut self, pod: PodFact) {
        *self.versions.entry(pod.key.clone()).or_default() += 1;
        self.pods.insert(pod.key.clone(), pod.clone());
        self.show(TRIP, Event::Pod(pod));
    }

    /// Somebody deletes every record.
    pub fn lose_records(&mut self) {
        for name in std::mem::take(&mut self.recoveries).into_keys() {
            self.show(TRIP, Event::RecoveryGone(name));
        }
    }

    /// A node is deleted, and the watch says so.
    pub fn lose_node(&mut self, name: &str) {
        self.nodes.remove(name);
        self.show(TRIP, Event::NodeGone(Text::from(name)));
    }

    /// A node changes, and the watch says so.
    pub fn set_node(&mut self, node: NodeFact) {
        self.nodes.insert(node.name.clone(), node.clone());
        self.show(TRIP, Event::Node(node));
    }
}

fn namespace(name: &Text, marks: Marks) -> Event {
    Event::Namespace(NamespaceFact { name: name.clone(), marks })
}

/// A node that has been Ready for a day.
pub fn node(name: &str) -> NodeFact {
    NodeFact {
        name: Text::from(name),
        uid: Text::from(format!("{name}-uid")),
        created: Stamp(EPOCH - 86_400_000),
        conditions: vec![condition("Ready", ConditionStatus::True, EPOCH - 86_400_000)],
        unschedulable: false,
        taints: Vec::new(),
        owner: Text::from(""),
        kubelet: Some((Text::from("127.0.0.1"), 10250)),
        marks: Marks::default(),
        zone: Text::from("a"),
    }
}

pub fn condition(kind: &str, status: ConditionStatus, at: i64) -> NodeCondition {
    NodeCondition {
        kind: Text::from(kind),
        status,
        reason: Text::from("Test"),
        changed: Stamp(at),
        heartbeat: Stamp(at),
    }
}

/// A pod that runs and is ready.
pub fn ready_pod(name: &str, node: &str, owner: Option<Arc<Owner>>) -> PodFact {
    PodFact {
        key: Key::new(SHOP, name),
        uid: Text::from(format!("{name}-uid")),
        node: Some(Text::from(node)),
        owner,
        created: Stamp(EPOCH - 3_600_000),
        phase: PodPhase::Running,
        ready: true,
        marks: Marks::default(),
        priority: 0,
        trouble: None,
    }
}
