//! Pods: what is restarted, and what is left alone.

use crate::cast::{quick, shop};
use crate::world::{SHOP, World, ready_pod};
use self_healing_core::fact::PodTrouble;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::{Cause, Phase};

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

/// Runs until a pod that waits for `reason` is restarted, and gives the seconds.
fn seconds_until_restart(reason: &str) -> f64 {
    let mut world = shop();
    world.waits("web-1", reason);
    world.run(400.0);
    world.when("delete shop/web-1") - 1.0
}

#[test]
fn an_image_that_cannot_be_pulled_counts_after_two_checks() {
    for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
        let seconds = seconds_until_restart(reason);
        assert!((60.0..61.0).contains(&seconds), "{reason}: {seconds}");
    }
}

#[test]
fn a_container_that_cannot_be_configured_counts_after_two_checks() {
    for reason in ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"] {
        let seconds = seconds_until_restart(reason);
        assert!((60.0..61.0).contains(&seconds), "{reason}: {seconds}");
    }
}

#[test]
fn a_pod_that_is_not_ready_is_restarted_after_ten_checks() {
    let seconds = seconds_until_restart("");
    assert!((300.0..301.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_pod_that_flaps_is_restarted_too() {
    let mut world = shop();
    while world.writes().is_empty() && world.now.tick.0 < 900_000 {
        world.not_ready("web-1");
        world.run(40.0);
        if world.writes().is_empty() {
            world.recover("web-1");
            world.run(10.0);
        }
    }
    assert_eq!(world.writes(), ["delete shop/web-1"]);
    assert!(world.when("delete shop/web-1") > 400.0);
}

#[test]
fn a_pod_that_is_mostly_ready_is_not_restarted() {
    let mut world = shop();
    for _ in 0..40 {
        world.not_ready("web-1");
        world.run(20.0);
        world.recover("web-1");
        world.run(30.0);
    }
    assert!(world.writes().is_empty() && world.recoveries.is_empty());
}

#[test]
fn a_deletion_that_hangs_is_watched_and_names_what_keeps_it() {
    let mut world = shop();
    let due = Some(world.stamp(30));
    world.change_pod("web-1", |pod| {
        let finalizers = vec![Text::from("example.com/hold")];
        (pod.ready, pod.trouble) =
            (false, Some(Box::new(PodTrouble { deletion_due: due, finalizers, ..Default::default() })));
    });
    world.run(89.0);
    assert!(world.recoveries.is_empty());
    world.run(900.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::Running, vec![]));
    assert_eq!(world.recovery("web-1").spec.cause, Some(Cause::StuckTerminating));
    assert!(world.recovery("web-1").spec.description.contains("example.com/hold"));
    world.vanish("web-1");
    world.run(60.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::SelfRecovered, vec![]));
}

#[test]
fn a_failed_pod_of_a_job_is_left_to_the_job() {
    let mut world = World::new(&["n1"], quick());
    world.controlled(Kind::Job, "import", 1, "n1");
    world.fail("import-1");
    world.run(600.0);
    assert!(world.writes().is_empty() && world.recoveries.is_empty());
}

#[test]
fn nothing_is_deleted_as_long_as_its_record_cannot_be_stored() {
    let mut world = shop();
    world.store_down = true;
    world.fail("web-1");
    world.run(120.0);
    assert!(world.writes().is_empty() && world.happened.is_empty());
    world.store_down = false;
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn a_pod_that_a_fresh_read_shows_healthy_is_not_deleted() {
    let mut world = shop();
    let healthy = world.pods[&Key::new(SHOP, "web-1")].clone();
    world.fail("web-1");
    // The watch still has to show this.
    world.pods.insert(healthy.key.clone(), healthy);
    world.run(0.5);
    assert_eq!(world.recoveries.len(), 1);
    world.run(120.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::SelfRecovered, vec![]));
}

#[test]
fn another_pod_of_the_same_name_is_not_touched() {
    let mut world = World::new(&["n1"], quick());
    world.controlled(Kind::StatefulSet, "db", 1, "n1");
    let owner = world.pods[&Key::new(SHOP, "db-1")].owner.clone();
    world.fail("db-1");
    let mut next = ready_pod("db-1", "n1", owner);
    next.uid = Text::from("db-1-second");
    world.pods.insert(next.key.clone(), next.clone());
    world.run(0.5);
    assert_eq!(world.recoveries.len(), 1);
    world.set_pod(next);
    world.run(60.0);
    assert_eq!((world.phase("db-1"), world.writes()), (Phase::SelfRecovered, vec![]));
}

#[test]
fn a_bare_pod_that_may_not_be_created_again_is_not_deleted() {
    let mut world = World::new(&["n1", "n2"], quick());
    world.with(|settings| settings.recreate_bare_pods = false);
    world.bare_pod("solo", "n1");
    world.fail("solo");
    world.run(1200.0);
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    assert_eq!((world.phase("solo"), world.held("solo").0), (Phase::Held, "NoProvider"));
    world.with(|settings| settings.recreate_bare_pods = true);
    world.run(60.0);
    assert_eq!(world.phase("solo"), Phase::Succeeded);
}
