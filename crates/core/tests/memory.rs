//! What the core keeps of a pod that is well: bytes and allocations, counted, so that no figure here depends on the machine.
#![allow(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{Amount, Marks, Owner, PodFact, PodPhase};
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::WatchKind;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::{Arc, Mutex};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test at a time counts.
static ALONE: Mutex<()> = Mutex::new(());

/// Pods of one ReplicaSet, and of one node.
const PER_OWNER: usize = 10;
const PER_NODE: usize = 20;
/// Bytes per pod, its share of what it has in common with others included; what a watcher that keeps nothing but names needs is 117 to 126.
const MOST_BYTES: usize = 160;

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

/// Bytes that are in use for so many pods.
fn held(pods: usize) -> usize {
    let region = Region::new(HEAP);
    let town = Town::of(pods);
    let healer = listed(&town, pods);
    let change = region.change();
    drop((healer, town));
    change.bytes_allocated - change.bytes_deallocated
}

#[test]
fn a_further_pod_costs_little() {
    let _alone = ALONE.lock().unwrap();
    let (few, many) = (held(10_000), held(40_000));
    let per_pod = (many - few) / 30_000;
    println!("{per_pod} bytes per pod");
    assert!(per_pod <= MOST_BYTES, "{per_pod} bytes per pod");
}

#[test]
fn a_pod_that_stays_well_costs_no_more_however_often_its_status_is_written() {
    let _alone = ALONE.lock().unwrap();
    let town = Town::of(1000);
    let mut healer = listed(&town, 1000);
    let mut rounds = (0..3).map(|_| {
        let region = Region::new(HEAP);
        for number in 0..1000 {
            let pod = town.pod(number);
            healer.turn(now(), [Event::Pod(pod)]);
        }
        region.change()
    });
    rounds.next();
    for change in rounds {
        assert_eq!(change.bytes_allocated, change.bytes_deallocated, "what came was let go of again");
        println!("{} allocations per change, those of the event itself included", change.allocations / 1000);
    }
}
