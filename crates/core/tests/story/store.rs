//! The store: records that others change, delete or wrote with words that we do not know, and records whose time is up.

use crate::cast::{quick, shop};
use crate::world::World;
use self_healing_core::names::{Channel, Phase};

#[test]
fn somebody_elses_change_of_the_record_delays_no_recovery() {
    let mut world = shop();
    world.fail("web-1");
    while world.recoveries.is_empty() {
        world.run(0.001);
    }
    for _ in 0..20 {
        world.edit(|recovery| recovery.spec.policy = "touched".into());
        world.run(0.02);
    }
    world.run(10.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn a_status_that_conflicts_is_stored_in_the_end() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(60.0);
    // The change that the core knows last is older than the one that is stored.
    for recovery in world.recoveries.values_mut() {
        recovery.resource_version = "1000000".into();
    }
    world.with(|settings| settings.paused = false);
    world.run(60.0);
    assert!(world.writes().is_empty(), "an attempt that cannot be stored does not write");
    world.edit(|_| ());
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn a_record_that_a_person_deletes_is_opened_again_while_the_failure_lasts() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(60.0);
    world.forget_records();
    world.run(60.0);
    assert_eq!((world.recoveries.len(), world.phase("web-1")), (1, Phase::Held));
    world.with(|settings| settings.paused = false);
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn a_record_that_a_person_deletes_at_any_moment_leaves_none_that_nobody_ends() {
    for milliseconds in 0..60 {
        let mut world = shop();
        world.fail("web-1");
        world.run(f64::from(milliseconds) / 1000.0);
        world.forget_records();
        world.run(0.03);
        if world.pods.contains_key(&self_healing_core::key::Key::new(crate::world::SHOP, "web-1")) {
            world.recover("web-1");
        }
        world.run(600.0);
        assert!(world.recoveries.values().all(|record| !record.is_active()), "after {milliseconds} ms");
    }
}

#[test]
fn an_answer_about_a_deleted_record_does_not_count_for_the_next_one() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(60.0);
    // Held for another reason: that is being stored.
    world.with(|settings| {
        settings.paused = false;
        settings.protected_namespaces.insert(crate::world::SHOP.into());
    });
    world.store_down = true;
    world.forget_records();
    world.with(|settings| settings.protected_namespaces.clear());
    world.run(20.0);
    assert!(world.recoveries.is_empty() && world.writes().is_empty(), "{:?}", world.writes());
    world.store_down = false;
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn a_record_deleted_during_an_attempt_leaves_no_mark_behind() {
    let mut world = shop();
    world.heals = false;
    world.fail("web-1");
    world.run(310.0);
    assert!(world.is_marked());
    world.heals = true;
    world.forget_records();
    world.run(60.0);
    assert!(!world.is_marked(), "{:?}", world.writes());
}

/// A record is held, and a newer version wrote into it what `change` does.
fn stored(change: fn(&mut self_healing_core::recovery::Recovery)) -> World {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(60.0);
    world.edit(change);
    world.settings.paused = false;
    world.restart();
    world.run(600.0);
    world
}

#[test]
fn an_action_that_we_do_not_know_fails_the_record_and_touches_nothing() {
    let changes: [fn(&mut self_healing_core::recovery::Recovery); 3] =
        [|r| r.spec.action = None, |r| r.spec.strategy = None, |r| r.spec.cause = None];
    for change in changes {
        let world = stored(change);
        let record = world.recovery("web-1");
        assert_eq!((record.status.phase, &*record.status.reason), (Some(Phase::Failed), "UnknownAction"));
        assert!(world.writes().is_empty());
        assert_eq!(world.announced().last(), Some(&"RecoveryFailed"));
    }
}

#[test]
fn a_record_in_a_phase_that_we_do_not_know_is_left_alone() {
    let world = stored(|recovery| recovery.status.phase = None);
    assert_eq!((world.recovery("web-1").status.phase, world.writes()), (None, vec![]));
}

#[test]
fn finished_records_are_kept_for_their_time_and_then_deleted() {
    let mut world = World::new(&["n1", "n2"], quick());
    world.with(|settings| settings.sweep = std::time::Duration::from_secs(60));
    world.deployment("web", 2, "n1");
    world.fail("web-1");
    world.run(86_000.0);
    assert_eq!(world.phase("web-1"), Phase::Succeeded);
    world.restart();
    world.run(600.0);
    assert!(world.recoveries.is_empty());
}

#[test]
fn a_record_that_is_not_finished_is_never_deleted() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(90_000.0);
    assert_eq!(world.phase("web-1"), Phase::Held);
}

#[test]
fn two_processes_that_see_the_same_trouble_open_one_record() {
    let mut world = shop();
    world.fail("web-1");
    world.crash = Some(crate::world::Crash::After(world.sent() + 1));
    world.run(60.0);
    assert_eq!((world.recoveries.len(), world.writes()), (1, vec!["delete shop/web-1"]));
}

#[test]
fn a_crash_right_after_the_record_loses_no_message() {
    for after in 1..12 {
        let mut world = shop();
        world.with(|settings| settings.channels = vec![Channel::SlackMonitoring]);
        world.fail("web-1");
        world.crash = Some(crate::world::Crash::After(world.sent() + after));
        world.run(120.0);
        let record = world.recovery("web-1");
        // The first write goes out on the record alone: a crash right after it leaves no trace of whose doing it was.
        assert!(matches!(record.status.phase, Some(Phase::Succeeded | Phase::SelfRecovered)), "{:?}", record.status);
        assert_eq!(world.count("delete"), 1);
        for key in ["slack opened ok", "slack outcome ok"] {
            assert!(world.told.iter().any(|told| told == key), "after {after}: {key} missing in {:?}", world.told);
        }
    }
}

#[test]
fn a_bare_pod_is_not_lost_when_a_crash_and_a_pause_come_between() {
    for after in 1..16 {
        let mut world = World::new(&["n1", "n2"], quick());
        world.bare_pod("solo", "n1");
        world.fail("solo");
        world.crash = Some(crate::world::Crash::After(world.sent() + after));
        while world.crash.is_some() && world.now.tick.0 < 3000 {
            world.run(0.001);
        }
        world.with(|settings| settings.paused = true);
        world.run(60.0);
        world.with(|settings| settings.paused = false);
        world.run(60.0);
        assert_eq!(world.writes(), ["delete shop/solo", "create shop/solo"], "after {after}");
        assert_eq!(world.phase("solo"), Phase::Succeeded, "after {after}");
    }
}
