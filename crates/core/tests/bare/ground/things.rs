//! From the things and settings of a story to a ground.

use super::truth::{Truth, condition};
use super::{EPOCH, Ground};
use self_healing_api::keys::{Given, Source, read};
use self_healing_api::marks::{CONTROL_PLANE, ZONE};
use self_healing_core::fact::{
    Amount, Capacity, ConditionStatus, Labels, Marks, NodeFact, Owner, PodFact, PodPhase, Rollout, WorkloadFact,
};
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::Channel;
use self_healing_core::settings::Settings;
use self_healing_core::time::Stamp;
use self_healing_story::{Name, Story, Thing, WorkloadKind};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Everything that is there at the beginning is an hour old.
const BEFORE: Stamp = Stamp(EPOCH - 3_600_000);

/// Checks every second, so that a test is short.
pub(crate) const QUICK: &str = "health_check_interval 1\nsettle_period 1";
/// The same without failures of pods that only take their time.
pub(crate) const SLOW_PODS: &str = "health_check_interval 1\npod_check_interval 3600\nsettle_period 1";

impl Ground {
    /// A cluster with the things of a story, watched by a controller that leads; the settle period is just over.
    pub(crate) fn new(story: &Story) -> Self {
        let mut ground = Self {
            healer: Healer::new(Settings::default()),
            truth: Truth::default(),
            story: story.clone(),
            settings: Settings::default(),
            config: story.settings.clone(),
            mail: BTreeMap::new(),
            sequence: 0,
            sent: 0,
            misfortunes: Vec::new(),
            late: 3000,
            log: Vec::new(),
            deaf: Vec::new(),
            leads: true,
            frozen: None,
            armed: Vec::new(),
            zero: 0,
            jump: (0, 0),
            turns: 0,
            rush: (0, 0),
        };
        ground.settings = ground.configured();
        ground.truth.mark_namespace("self-healing", Marks::default());
        story.things.iter().for_each(|thing| ground.truth.add(thing));
        ground.truth.park.kind = story.machines;
        story.first_policies().for_each(|policy| ground.truth.apply_policy(policy));
        ground.restart();
        let settled = ground.settings.settle_period.as_secs_f64() + 5.0;
        ground.run(settled);
        ground.zero = ground.now();
        ground
    }

    /// A cluster of these lines of the section `cluster`, with these of `settings`.
    pub(crate) fn of(cluster: &str, settings: &str) -> Self {
        let indented = |lines: &str| lines.lines().map(|line| format!("  {line}\n")).collect::<String>();
        let (cluster, settings) = (indented(cluster), indented(settings));
        let text = format!("A test\ncluster\n{cluster}settings\n{settings}story\n  1 end\n");
        Self::new(&Story::parse(Path::new("test.story"), &text).unwrap_or_else(|error| panic!("{error}")))
    }

    /// What the ConfigMap now says, as the core reads it; every channel that it switches on has its secret.
    pub(super) fn configured(&self) -> Settings {
        let source = || Source::ConfigMap("self-healing-config".into());
        let given =
            self.config.iter().map(|(key, value)| Given { source: source(), key: key.clone(), value: value.clone() });
        let loaded = read(&given.collect::<Vec<_>>()).unwrap_or_else(|problems| panic!("{problems:?}"));
        let config = &loaded.config;
        let on = |channel: &Channel| match channel {
            Channel::SlackMonitoring | Channel::SlackIncident => true,
            Channel::Email => !config.email_recipients.is_empty(),
            Channel::PagerDuty => config.pagerduty_enabled,
            Channel::Webhook | Channel::Teams | Channel::Alertmanager => false,
        };
        let channels =
            Channel::ALL.iter().copied().filter(|channel| config.notification_enabled && on(channel)).collect();
        Settings { channels, ..loaded.config.settings(("self-healing", "controller-0")) }
    }

    /// Sets a key of the ConfigMap.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.config.retain(|(known, _)| known != key);
        self.config.push((key.to_owned(), value.to_owned()));
        let settings = self.configured();
        self.with(|known| *known = settings);
    }
}

impl Truth {
    fn add(&mut self, thing: &Thing) {
        match thing {
            Thing::Node { name, zone, control_plane } => {
                let mut node = node(name, BEFORE);
                node.zone = Text::from(zone.as_deref().unwrap_or_default());
                node.marks = Marks::default().with_if(*control_plane, Marks::CONTROL_PLANE);
                let zone = zone.iter().map(|zone| (Text::from(ZONE), Text::from(zone.as_str())));
                let role = control_plane.then(|| (Text::from(CONTROL_PLANE), Text::from("")));
                node.labels = Labels::new(zone.chain(role));
                self.add_node(node);
            }
            Thing::Workload { kind, name, replicas, on, best_effort } => {
                self.add_workload(*kind, name, *replicas, on.as_deref(), *best_effort);
            }
            Thing::Pod { name, on } => {
                self.add_namespace(name);
                self.put(ready_pod(Key::new(&name.namespace, &name.name), self.place(on.as_deref()), None));
            }
            Thing::Service { name, workload, standby } => self.add_service(name, workload, standby.as_ref(), BEFORE),
            Thing::Budget { name, min_available } => drop(self.budgets.insert(name.clone(), *min_available)),
        }
    }

    /// A node and its heartbeat.
    pub(crate) fn add_node(&mut self, node: NodeFact) {
        let name = node.name.clone();
        self.nodes.insert(name.clone(), node.clone());
        self.news.push(self_healing_core::event::Event::Node(node));
        self.beat(name, true);
        self.stir();
    }

    fn add_namespace(&mut self, name: &Name) {
        if !self.namespaces.contains_key(&*name.namespace) {
            self.mark_namespace(&name.namespace, Marks::default());
        }
    }

    fn add_workload(&mut self, kind: WorkloadKind, name: &Name, replicas: u32, on: Option<&str>, best_effort: bool) {
        self.add_namespace(name);
        let key = Key::new(&name.namespace, &name.name);
        let fact = |kind: &Kind, key: &Key, owner: Option<Arc<Owner>>| WorkloadFact {
            kind: kind.clone(),
            key: key.clone(),
            uid: Text::from(format!("uid-{}-{key}", kind.as_str())),
            created: BEFORE,
            owner,
            desired: (*kind != Kind::Job).then_some(replicas),
            ready: replicas,
            observed: true,
            marks: Marks::default(),
            marked_by: Text::default(),
            original_replicas: None,
            labels: label("app", &name.name),
            pod_labels: label("app", &name.name),
            conditions: Vec::new(),
            rollout: revision(kind, replicas),
        };
        let owned_by = |fact: &WorkloadFact| {
            Arc::new(Owner { kind: fact.kind.clone(), name: fact.key.name.clone(), uid: fact.uid.clone() })
        };
        let kind = kind_of(kind);
        let top = fact(&kind, &key, None);
        let direct = if kind == Kind::Deployment {
            let set = Key::new(&name.namespace, &format!("{}-rs", name.name));
            fact(&Kind::ReplicaSet, &set, Some(owned_by(&top)))
        } else {
            top.clone()
        };
        for workload in [top, direct.clone()] {
            self.families.insert(workload.uid.clone(), name.clone());
            self.workloads.insert((workload.kind.clone(), workload.key.clone()), workload);
        }
        let nodes: Vec<Text> = self.nodes.keys().cloned().collect();
        for number in 0..replicas {
            let each = (direct.kind == Kind::DaemonSet).then(|| nodes[number as usize].clone());
            let pod = match &each {
                Some(node) => format!("{}-{node}", direct.key.name),
                None => format!("{}-{number}", direct.key.name),
            };
            let node = each.or_else(|| self.place(on));
            let mut pod = ready_pod(Key::new(&name.namespace, &pod), node, Some(owned_by(&direct)));
            pod.requests.memory = u32::from(!best_effort);
            self.rollouts.makes(&direct, &pod.uid);
            self.templates.insert(direct.uid.clone(), pod.clone());
            self.put(pod);
        }
    }

    /// The node that is meant, or the emptiest.
    fn place(&self, on: Option<&str>) -> Option<Text> {
        let load = |node: &Text| self.pods.values().filter(|(pod, _)| pod.node.as_ref() == Some(node)).count();
        on.map(Text::from).or_else(|| self.nodes.keys().min_by_key(|node| load(node)).cloned())
    }
}

/// One label.
pub(super) fn label(key: &str, value: &str) -> Labels {
    Labels::new([(Text::from(key), Text::from(value))])
}

pub(super) fn kind_of(kind: WorkloadKind) -> Kind {
    match kind {
        WorkloadKind::Deployment => Kind::Deployment,
        WorkloadKind::StatefulSet => Kind::StatefulSet,
        WorkloadKind::DaemonSet => Kind::DaemonSet,
        WorkloadKind::Job => Kind::Job,
    }
}

/// A node that has been Ready since it was created.
pub(crate) fn node(name: &str, created: Stamp) -> NodeFact {
    NodeFact {
        name: Text::from(name),
        uid: Text::from(format!("uid-{name}-{}", created.0)),
        created,
        conditions: vec![condition("Ready", ConditionStatus::True, created)],
        unschedulable: false,
        taints: Vec::new(),
        owner: Text::from(""),
        kubelet: Some((Text::from("10.0.0.1"), 10250)),
        marks: Marks::default(),
        zone: Text::from(""),
        capacity: Capacity { amount: Amount { cpu: 4000, memory: 8192 }, pods: 110 },
        labels: Labels::default(),
        provider_id: Text::from(format!("machine://{name}")),
        fenced_by: Text::from(""),
    }
}

/// The revision that a workload of this kind begins with, and that all its pods are of.
fn revision(kind: &Kind, pods: u32) -> Option<Box<Rollout>> {
    let numbered = matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet);
    let revision = || Text::from(if *kind == Kind::StatefulSet { "rev-1" } else { "1" });
    let previous = || if *kind == Kind::StatefulSet { revision() } else { Text::default() };
    numbered.then(|| Box::new(Rollout { revision: revision(), previous: previous(), updated: pods, held_back: false }))
}

/// A pod that runs and is ready.
pub(crate) fn ready_pod(key: Key, node: Option<Text>, owner: Option<Arc<Owner>>) -> PodFact {
    PodFact {
        uid: Text::from(format!("uid-{key}")),
        key,
        node,
        owner,
        created: BEFORE,
        phase: PodPhase::Running,
        ready: true,
        marks: Marks::default(),
        priority: 0,
        requests: Amount::default(),
        trouble: None,
    }
}
