//! Guards: what is held, and what it says.

use crate::cast::{settings, shop};
use crate::world::{SHOP, World};
use self_healing_core::fact::Marks;
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Phase, WatchKind};
use self_healing_core::recovery::Recovery;

/// A pod fails and nothing is done, for the reason given.
fn assert_held(mut world: World, guard: &str, words: &str) {
    world.fail("web-1");
    world.run(900.0);
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    let (name, reason) = world.held("web-1");
    assert_eq!((world.phase("web-1"), name), (Phase::Held, guard));
    assert!(reason.contains(words), "{reason}");
}

#[test]
fn a_pod_with_an_opt_out_is_left_alone() {
    let marks = [
        (Marks::EXCLUDED, "self-healing.dev/exclude"),
        (Marks::MEDIK8S_EXCLUDED, "remediation.medik8s.io/exclude-from-remediation"),
        (Marks::CAPI_SKIP, "cluster.x-k8s.io/skip-remediation"),
        (Marks::CAPI_PAUSED, "cluster.x-k8s.io/paused"),
        (Marks::MIRROR, "static pod"),
    ];
    for (mark, words) in marks {
        let mut world = shop();
        world.change_pod("web-1", |pod| pod.marks = mark);
        assert_held(world, "Excluded", words);
    }
}

#[test]
fn a_workload_with_an_opt_out_is_left_alone() {
    let mut world = shop();
    world.mark_workload(Kind::Deployment, "web", Marks::EXCLUDED);
    assert_held(world, "Excluded", "Deployment shop/web is marked");
}

#[test]
fn an_opt_out_that_a_replicaset_inherited_long_ago_does_not_count() {
    let mut world = shop();
    world.mark_workload(Kind::ReplicaSet, "web-rs", Marks::EXCLUDED);
    world.fail("web-1");
    world.run(60.0);
    assert_eq!(world.phase("web-1"), Phase::Succeeded);
}

#[test]
fn a_namespace_with_an_opt_out_is_left_alone() {
    let mut world = shop();
    world.namespaces.insert(Text::from(SHOP), Marks::EXCLUDED);
    world.restart();
    assert_held(world, "Excluded", "namespace shop is marked");
}

#[test]
fn the_controllers_own_pod_is_left_alone() {
    let mut world = shop();
    world.with(|settings| settings.own_pod = (Text::from(SHOP), Text::from("web-1")));
    assert_held(world, "Excluded", "own pod");
}

#[test]
fn an_opt_out_that_is_taken_away_lets_the_pod_be_healed() {
    let mut world = shop();
    world.change_pod("web-1", |pod| pod.marks = Marks::EXCLUDED);
    world.fail("web-1");
    world.run(300.0);
    world.change_pod("web-1", |pod| pod.marks = Marks::default());
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn an_opt_out_set_during_an_attempt_stops_it_before_its_next_write() {
    let mut world = shop();
    world.heals = false;
    world.fail("web-1");
    world.run(200.0);
    let next = world.replacement("web-rs");
    world.change_pod(&next, |pod| pod.marks = Marks::EXCLUDED);
    world.run(900.0);
    assert_eq!(world.writes(), ["delete shop/web-1"]);
    assert_eq!((world.phase("web-1"), world.held("web-1").0), (Phase::Held, "Excluded"));
}

#[test]
fn a_protected_namespace_is_left_alone() {
    let mut world = shop();
    world.with(|settings| {
        settings.protected_namespaces.insert(Text::from(SHOP));
    });
    assert_held(world, "ProtectedNamespace", "protected_namespaces");
}

#[test]
fn nothing_is_done_on_an_old_view() {
    for kind in WatchKind::ALL {
        let mut world = shop();
        world.mute.insert(*kind);
        world.run(80.0);
        world.fail("web-1");
        world.run(300.0);
        assert!(world.writes().is_empty(), "{kind}");
        let (guard, reason) = world.held("web-1");
        assert!(guard == "StaleWatch" && reason.contains(kind.as_str()), "{kind}: {guard} {reason}");
        world.mute.clear();
        world.run(60.0);
        assert_eq!(world.phase("web-1"), Phase::Succeeded, "{kind}");
    }
}

#[test]
fn not_more_recoveries_start_in_a_minute_than_allowed() {
    let mut world = World::new(&["n1", "n2"], settings());
    world.with(|settings| settings.recoveries_per_minute = 2);
    for name in ["a", "b", "c"] {
        world.deployment(name, 1, "n1");
    }
    world.run(1.0);
    for name in ["a-1", "b-1", "c-1"] {
        world.fail(name);
    }
    world.run(50.0);
    assert_eq!(world.count("delete"), 2);
    let held: Vec<&Recovery> = world.recoveries.values().filter(|r| r.held_by().is_some()).collect();
    assert!(held.len() == 1 && held[0].held_by().unwrap().reason.contains("recoveries_per_minute"));
    world.restart();
    world.run(9.0);
    assert_eq!(world.count("delete"), 2, "a restart forgets nothing");
    world.run(60.0);
    assert_eq!(world.count("delete"), 3);
    assert!(world.log[2].0 - world.log[0].0 >= 60_000);
}

#[test]
fn each_next_recovery_of_a_workload_waits_twice_as_long() {
    let mut world = World::new(&["n1"], settings());
    world.deployment("web", 1, "n1");
    world.run(1.0);
    let mut next = "web-1".to_owned();
    for deletes in 0..6 {
        world.fail(&next);
        while world.count("delete") == deletes {
            world.run(1.0);
        }
        world.run(3.0);
        next = world.replacement("web-rs");
    }
    let deletes: Vec<u64> =
        world.log.iter().filter(|(_, what)| what.starts_with("delete")).map(|(at, _)| *at).collect();
    let waits: Vec<u64> = deletes.windows(2).map(|two| (two[1] - two[0]) / 1000).collect();
    assert_eq!(waits, [10, 20, 40, 80, 160]);
}

#[test]
fn a_second_failing_pod_of_a_workload_waits_for_the_backoff() {
    let mut world = shop();
    world.fail("web-1");
    world.run(3.0);
    world.fail("web-2");
    world.run(1.0);
    assert_eq!(world.held("web-2").0, "Budget");
    world.run(60.0);
    let apart = world.when("delete shop/web-2") - world.when("delete shop/web-1");
    assert!((9.9..10.2).contains(&apart), "{apart}");
    assert_eq!(world.phase("web-2"), Phase::Succeeded);
}

#[test]
fn a_fresh_read_that_contradicts_the_watch_holds_the_deletion() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(60.0);
    let mut healthy = world.pods[&self_healing_core::key::Key::new(SHOP, "web-2")].clone();
    let failed = world.pods[&self_healing_core::key::Key::new(SHOP, "web-1")].clone();
    (healthy.key, healthy.uid) = (failed.key.clone(), failed.uid.clone());
    // The watch does not show this.
    world.pods.insert(failed.key, healthy);
    world.with(|settings| settings.paused = false);
    world.run(5.0);
    assert_eq!((world.held("web-1").0, world.writes()), ("Live", vec![]));
    world.run(60.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::SelfRecovered, vec![]));
}
