//! Who takes part in a story, and what befalls them.

use crate::world::{SHOP, World, condition, ready_pod};
use self_healing_core::fact::*;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::Phase;
use self_healing_core::recovery::Recovery;
use self_healing_core::settings::Settings;
use self_healing_core::time::Stamp;
use std::sync::Arc;
use std::time::Duration;

/// Defaults with a node concurrency that small clusters can show.
pub fn settings() -> Settings {
    Settings::default()
}

/// Checks every second, so that stories are short.
pub fn quick() -> Settings {
    let second = Duration::from_secs(1);
    Settings {
        node_check_interval: second,
        pod_check_interval: second,
        sweep: second,
        settle_period: second,
        ..settings()
    }
}

/// Deployment `web` with two pods on the first of three nodes.
pub fn shop() -> World {
    let mut world = World::new(&["n1", "n2", "n3"], settings());
    world.deployment("web", 2, "n1");
    world.run(1.0);
    world
}

fn owner(kind: Kind, name: &str) -> Arc<Owner> {
    Arc::new(Owner { kind, name: Text::from(name), uid: Text::from(format!("{name}-uid")) })
}

impl World {
    /// A Deployment with its ReplicaSet and ready pods `NAME-1…`, all on `node`.
    pub fn deployment(&mut self, name: &str, replicas: u32, node: &str) {
        let set = format!("{name}-rs");
        self.workload(Kind::Deployment, name, replicas, None);
        self.workload(Kind::ReplicaSet, &set, replicas, Some(owner(Kind::Deployment, name)));
        for number in 1..=replicas {
            self.set_pod(ready_pod(&format!("{name}-{number}"), node, Some(owner(Kind::ReplicaSet, &set))));
        }
        self.restart();
    }

    /// A controller of another kind with ready pods `NAME-1…`.
    pub fn controlled(&mut self, kind: Kind, name: &str, replicas: u32, node: &str) {
        self.workload(kind.clone(), name, replicas, None);
        for number in 1..=replicas {
            self.set_pod(ready_pod(&format!("{name}-{number}"), node, Some(owner(kind.clone(), name))));
        }
        self.restart();
    }

    fn workload(&mut self, kind: Kind, name: &str, replicas: u32, above: Option<Arc<Owner>>) {
        let fact = WorkloadFact {
            kind: kind.clone(),
            key: Key::new(SHOP, name),
            uid: Text::from(format!("{name}-uid")),
            owner: above,
            desired: (kind != Kind::Job).then_some(replicas),
            ready: replicas,
            observed: true,
            marks: Marks::default(),
        };
        self.workloads.insert((kind, fact.key.clone()), fact);
    }

    /// A pod without controller.
    pub fn bare_pod(&mut self, name: &str, node: &str) {
        self.set_pod(ready_pod(name, node, None));
        self.run(1.0);
    }

    pub fn change_pod(&mut self, name: &str, change: impl FnOnce(&mut PodFact)) {
        let mut pod = self.pods[&Key::new(SHOP, name)].clone();
        change(&mut pod);
        self.set_pod(pod);
    }

    pub fn change_node(&mut self, name: &str, change: impl FnOnce(&mut NodeFact)) {
        let mut node = self.nodes[name].clone();
        change(&mut node);
        self.set_node(node);
    }

    pub fn fail(&mut self, name: &str) {
        self.change_pod(name, |pod| {
            (pod.phase, pod.ready) = (PodPhase::Failed, false);
            pod.trouble = Some(Box::default());
        });
    }

    /// A container that is down after so many restarts.
    pub fn crash_loop(&mut self, name: &str, restarts: u32) {
        let exit = Some(Exit { code: 1, reason: "Error".into() });
        let waiting = "CrashLoopBackOff".to_owned();
        self.trouble(name, ContainerFact { name: "main".into(), restarts, waiting, exit, ..Default::default() });
    }

    pub fn waits(&mut self, name: &str, reason: &str) {
        self.trouble(name, ContainerFact { name: "main".into(), waiting: reason.into(), ..Default::default() });
    }

    /// Runs without being ready.
    pub fn not_ready(&mut self, name: &str) {
        self.trouble(name, ContainerFact { name: "main".into(), ..Default::default() });
    }

    fn trouble(&mut self, name: &str, container: ContainerFact) {
        let changed = Some(self.now.stamp);
        self.change_pod(name, |pod| {
            pod.ready = false;
            pod.trouble = Some(Box::new(PodTrouble {
                ready_changed: changed,
                containers: vec![container],
                ..Default::default()
            }));
        });
    }

    pub fn recover(&mut self, name: &str) {
        self.change_pod(name, |pod| {
            (pod.phase, pod.ready, pod.trouble) = (PodPhase::Running, true, None);
        });
    }

    /// A pod that is gone without our doing.
    pub fn vanish(&mut self, name: &str) {
        let key = Key::new(SHOP, name);
        let pod = self.pods.remove(&key).unwrap();
        self.show(5, self_healing_core::event::Event::PodGone(key));
        self.replace(&pod);
    }

    /// Controllers make what is missing.
    pub fn complete(&mut self) {
        for workload in self.workloads.values().cloned().collect::<Vec<_>>() {
            let owned = |pod: &&PodFact| pod.owner.as_ref().is_some_and(|owner| owner.uid == workload.uid);
            let (known, top) = (self.pods.values().filter(owned).count(), workload.kind != Kind::Deployment);
            for number in known..workload.desired.filter(|_| top).unwrap_or(0) as usize {
                let name = format!("{}-new-{number}", workload.key.name);
                self.set_pod(ready_pod(&name, "n1", Some(owner(workload.kind.clone(), &workload.key.name))));
            }
        }
    }

    /// The pod that runs in place of an earlier one of that controller.
    pub fn replacement(&self, of: &str) -> String {
        let found = self.pods.keys().rev().find(|key| key.name.starts_with(of));
        found.unwrap_or_else(|| panic!("no pod of {of}")).name.to_string()
    }

    /// A node condition changes.
    pub fn node_says(&mut self, name: &str, kind: &str, status: ConditionStatus) {
        let now = self.now.stamp.0;
        self.change_node(name, |node| {
            node.conditions.retain(|known| &*known.kind != kind);
            node.conditions.push(condition(kind, status, now));
        });
    }

    /// The machine gives no more sign of life, and `look` is what its kubelet's port shows.
    pub fn silence(&mut self, name: &str, look: self_healing_core::effect::KubeletLook) {
        self.silent.insert(Text::from(name));
        self.looks.insert(Text::from(name), look);
    }

    /// Every write to the cluster, without times.
    pub fn writes(&self) -> Vec<&str> {
        self.log.iter().map(|(_, what)| what.as_str()).collect()
    }

    /// When something was first done, in seconds.
    pub fn when(&self, what: &str) -> f64 {
        let found = self.log.iter().find(|(_, done)| done == what);
        found.map(|(at, _)| *at as f64 / 1000.0).unwrap_or_else(|| panic!("{what} was not done: {:?}", self.writes()))
    }

    pub fn count(&self, what: &str) -> usize {
        self.log.iter().filter(|(_, done)| done.starts_with(what)).count()
    }

    /// The only Recovery about an object of that name.
    pub fn recovery(&self, target: &str) -> &Recovery {
        let mut found = self.recoveries.values().filter(|recovery| &*recovery.spec.target.key.name == target);
        let first = found.next().unwrap_or_else(|| panic!("no Recovery of {target}: {:?}", self.recoveries.keys()));
        assert!(found.next().is_none(), "more than one Recovery of {target}");
        first
    }

    pub fn phase(&self, target: &str) -> Phase {
        self.recovery(target).status.phase.unwrap()
    }

    /// The name of the guard that holds the Recovery, and its words.
    pub fn held(&self, target: &str) -> (&'static str, &str) {
        let hold =
            self.recovery(target).held_by().unwrap_or_else(|| panic!("{:?} is not held", self.recovery(target).status));
        (hold.name.as_str(), &hold.reason)
    }

    /// The reasons of all happenings, in order.
    pub fn announced(&self) -> Vec<&str> {
        self.happened.iter().filter_map(|line| line.split(':').next()).collect()
    }

    /// Whether any mark of ours is left on a node.
    pub fn is_marked(&self) -> bool {
        self.nodes
            .values()
            .any(|node| !node.owner.is_empty() || node.taints.iter().any(|t| &*t.key == "self-healing.dev/suspect"))
    }

    pub fn mark_workload(&mut self, kind: Kind, name: &str, marks: Marks) {
        self.workloads.get_mut(&(kind, Key::new(SHOP, name))).unwrap().marks = marks;
        self.restart();
    }

    pub fn with(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        let event = self_healing_core::event::Event::Settings(Box::new(self.settings.clone()));
        self.turn(vec![event]);
    }

    pub fn stamp(&self, seconds_from_now: i64) -> Stamp {
        Stamp(self.now.stamp.0 + seconds_from_now * 1000)
    }
}
