//! A town of nodes and pods, as the core sees it.

use self_healing_core::effect::{Answer, Effect, EffectId, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{
    Amount, Capacity, Condition, ConditionStatus, ContainerFact, Exit, Labels, LeaseFact, Marks, NodeFact, Owner,
    PodFact, PodPhase, PodTrouble, Rollout, WorkloadFact,
};
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::WatchKind;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The size that the controller is made for.
pub(crate) const LARGE: Size = Size { nodes: 5000, pods: 150_000 };
/// Pods of each workload.
const REPLICAS: usize = 20;
/// Pods that change: every so manieth, so that they are far from each other.
const CHANGING: usize = 10_000;
const NAMESPACES: usize = 200;
const EPOCH: i64 = 1_800_000_000_000;

/// How many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) nodes: usize,
    pub(crate) pods: usize,
}

pub(crate) struct Town {
    size: Size,
    healer: Healer,
    now: Now,
    /// Those that change.
    pods: Vec<PodFact>,
    version: u64,
}

impl Town {
    /// Everything listed, led and settled.
    pub(crate) fn built(size: Size) -> Self {
        let now = Now { tick: Tick(1000), stamp: Stamp(EPOCH) };
        let pods = (0..size.pods).step_by(size.pods.div_ceil(CHANGING)).map(|number| pod(number, size)).collect();
        let mut town = Self { size, healer: Healer::new(settings()), now, pods, version: 0 };
        let list = |kind: WatchKind| Event::Watch(kind, WatchState::ListStarted);
        let mut events: Vec<Event> = WatchKind::ALL.iter().map(|kind| list(*kind)).collect();
        events.push(Event::Leading(true));
        events.extend((0..size.nodes).map(|number| Event::Node(node(number))));
        events.extend((0..size.nodes).map(|number| Event::Lease(lease(number, town.now))));
        events.extend((0..size.pods / REPLICAS).flat_map(workloads));
        town.turn(events);
        town.list(size.pods);
        town.turn(WatchKind::ALL.iter().map(|kind| Event::Watch(*kind, WatchState::Synced)).collect());
        // Everybody beats once, so that everybody is known to live.
        for _ in 0..8 {
            town.pass();
        }
        town
    }

    /// Lists the pods in pages, as the watch does.
    fn list(&mut self, pods: usize) {
        const PAGE: usize = 500;
        // Owners and nodes are kept once, as the watch keeps them.
        let nodes: Vec<Text> = (0..self.size.nodes).map(|number| text("node", number)).collect();
        let namespaces: Vec<Text> = (0..NAMESPACES).map(|number| text("namespace", number)).collect();
        let mut owner = Arc::new(Owner { kind: Kind::ReplicaSet, name: text("set", 0), uid: text("uid-set", 0) });
        for first in (0..pods).step_by(PAGE) {
            let page = (first..(first + PAGE).min(pods)).map(|number| {
                if number % REPLICAS == 0 {
                    let set = number / REPLICAS;
                    owner =
                        Arc::new(Owner { kind: Kind::ReplicaSet, name: text("set", set), uid: text("uid-set", set) });
                }
                let mut pod = pod(number, self.size);
                pod.owner = Some(owner.clone());
                pod.node = Some(nodes[number % nodes.len()].clone());
                pod.key.namespace = namespaces[number / REPLICAS % NAMESPACES].clone();
                Event::Pod(pod)
            });
            let page: Vec<Event> = page.collect();
            self.turn(page);
        }
    }

    /// Opens so many Recoveries, which are held because the controller is paused.
    pub(crate) fn trouble(&mut self, count: usize) {
        let failed = |number: usize| {
            let exit = Some(Exit { code: 1, reason: "Error".into() });
            let containers = vec![ContainerFact { name: "main".into(), exit, ..ContainerFact::default() }];
            let trouble = Some(Box::new(PodTrouble { containers, ..PodTrouble::default() }));
            PodFact { phase: PodPhase::Failed, ready: false, trouble, ..self.pods[number * 26 + 1].clone() }
        };
        let events: Vec<Event> = (0..count).map(|number| Event::Pod(failed(number))).collect();
        self.turn(events);
        self.turn(Vec::new());
    }

    /// A pod's status is written anew, with nothing in it that a rule reads.
    pub(crate) fn touch(&mut self, number: usize) {
        let pod = self.pods[self.somewhere(number)].clone();
        self.turn_at_once(Event::Pod(pod));
    }

    /// A pod ceases to be ready, or is ready again.
    pub(crate) fn flip(&mut self, number: usize) {
        let at = self.somewhere(number / 2);
        let ready = !self.pods[at].ready;
        let trouble = PodTrouble { ready_changed: Some(self.now.stamp), ..PodTrouble::default() };
        self.pods[at].ready = ready;
        self.pods[at].trouble = (!ready).then(|| Box::new(trouble));
        let pod = self.pods[at].clone();
        self.turn_at_once(Event::Pod(pod));
    }

    /// A place far from that of the number before; never a pod that failed.
    fn somewhere(&self, number: usize) -> usize {
        number * 7919 % (self.pods.len() / 2) * 2
    }

    /// A node's heartbeat.
    pub(crate) fn beat(&mut self, number: usize) {
        self.version += 1;
        let renewed = Stamp(EPOCH + i64::try_from(self.version).unwrap_or(0));
        self.turn_at_once(Event::Lease(LeaseFact { renewed, ..lease(number * 7919 % self.size.nodes, self.now) }));
    }

    /// The time of one look at everything: what a sweep does, and a changed configuration too.
    pub(crate) fn sweep(&mut self) -> Duration {
        self.pass();
        let event = Event::Settings(Box::new(settings()));
        let began = Instant::now();
        let effects = self.healer.turn(self.now, [event]);
        let taken = began.elapsed();
        self.answer(effects);
        taken
    }

    /// Ten seconds in which every node beats.
    fn pass(&mut self) {
        let later = Duration::from_secs(10);
        self.now = Now { tick: self.now.tick + later, stamp: Stamp(self.now.stamp.0 + 10_000) };
        let alive = WatchKind::ALL.iter().map(|kind| Event::Watch(*kind, WatchState::Alive));
        let beats = (0..self.size.nodes).map(|number| Event::Lease(lease(number, self.now)));
        self.turn(alive.chain(beats).collect());
    }

    fn turn_at_once(&mut self, event: Event) {
        let effects = self.healer.turn(self.now, [event]);
        if !effects.is_empty() {
            self.answer(effects);
        }
    }

    fn turn(&mut self, events: Vec<Event>) {
        let effects = self.healer.turn(self.now, events);
        self.answer(effects);
    }

    /// Every effect is done at once.
    fn answer(&mut self, mut effects: Vec<Effect>) {
        while !effects.is_empty() {
            let answers: Vec<Event> = effects.into_iter().filter_map(|effect| self.outcome(effect)).collect();
            effects = self.healer.turn(self.now, answers);
        }
    }

    fn outcome(&mut self, Effect { id, verb, .. }: Effect) -> Option<Event> {
        self.version += 1;
        let stored =
            |uid: Text, version: u64| Answer::Stored { uid, resource_version: Text::from(version.to_string()) };
        let answer = match verb {
            Verb::ReadRecoveries => Answer::Recoveries(Vec::new()),
            Verb::CreateRecovery(record) => stored(record.name.clone(), self.version),
            Verb::SaveStatus { uid, .. } => stored(uid, self.version),
            Verb::Happened(_) => return None,
            _ => Answer::Nothing,
        };
        Some(done(id, answer))
    }
}

/// Nothing is written, so that the town stays as it is.
fn settings() -> Settings {
    Settings { paused: true, ..Settings::default() }
}

fn done(id: EffectId, answer: Answer) -> Event {
    Event::Outcome(id, Outcome::Done(answer))
}

fn text(prefix: &str, number: usize) -> Text {
    Text::from(format!("{prefix}-{number:06}"))
}

fn node(number: usize) -> NodeFact {
    let stamp = Stamp(EPOCH - 86_400_000);
    let condition = |kind: &str, status| Condition {
        kind: Text::from(kind),
        status,
        reason: Text::from(""),
        changed: stamp,
        heartbeat: Stamp(EPOCH),
    };
    let healthy = ["MemoryPressure", "DiskPressure", "PIDPressure", "KernelDeadlock"];
    let healthy = healthy.map(|kind| condition(kind, ConditionStatus::False));
    let label = |label: usize| (text("example.com/label", label), text("value", number));
    NodeFact {
        name: text("node", number),
        uid: text("uid-node", number),
        created: stamp,
        conditions: [condition("Ready", ConditionStatus::True)].into_iter().chain(healthy).collect(),
        unschedulable: false,
        taints: Vec::new(),
        owner: Text::from(""),
        kubelet: Some((Text::from("10.0.0.1"), 10_250)),
        marks: Marks::default(),
        zone: text("zone", number % 3),
        capacity: Capacity { amount: Amount { cpu: 64_000, memory: 262_144 }, pods: 110 },
        provider_id: Text::from(""),
        fenced_by: Text::from(""),
        labels: Labels::new((0..15).map(label)),
    }
}

fn lease(number: usize, now: Now) -> LeaseFact {
    LeaseFact { node: text("node", number), renewed: now.stamp, duration: Duration::from_secs(40) }
}

fn workloads(number: usize) -> [Event; 2] {
    let fact = |kind: Kind, prefix: &str, owner| WorkloadFact {
        key: Key { namespace: text("namespace", number % NAMESPACES), name: text(prefix, number) },
        uid: text(&format!("uid-{prefix}"), number),
        kind,
        created: Stamp(EPOCH - 86_400_000),
        owner,
        desired: Some(REPLICAS as u32),
        ready: REPLICAS as u32,
        observed: true,
        marks: Marks::default(),
        marked_by: Text::default(),
        original_replicas: None,
        labels: Labels::default(),
        pod_labels: Labels::new([(Text::from("app"), text("app", number))]),
        conditions: Vec::new(),
        rollout: Some(Box::new(Rollout { revision: Text::from("1"), updated: REPLICAS as u32, ..Rollout::default() })),
    };
    let top = fact(Kind::Deployment, "app", None);
    let owner = Owner { kind: Kind::Deployment, name: top.key.name.clone(), uid: top.uid.clone() };
    let set = fact(Kind::ReplicaSet, "set", Some(Arc::new(owner)));
    [Event::Workload(top), Event::Workload(set)]
}

fn pod(number: usize, size: Size) -> PodFact {
    let set = number / REPLICAS;
    PodFact {
        key: Key { namespace: text("namespace", set % NAMESPACES), name: text("pod", number) },
        uid: text("uid-pod", number),
        node: Some(text("node", number % size.nodes)),
        owner: Some(Arc::new(Owner { kind: Kind::ReplicaSet, name: text("set", set), uid: text("uid-set", set) })),
        created: Stamp(EPOCH - 86_400_000),
        phase: PodPhase::Running,
        ready: true,
        marks: Marks::default(),
        priority: 0,
        requests: Amount { cpu: 100, memory: 128 },
        trouble: None,
    }
}
