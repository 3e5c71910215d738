//! Crashes: whatever moment the process dies at, its successor ends the story as if nothing had happened.

use crate::cast::{quick, settings};
use crate::world::{Crash, World};
use self_healing_core::effect::KubeletLook;
use self_healing_core::fact::ConditionStatus;
use self_healing_core::names::Phase;

type Kind = fn(usize) -> Crash;
const KINDS: [Kind; 6] = [Crash::Before, Crash::After, Crash::Mute, Crash::Lost, Crash::Busy, Crash::Deposed];

/// What a story must end with, in any order.
struct Story {
    begin: fn() -> World,
    seconds: f64,
    target: &'static str,
    done: &'static [&'static str],
}

fn end(story: &Story, crashes: &[(Kind, usize)]) -> World {
    let mut world = (story.begin)();
    let end = world.now.tick.0 as f64 / 1000.0 + story.seconds;
    let records = world.recoveries.len();
    world.log.clear();
    for (kind, effects) in crashes {
        world.crash = Some(kind(world.sent() + effects));
        while world.crash.is_some() && (world.now.tick.0 as f64) / 1000.0 < end {
            world.run(0.1);
        }
    }
    let crash = world.crash.take();
    assert!(crash.is_none() || crashes.len() > 1, "{crash:?} did not come");
    world.run(end - world.now.tick.0 as f64 / 1000.0);
    let crash = format!("{:?}", crashes.iter().map(|(kind, effects)| kind(*effects)).collect::<Vec<_>>());
    let mut writes: Vec<&str> = world.writes();
    writes.retain(|what| ["evict", "delete", "create"].iter().any(|verb| what.starts_with(verb)));
    writes.sort_unstable();
    assert_eq!(writes, story.done, "{crash}: {:?}", world.log);
    let status = &world.recovery(story.target).status;
    assert_eq!(status.phase, Some(Phase::Succeeded), "{crash}: {status:?} {:?}", world.verbs);
    assert!(!world.is_marked(), "{crash} left a mark: {:?}", world.log);
    assert_eq!(world.recoveries.len(), records + 1, "{crash}: {:?}", world.recoveries.keys());
    world
}

fn sweep(story: &Story) {
    let before = (story.begin)().sent();
    let effects = end(story, &[]).sent() - before;
    assert!(effects > 2);
    for k in 1..=effects {
        for kind in KINDS {
            end(story, &[(kind, k)]);
        }
    }
}

/// Two in a row, the second soon after the first.
fn sweep_pairs(story: &Story) {
    sweep(story);
    let before = (story.begin)().sent();
    let effects = end(story, &[]).sent() - before;
    for k in 1..=effects {
        for (first, second) in KINDS.iter().flat_map(|first| KINDS.map(|second| (*first, second))) {
            for later in 1..=3 {
                end(story, &[(first, k), (second, later)]);
            }
        }
    }
}

fn shop() -> World {
    let mut world = World::new(&["n1", "n2", "n3"], quick());
    world.deployment("web", 3, "n1");
    world.run(5.0);
    world
}

#[test]
fn a_failed_pod_is_deleted_once() {
    let begin = || {
        let mut world = shop();
        world.fail("web-1");
        world
    };
    sweep_pairs(&Story { begin, seconds: 60.0, target: "web-1", done: &["delete shop/web-1"] });
}

#[test]
fn a_bare_pod_is_created_again_once() {
    let begin = || {
        let mut world = World::new(&["n1", "n2"], quick());
        world.bare_pod("solo", "n1");
        world.fail("solo");
        world
    };
    sweep_pairs(&Story { begin, seconds: 60.0, target: "solo", done: &["create shop/solo", "delete shop/solo"] });
}

#[test]
fn a_pod_of_a_workload_that_fails_often_is_moved_once() {
    let begin = || {
        let mut world = shop();
        for name in ["web-1", "web-2"] {
            world.fail(name);
            world.run(60.0);
        }
        world.fail("web-3");
        world
    };
    let moved = Story { begin, seconds: 60.0, target: "web-3", done: &["delete shop/web-3"] };
    let world = end(&moved, &[]);
    assert_eq!((world.count("taint n1"), world.count("untaint n1")), (1, 1));
    sweep(&moved);
}

#[test]
fn the_pods_of_a_dead_node_are_deleted_once() {
    let begin = || {
        let mut world = shop();
        world.silence("n1", KubeletLook::Silent);
        world
    };
    let done = &["delete shop/web-1", "delete shop/web-2", "delete shop/web-3"];
    sweep(&Story { begin, seconds: 300.0, target: "n1", done });
}

#[test]
fn the_pods_of_a_dead_node_are_deleted_once_with_default_settings() {
    let begin = || {
        let mut world = World::new(&["n1", "n2", "n3"], settings());
        world.deployment("web", 3, "n1");
        world.run(100.0);
        world.silence("n1", KubeletLook::Silent);
        world
    };
    let done = &["delete shop/web-1", "delete shop/web-2", "delete shop/web-3"];
    sweep(&Story { begin, seconds: 900.0, target: "n1", done });
}

#[test]
fn the_pods_of_a_sick_node_are_evicted_once() {
    let begin = || {
        let mut world = World::new(&["n1", "n2", "n3"], quick());
        world.deployment("web", 5, "n1");
        world.run(5.0);
        world.node_says("n1", "Ready", ConditionStatus::False);
        world
    };
    let done = &["evict shop/web-1", "evict shop/web-2", "evict shop/web-3", "evict shop/web-4", "evict shop/web-5"];
    sweep(&Story { begin, seconds: 120.0, target: "n1", done });
}

#[test]
fn the_cordon_of_a_dead_node_without_pods_is_taken_back() {
    let begin = || {
        let mut world = World::new(&["n1", "n2", "n3"], quick());
        world.run(5.0);
        world.silence("n1", KubeletLook::Silent);
        world
    };
    sweep(&Story { begin, seconds: 300.0, target: "n1", done: &[] });
}

#[test]
fn a_deletion_that_was_lost_is_not_tried_again_on_a_pod_that_is_well() {
    let mut world = shop();
    world.fail("web-1");
    world.crash = Some(Crash::Lost(world.sent() + 3));
    world.run(0.1);
    assert_eq!((world.verbs.last().unwrap().as_str(), world.writes().len()), ("save status", 0), "{:?}", world.verbs);
    world.recover("web-1");
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec![], Phase::SelfRecovered));
}
