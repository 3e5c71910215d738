//! Crashes: whatever moment the process dies at, its successor ends the story as if nothing had happened.

use crate::cast::{quick, settings};
use crate::world::{Crash, World};
use self_healing_core::effect::KubeletLook;
use self_healing_core::fact::ConditionStatus;
use self_healing_core::names::Phase;

/// What a story must end with, in any order.
struct Story {
    begin: fn() -> World,
    seconds: f64,
    target: &'static str,
    done: &'static [&'static str],
}

fn end(story: &Story, crash: Option<Crash>) -> World {
    let mut world = (story.begin)();
    let before = world.sent();
    let records = world.recoveries.len();
    world.log.clear();
    world.crash = crash.map(|crash| match crash {
        Crash::Before(k) => Crash::Before(before + k),
        Crash::After(k) => Crash::After(before + k),
        Crash::Mute(k) => Crash::Mute(before + k),
        Crash::Busy(k) => Crash::Busy(before + k),
        Crash::Deposed(k) => Crash::Deposed(before + k),
    });
    world.run(story.seconds);
    assert!(world.crash.is_none(), "{crash:?} did not come");
    let mut writes: Vec<&str> = world.writes();
    writes.retain(|what| ["evict", "delete", "create"].iter().any(|verb| what.starts_with(verb)));
    writes.sort_unstable();
    assert_eq!(writes, story.done, "{crash:?}: {:?}", world.log);
    let status = &world.recovery(story.target).status;
    assert_eq!(status.phase, Some(Phase::Succeeded), "{crash:?}: {status:?} {:?}", world.verbs);
    assert!(!world.is_marked(), "{crash:?} left a mark: {:?}", world.log);
    assert_eq!(world.recoveries.len(), records + 1, "{crash:?}: {:?}", world.recoveries.keys());
    world
}

fn sweep(story: &Story) {
    let before = (story.begin)().sent();
    let effects = end(story, None).sent() - before;
    assert!(effects > 2);
    for k in 1..=effects {
        for crash in [Crash::Before, Crash::After, Crash::Mute, Crash::Busy, Crash::Deposed] {
            end(story, Some(crash(k)));
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
    sweep(&Story { begin, seconds: 60.0, target: "web-1", done: &["delete shop/web-1"] });
}

#[test]
fn a_bare_pod_is_created_again_once() {
    let begin = || {
        let mut world = World::new(&["n1", "n2"], quick());
        world.bare_pod("solo", "n1");
        world.fail("solo");
        world
    };
    sweep(&Story { begin, seconds: 60.0, target: "solo", done: &["create shop/solo", "delete shop/solo"] });
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
    let world = end(&moved, None);
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
