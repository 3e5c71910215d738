//! The ladder: what is tried after what, how severity rises, and when a person is called.

use crate::cast::{settings, shop};
use crate::world::World;
use self_healing_core::names::{Phase, Severity, Strategy};
use std::time::Duration;

/// Replacements do not become ready either.
fn incurable() -> World {
    let mut world = shop();
    world.heals = false;
    world.fail("web-1");
    world
}

#[test]
fn an_attempt_that_does_not_help_is_followed_by_the_next_strategy_and_then_by_a_person() {
    let mut world = incurable();
    world.run(1000.0);
    let record = world.recovery("web-1");
    let tried: Vec<Strategy> = record.status.attempts.iter().map(|attempt| attempt.strategy).collect();
    assert_eq!(tried, [Strategy::Restart, Strategy::Recreate, Strategy::ScaleAndReplace]);
    assert_eq!((record.status.phase, &*record.status.reason), (Some(Phase::Escalated), "LadderExhausted"));
    assert_eq!(world.count("delete shop/"), 3);
    let starts: Vec<i64> = record.status.attempts.iter().map(|attempt| attempt.started_at.0).collect();
    assert!(starts.windows(2).all(|two| (300_000..301_000).contains(&(two[1] - two[0]))), "{starts:?}");
}

#[test]
fn the_node_of_a_recreated_pod_is_suspect_until_the_end() {
    let mut world = incurable();
    world.run(290.0);
    assert!(!world.is_marked());
    world.run(20.0);
    assert_eq!(world.writes()[1], "taint n1");
    assert!(world.is_marked() && world.writes()[2].starts_with("delete"));
    world.run(900.0);
    assert_eq!((world.is_marked(), world.phase("web-1")), (false, Phase::Escalated));
    assert_eq!(world.writes().last(), Some(&"untaint n1"));
}

#[test]
fn a_later_attempt_that_helps_succeeds_and_takes_its_taint_back() {
    let mut world = incurable();
    world.run(200.0);
    world.heals = true;
    world.run(200.0);
    assert_eq!((world.phase("web-1"), world.is_marked()), (Phase::Succeeded, false));
    assert_eq!(world.recovery("web-1").status.attempts.len(), 2);
}

#[test]
fn a_workload_that_was_handed_to_a_person_is_left_alone_for_the_window() {
    let mut world = incurable();
    world.run(1000.0);
    let before = world.log.len();
    world.fail("web-2");
    world.run(3000.0);
    assert_eq!(world.log.len(), before, "{:?}", world.log);
    let (guard, reason) = world.held("web-2");
    assert!(guard == "Budget" && reason.contains("handed to a person"), "{reason}");
    world.restart();
    world.run(300.0);
    assert_eq!(world.log.len(), before, "{:?}", world.log);
    world.heals = true;
    world.run(900.0);
    assert!(world.log.len() > before);
}

#[test]
fn replacements_that_fail_too_open_nothing_of_their_own_while_the_ladder_is_climbed() {
    let mut world = incurable();
    // Their own failure fires long before the attempt times out.
    world.with(|settings| settings.pod_check_interval = Duration::from_secs(1));
    world.run(890.0);
    assert_eq!(world.recoveries.len(), 1, "{:?}", world.recoveries.keys());
    assert!(world.recovery("web-1").status.impact.iter().any(|line| line.contains("web-rs")));
}

#[test]
fn replacements_open_nothing_of_their_own_while_their_recovery_is_paused() {
    let mut world = incurable();
    world.with(|settings| settings.pod_check_interval = Duration::from_secs(1));
    world.run(5.0);
    world.with(|settings| settings.paused = true);
    world.run(600.0);
    assert_eq!(world.recoveries.len(), 1, "{:?}", world.recoveries.keys());
    world.with(|settings| settings.paused = false);
    world.run(100.0);
    assert_eq!((world.recoveries.len(), world.count("delete")), (1, 2));
}

#[test]
fn without_a_replacement_there_is_nothing_to_try_next() {
    let mut world = shop();
    world.replaces = false;
    world.fail("web-1");
    world.run(290.0);
    assert_eq!(world.phase("web-1"), Phase::Verifying);
    world.run(60.0);
    let record = world.recovery("web-1");
    assert_eq!((record.status.phase, &*record.status.reason), (Some(Phase::Escalated), "NoReplacement"));
    assert_eq!(world.writes(), ["delete shop/web-1"]);
}

#[test]
fn failures_of_the_same_workload_raise_the_severity_and_say_so() {
    let mut world = World::new(&["n1", "n2"], settings());
    world.deployment("web", 1, "n1");
    let mut next = "web-1".to_owned();
    let expected = [Severity::Medium, Severity::Medium, Severity::High, Severity::High, Severity::Critical];
    for (similar, severity) in expected.into_iter().enumerate() {
        world.run(600.0);
        world.fail(&next);
        world.run(10.0);
        let record = world.recovery(&next);
        assert_eq!((record.spec.severity, record.spec.similar_failures as usize), (severity, similar));
        let said = record.spec.reasons.iter().any(|reason| reason.contains("similar failures of Deployment shop/web"));
        assert_eq!(said, severity > Severity::Medium, "{:?}", record.spec.reasons);
        next = world.replacement("web-rs");
    }
    // After the window nothing is similar any more.
    world.run(3700.0);
    world.fail(&next);
    world.run(10.0);
    assert_eq!(world.recovery(&next).spec.severity, Severity::Medium);
}

#[test]
fn an_attempt_that_was_paused_has_its_full_time_afterwards() {
    let mut world = World::new(&["n1", "n2"], crate::cast::quick());
    world.bare_pod("solo", "n1");
    world.fail("solo");
    while world.writes().is_empty() {
        world.run(0.001);
    }
    world.with(|settings| settings.paused = true);
    world.run(400.0);
    world.with(|settings| settings.paused = false);
    world.run(10.0);
    assert_eq!((world.phase("solo"), world.recovery("solo").status.attempts.len()), (Phase::Succeeded, 1));
}

#[test]
fn a_replacement_that_is_ready_after_its_time_ends_it_well() {
    let mut world = incurable();
    world.run(200.0);
    world.with(|settings| settings.paused = true);
    world.run(200.0);
    assert_eq!(world.phase("web-1"), Phase::Held);
    let late = world.replacement("web-rs");
    world.recover(&late);
    world.run(60.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::Succeeded, vec!["delete shop/web-1"]));
}

#[test]
fn a_replacement_that_is_cured_during_a_held_attempt_ends_it_well() {
    let mut world = incurable();
    world.run(200.0);
    let next = world.replacement("web-rs");
    world.change_pod(&next, |pod| pod.marks = self_healing_core::fact::Marks::EXCLUDED);
    world.run(200.0);
    assert_eq!(world.phase("web-1"), Phase::Held);
    world.recover(&next);
    world.run(60.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::Succeeded, vec!["delete shop/web-1"]));
}
