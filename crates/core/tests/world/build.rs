//! Short words for building clusters and breaking them.

use super::{EPOCH, Replace, Truth, World};
use self_healing_core::event::Event;
use self_healing_core::fact::{
    ConditionStatus, ContainerFact, Exit, Marks, NodeCondition, NodeFact, Owner, PodFact, PodPhase, PodTrouble, Taint,
    WorkloadFact,
};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::settings::Settings;
use self_healing_core::time::Stamp;
use std::sync::Arc;

/// The contract's defaults.
pub(crate) fn defaults() -> Settings {
    Settings::default()
}

/// The defaults with one change.
pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = defaults();
    change(&mut settings);
    settings
}

/// A running, ready pod without a controller.
pub(crate) fn pod(namespace: &str, name: &str, node: &str) -> PodFact {
    PodFact {
        key: Key::new(namespace, name),
        uid: Text::from(format!("uid-{name}")),
        node: Some(Text::from(node)),
        owner: None,
        created: Stamp(EPOCH - 3_600_000),
        phase: PodPhase::Running,
        ready: true,
        marks: Marks::default(),
        priority: 0,
        trouble: None,
    }
}

/// Puts our suspect taint on a node fact.
pub(crate) fn add_suspect(node: &mut NodeFact, recovery: &Text) {
    if !node.taints.iter().any(|taint| &*taint.key == "self-healing.dev/suspect") {
        node.taints.push(Taint {
            key: Text::from("self-healing.dev/suspect"),
            value: recovery.clone(),
            effect: Text::from("PreferNoSchedule"),
        });
    }
}

impl Truth {
    /// A Ready node, an hour old, that beats.
    pub(crate) fn add_node(&mut self, name: &str) {
        let node = NodeFact {
            name: Text::from(name),
            uid: Text::from(format!("uid-{name}")),
            created: Stamp(EPOCH - 3_600_000),
            conditions: vec![condition("Ready", ConditionStatus::True, Stamp(EPOCH - 3_600_000))],
            unschedulable: false,
            taints: Vec::new(),
            owner: Text::from(""),
            kubelet: Some((Text::from("10.0.0.1"), 10250)),
            marks: Marks::default(),
            zone: Text::from(""),
        };
        self.nodes.insert(node.name.clone(), node.clone());
        self.news.push(Event::Node(node.clone()));
        self.beat(node.name);
    }

    /// Sets a condition of a node now.
    pub(crate) fn set_condition(&mut self, node: &str, kind: &str, status: ConditionStatus) {
        let now = self.stamp();
        self.edit_node(node, |node| {
            node.conditions.retain(|condition| &*condition.kind != kind);
            node.conditions.push(condition(kind, status, now));
        });
    }

    /// A controller of `kind` named `name` with one pod per entry of `nodes`, named `name-0`, `name-1` and so on.
    /// A lost pod is replaced at once, and the new one is ready three seconds later.
    pub(crate) fn add_workload(&mut self, kind: Kind, name: &str, nodes: &[&str]) {
        let uid = Text::from(format!("uid-{name}"));
        self.replace.insert(Text::from(name), Replace { after: Some(100), ready: Some(3000) });
        let fact = WorkloadFact {
            kind: kind.clone(),
            key: Key::new("default", name),
            uid: uid.clone(),
            owner: None,
            desired: (kind != Kind::Job).then(|| u32::try_from(nodes.len()).unwrap()),
            ready: 0,
            observed: true,
            marks: Marks::default(),
        };
        self.workloads.insert(fact.key.clone(), fact.clone());
        self.news.push(Event::Workload(fact));
        let owner = Arc::new(Owner { kind, name: Text::from(name), uid });
        for (number, node) in nodes.iter().enumerate() {
            let mut pod = pod("default", &format!("{name}-{number}"), node);
            pod.owner = Some(owner.clone());
            self.put(pod);
        }
    }

    /// The target of a pod in `default`.
    pub(crate) fn pod(&self, name: &str) -> Target {
        self.pods[&Key::new("default", name)].0.target()
    }

    /// Changes a pod in `default`.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut PodFact)) {
        let target = self.pod(name);
        self.edit(&target, change);
    }

    /// The pod ends for good.
    pub(crate) fn fail(&mut self, name: &str) {
        self.change(name, |pod| {
            (pod.phase, pod.ready) = (PodPhase::Failed, false);
            pod.trouble = Some(Box::new(PodTrouble { reason: "Evicted".into(), ..PodTrouble::default() }));
        });
    }

    /// The pod runs and is not ready.
    pub(crate) fn unready(&mut self, name: &str) {
        let now = self.stamp();
        self.change(name, |pod| {
            pod.ready = false;
            pod.trouble = Some(Box::new(PodTrouble { ready_changed: Some(now), ..PodTrouble::default() }));
        });
    }

    /// The pod is well again.
    pub(crate) fn heal(&mut self, name: &str) {
        self.change(name, |pod| (pod.phase, pod.ready, pod.trouble) = (PodPhase::Running, true, None));
    }

    /// The pod's container has restarted so often and is down.
    pub(crate) fn crash_loop(&mut self, name: &str, restarts: u32) {
        let container = ContainerFact {
            name: "app".into(),
            restarts,
            waiting: "CrashLoopBackOff".into(),
            exit: Some(Exit { code: 1, reason: "Error".into() }),
            ..ContainerFact::default()
        };
        self.unready(name);
        self.change(name, |pod| pod.trouble.as_mut().unwrap().containers = vec![container]);
    }

    /// The pod's container waits for `reason`.
    pub(crate) fn waits_for(&mut self, name: &str, reason: &str) {
        let container = ContainerFact { name: "app".into(), waiting: reason.into(), ..ContainerFact::default() };
        self.unready(name);
        self.change(name, |pod| {
            pod.phase = PodPhase::Pending;
            pod.trouble.as_mut().unwrap().containers = vec![container];
        });
    }

    /// The node loses its power.
    pub(crate) fn kill(&mut self, node: &str) {
        self.dead.insert(Text::from(node));
    }

    /// The workload of that name.
    pub(crate) fn edit_workload(&mut self, name: &str, change: impl FnOnce(&mut WorkloadFact)) {
        let workload = self.workloads.get_mut(&Key::new("default", name)).unwrap();
        change(workload);
        self.news.push(Event::Workload(workload.clone()));
    }
}

fn condition(kind: &str, status: ConditionStatus, at: Stamp) -> NodeCondition {
    NodeCondition { kind: Text::from(kind), status, reason: Text::from("Told"), changed: at, heartbeat: at }
}

/// Three nodes, a Deployment `web` with two pods on n1 and n2.
pub(crate) fn small(settings: Settings) -> World {
    let mut world = World::new(settings, 3);
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n2"]);
    world.start()
}
