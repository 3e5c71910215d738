//! Crashes before and after every effect: the end is the same as without one.

use crate::world::{Crash, World, defaults, pod, small, with};
use self_healing_core::fact::ConditionStatus;
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::Phase;
use std::collections::BTreeMap;
use std::time::Duration;

/// What must not depend on a crash.
#[derive(Debug, PartialEq, Eq)]
struct End {
    removed: BTreeMap<Text, usize>,
    created: usize,
    pods: usize,
    marked: bool,
    cordoned: bool,
    phases: Vec<Phase>,
}

fn end(world: &World) -> End {
    End {
        removed: world.truth.removed.clone(),
        created: world.truth.created,
        pods: world.truth.pods.len(),
        marked: world.truth.marked(),
        cordoned: world.truth.nodes.values().any(|node| node.unschedulable),
        phases: world.phases(),
    }
}

/// Plays the story without a crash, then with one before and one after each effect.
fn sweep(begin: impl Fn() -> World, seconds: u64) {
    let mut calm = begin();
    let first = calm.sent + 1;
    calm.run(seconds);
    let expected = end(&calm);
    assert_eq!(expected.phases, [Phase::Succeeded], "{}", calm.timeline().join("\n"));
    assert!(!expected.marked && expected.removed.values().all(|count| *count == 1), "{expected:?}");
    for number in first..=calm.sent {
        for crash in [Crash::Before(number), Crash::After(number)] {
            let mut world = begin();
            world.crash = Some(crash);
            world.run(seconds + 60);
            assert!(world.crashed, "{crash:?} never happened");
            assert_eq!(end(&world), expected, "{crash:?}\n{}\n{:#?}", world.timeline().join("\n"), world.truth.records);
        }
    }
}

#[test]
fn a_pod_restart_ends_the_same_wherever_the_controller_crashes() {
    sweep(
        || {
            let mut world = small(defaults());
            world.truth.fail("web-0");
            world
        },
        30,
    );
}

#[test]
fn a_bare_pod_comes_back_exactly_once_wherever_the_controller_crashes() {
    sweep(
        || {
            let mut world = World::new(defaults(), 2);
            world.truth.put(pod("default", "alone", "n1"));
            let mut world = world.start();
            world.truth.crash_loop("alone", 9);
            world
        },
        30,
    );
}

#[test]
fn a_recreate_leaves_no_taint_wherever_the_controller_crashes() {
    sweep(
        || {
            let mut world = small(with(|s| s.recovery_timeout = Duration::from_secs(10)));
            world.truth.replace.insert(Text::from("web"), crate::world::Replace { after: Some(100), ready: None });
            world.truth.crash_loop("web-0", 9);
            world.until(10, |world| world.count("delete") == 1);
            world.run(3);
            let replace = crate::world::Replace { after: Some(100), ready: Some(3000) };
            world.truth.replace.insert(Text::from("web"), replace);
            world
        },
        40,
    );
}

#[test]
fn a_drain_of_five_pods_ends_the_same_wherever_the_controller_crashes() {
    sweep(
        || {
            let mut world = World::new(defaults(), 3);
            world.truth.add_workload(Kind::Deployment, "web", &["n1", "n1", "n2"]);
            world.truth.add_workload(Kind::StatefulSet, "db", &["n1", "n1"]);
            world.truth.add_workload(Kind::Deployment, "api", &["n1"]);
            let mut world = world.start();
            world.truth.set_condition("n1", "Ready", ConditionStatus::False);
            world.run(89);
            world
        },
        60,
    );
}
