//! Pods: what is restarted, and what is left alone.

use crate::cast::{quick, settings};
use crate::world::World;
use self_healing_core::names::Phase;

fn shop() -> World {
    let mut world = World::new(&["n1", "n2", "n3"], settings());
    world.deployment("web", 2, "n1");
    world.run(1.0);
    world
}

#[test]
fn a_failed_pod_is_deleted_once_and_its_recovery_succeeds() {
    let mut world = shop();
    world.fail("web-1");
    world.run(60.0);
    assert_eq!(world.writes(), ["delete shop/web-1"]);
    assert!(world.when("delete shop/web-1") < 1.1);
    assert_eq!(world.phase("web-1"), Phase::Succeeded);
}

#[test]
fn a_healthy_cluster_is_left_alone() {
    let mut world = shop();
    world.run(3600.0);
    assert!(world.writes().is_empty() && world.recoveries.is_empty());
}

#[test]
fn a_crash_loop_is_restarted_at_the_threshold_and_not_before() {
    let mut world = shop();
    world.crash_loop("web-1", 4);
    world.run(60.0);
    assert!(world.recoveries.is_empty());
    world.crash_loop("web-1", 5);
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn a_bare_pod_is_created_again() {
    let mut world = World::new(&["n1", "n2"], quick());
    world.bare_pod("solo", "n1");
    world.fail("solo");
    world.run(60.0);
    assert_eq!(world.writes(), ["delete shop/solo", "create shop/solo"]);
    assert_eq!(world.phase("solo"), Phase::Succeeded);
}
