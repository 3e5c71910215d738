//! What the core keeps of a pod that is well: bytes and allocations, counted, so that no figure here depends on the machine.
#![allow(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use allocation_counter::measure;
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{
    Amount, Capacity, Condition, ConditionStatus, Labels, LeaseFact, Marks, NodeFact, Owner, PodFact, PodPhase,
    Rollout, WorkloadFact,
};
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::WatchKind;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::sync::Arc;
use std::time::Duration;

/// Pods of one ReplicaSet, and of one node.
const PER_OWNER: usize = 10;
const PER_NODE: usize = 20;
/// Bytes per pod, its share of what it has in common with others included; what a watcher that keeps nothing but names needs is 117 to 126.
const MOST_BYTES: usize = 160;
/// Bytes per node and its Lease: a third are its labels and conditions, which rules and policies read as they are.
const MOST_BYTES_OF_NODE: usize = 1300;
/// Bytes per Deployment and its ReplicaSet.
const MOST_BYTES_OF_WORKLOAD: usize = 1700;
/// Allocations per change of a pod that stays well: those that the event itself is made of.
const MOST_ALLOCATIONS: u64 = 5;

/// Pods with what they share, as the watch hands them over.
struct Town {
    namespace: Text,
    owners: Vec<Arc<Owner>>,
    nodes: Vec<Text>,
}

impl Town {
    fn of(pods: usize) -> Self {
        let owner = |number: usize| {
            let (name, uid) = (format!("web-{number}-6d4b75cb6d"), format!("0d5ee3c8-6a5c-4d5e-9f1e-{number:012x}"));
            Arc::new(Owner { kind: Kind::ReplicaSet, name: Text::from(name), uid: Text::from(uid) })
        };
        Self {
            namespace: Text::from("shop"),
            owners: (0..pods.div_ceil(PER_OWNER)).map(owner).collect(),
            nodes: (0..pods.div_ceil(PER_NODE)).map(|number| Text::from(format!("worker-{number}"))).collect(),
        }
    }

    fn pod(&self, number: usize) -> PodFact {
        let owner = self.owners[number / PER_OWNER].clone();
        PodFact {
            key: Key { namespace: self.namespace.clone(), name: Text::from(format!("{}-{number:05x}", owner.name)) },
            uid: Text::from(format!("1d5ee3c8-6a5c-4d5e-9f1e-{number:012x}")),
            node: Some(self.nodes[number / PER_NODE].clone()),
            owner: Some(owner),
            created: Stamp(1_767_225_600_000),
            phase: PodPhase::Running,
            ready: true,
            marks: Marks::default(),
            priority: 0,
            requests: Amount { cpu: 100, memory: 128 },
            trouble: None,
        }
    }
}

fn now() -> Now {
    Now { tick: Tick(1000), stamp: Stamp(1_767_225_700_000) }
}

/// A healer that has listed so many pods, one event after the other.
fn listed(town: &Town, pods: usize) -> Healer {
    let mut healer = Healer::new(Settings::default());
    healer.turn(now(), [Event::Watch(WatchKind::Pod, WatchState::ListStarted)]);
    for number in 0..pods {
        healer.turn(now(), [Event::Pod(town.pod(number))]);
    }
    healer.turn(now(), [Event::Watch(WatchKind::Pod, WatchState::Synced)]);
    healer
}

/// Bytes that what `build` hands over has in use. Only this thread's are counted, so that nothing beside the test plays a part.
fn in_use<T>(build: impl FnOnce() -> T) -> usize {
    let mut built = None;
    let counted = measure(|| built = Some(build()));
    usize::try_from(counted.bytes_current).unwrap()
}

/// Bytes that are in use for so many pods.
fn held(pods: usize) -> usize {
    in_use(|| {
        let town = Town::of(pods);
        (listed(&town, pods), town)
    })
}

#[test]
fn a_further_pod_costs_little() {
    let (few, many) = (held(10_000), held(40_000));
    let per_pod = (many - few) / 30_000;
    println!("{per_pod} bytes per pod");
    assert!(per_pod <= MOST_BYTES, "{per_pod} bytes per pod");
}

/// What a node's labels and conditions have in common with those of others is there once, as the watch hands them over.
struct Words {
    keys: Vec<Text>,
    values: Vec<Text>,
    conditions: Vec<Condition>,
}

impl Words {
    fn new() -> Self {
        let text =
            |prefix: &str, count: usize| (0..count).map(|number| Text::from(format!("{prefix}-{number}"))).collect();
        let condition = |kind: &str, status| Condition {
            kind: Text::from(kind),
            status,
            reason: Text::from(format!("Kubelet{kind}")),
            changed: Stamp(1_767_225_600_000),
            heartbeat: Stamp(1_767_225_600_000),
        };
        let pressures =
            ["MemoryPressure", "DiskPressure", "PIDPressure"].map(|kind| condition(kind, ConditionStatus::False));
        Self {
            keys: text("topology.kubernetes.io/some", 7),
            values: text("value", 6),
            conditions: pressures.into_iter().chain([condition("Ready", ConditionStatus::True)]).collect(),
        }
    }

    fn node(&self, number: usize) -> [Event; 2] {
        let name = Text::from(format!("worker-{number}.example"));
        let labels = self.keys.iter().cloned().zip(self.values.iter().chain([&name]).cloned());
        let node = NodeFact {
            uid: Text::from(format!("2d5ee3c8-6a5c-4d5e-9f1e-{number:012x}")),
            created: Stamp(1_767_225_600_000),
            conditions: self.conditions.clone(),
            unschedulable: false,
            taints: Vec::new(),
            owner: self.values[0].clone(),
            kubelet: Some((Text::from(format!("10.0.{}.{}", number / 250, number % 250)), 10_250)),
            marks: Marks::default(),
            zone: self.values[1].clone(),
            capacity: Capacity { amount: Amount { cpu: 8000, memory: 32_768 }, pods: 110 },
            labels: Labels::new(labels),
            provider_id: Text::from(format!("cloud:///zone-a/i-{number:017x}")),
            fenced_by: self.values[0].clone(),
            name: name.clone(),
        };
        let lease = LeaseFact { node: name, renewed: Stamp(1_767_225_600_000), duration: Duration::from_secs(40) };
        [Event::Node(node), Event::Lease(lease)]
    }

    /// A Deployment and its ReplicaSet.
    fn workload(&self, number: usize) -> [Event; 2] {
        let namespace = &self.values[0];
        let top = Arc::new(Owner {
            kind: Kind::Deployment,
            name: Text::from(format!("web-{number}")),
            uid: Text::from(format!("3d5ee3c8-6a5c-4d5e-9f1e-{number:012x}")),
        });
        let pairs = || self.keys.iter().cloned().zip(self.values.iter().cloned()).take(4);
        let fact = |kind, name: Text, uid: Text, owner| WorkloadFact {
            kind,
            key: Key { namespace: namespace.clone(), name },
            uid,
            created: Stamp(1_767_225_600_000),
            owner,
            desired: Some(20),
            ready: 20,
            observed: true,
            marks: Marks::default(),
            labels: Labels::new(pairs()),
            pod_labels: Labels::new(pairs()),
            marked_by: self.values[0].clone(),
            original_replicas: None,
            conditions: Vec::new(),
            rollout: Some(Box::new(Rollout { revision: self.values[1].clone(), updated: 20, ..Rollout::default() })),
        };
        let set = Text::from(format!("web-{number}-6d4b75cb6d"));
        let uid = Text::from(format!("4d5ee3c8-6a5c-4d5e-9f1e-{number:012x}"));
        let below = fact(Kind::ReplicaSet, set, uid, Some(top.clone()));
        let deployment = fact(Kind::Deployment, Text::from(&*top.name), Text::from(&*top.uid), None);
        let conditions = self.conditions[2..].to_vec();
        [Event::Workload(WorkloadFact { conditions, ..deployment }), Event::Workload(below)]
    }
}

/// Bytes that are in use for so many of them.
fn held_of(count: usize, events: impl Fn(&Words, usize) -> [Event; 2]) -> usize {
    let words = Words::new();
    in_use(|| {
        let mut healer = Healer::new(Settings::default());
        let every = |state| WatchKind::ALL.iter().map(move |kind| Event::Watch(*kind, state));
        healer.turn(now(), every(WatchState::ListStarted));
        for number in 0..count {
            healer.turn(now(), events(&words, number));
        }
        healer.turn(now(), every(WatchState::Synced));
        healer
    })
}

#[test]
fn a_further_node_costs_little() {
    let per_node = (held_of(4000, Words::node) - held_of(1000, Words::node)) / 3000;
    println!("{per_node} bytes per node and its Lease");
    assert!(per_node <= MOST_BYTES_OF_NODE, "{per_node} bytes per node and its Lease");
}

#[test]
fn a_further_workload_costs_little() {
    let each = (held_of(4000, Words::workload) - held_of(1000, Words::workload)) / 3000;
    println!("{each} bytes per Deployment and its ReplicaSet");
    assert!(each <= MOST_BYTES_OF_WORKLOAD, "{each} bytes per Deployment and its ReplicaSet");
}

#[test]
fn a_pod_that_stays_well_costs_no_more_however_often_its_status_is_written() {
    let town = Town::of(1000);
    let mut healer = listed(&town, 1000);
    let mut rounds = (0..3).map(|_| {
        measure(|| {
            for number in 0..1000 {
                let pod = town.pod(number);
                healer.turn(now(), [Event::Pod(pod)]);
            }
        })
    });
    rounds.next();
    for counted in rounds {
        assert_eq!(counted.bytes_current, 0, "what came was let go of again");
        let each = counted.count_total / 1000;
        println!("{each} allocations per change");
        assert!(each <= MOST_ALLOCATIONS, "{each} allocations per change");
    }
}
