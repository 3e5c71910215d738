//! Switches: paused, mode, approval and veto.

use crate::cast::{quick, shop};
use crate::world::World;
use self_healing_core::names::{Channel, Mode, Phase};

#[test]
fn paused_nothing_starts_and_it_goes_on_afterwards() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(600.0);
    assert_eq!((world.phase("web-1"), world.held("web-1").0), (Phase::Held, "Paused"));
    assert!(world.writes().is_empty());
    world.with(|settings| settings.paused = false);
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

/// A bare pod was deleted, and not created again yet.
fn half_done() -> World {
    let mut world = World::new(&["n1", "n2"], quick());
    world.bare_pod("solo", "n1");
    world.fail("solo");
    while world.writes().is_empty() {
        world.run(0.001);
    }
    world
}

#[test]
fn pausing_stops_an_attempt_before_its_next_write() {
    let mut world = half_done();
    world.with(|settings| settings.paused = true);
    world.run(900.0);
    assert_eq!(world.writes(), ["delete shop/solo"]);
    assert_eq!((world.phase("solo"), world.held("solo").0), (Phase::Held, "Paused"));
    world.with(|settings| settings.paused = false);
    world.run(30.0);
    assert_eq!((world.writes(), world.phase("solo")), (vec!["delete shop/solo", "create shop/solo"], Phase::Succeeded));
}

#[test]
fn switching_to_observe_stops_an_attempt_before_its_next_write() {
    let mut world = half_done();
    world.with(|settings| settings.mode = Mode::Observe);
    world.run(900.0);
    assert_eq!((world.writes(), world.held("solo").0), (vec!["delete shop/solo"], "Mode"));
    world.with(|settings| settings.mode = Mode::Enforce);
    world.run(30.0);
    assert_eq!(world.phase("solo"), Phase::Succeeded);
}

#[test]
fn observe_records_and_touches_nothing() {
    let mut world = shop();
    world.with(|settings| {
        settings.mode = Mode::Observe;
        settings.channels = vec![Channel::SlackMonitoring, Channel::SlackIncident];
    });
    world.fail("web-1");
    world.run(900.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::Observed, vec![]));
    world.vanish("web-1");
    world.run(60.0);
    assert_eq!(world.phase("web-1"), Phase::SelfRecovered);
    assert_eq!(world.told, ["slack opened ok"]);
}

#[test]
fn what_was_observed_is_healed_when_the_mode_changes() {
    let mut world = shop();
    world.with(|settings| settings.mode = Mode::Observe);
    world.fail("web-1");
    world.run(900.0);
    world.with(|settings| settings.mode = Mode::Enforce);
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

fn asks() -> World {
    let mut world = shop();
    world.with(|settings| settings.mode = Mode::Approve);
    world.fail("web-1");
    world.run(600.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::AwaitingApproval, vec![]));
    world
}

#[test]
fn approve_waits_for_a_person() {
    let mut world = asks();
    world.edit(|recovery| recovery.orders.approved_by = Some("alex".into()));
    world.run(60.0);
    assert_eq!((world.writes(), world.phase("web-1")), (vec!["delete shop/web-1"], Phase::Succeeded));
}

#[test]
fn an_approval_survives_a_restart() {
    let mut world = asks();
    world.edit(|recovery| recovery.orders.approved_by = Some("alex".into()));
    world.restart();
    world.run(60.0);
    assert_eq!(world.phase("web-1"), Phase::Succeeded);
}

#[test]
fn what_nobody_approves_in_time_is_cancelled() {
    let mut world = asks();
    world.run(2995.0);
    assert_eq!(world.phase("web-1"), Phase::AwaitingApproval);
    // The hour counts from the question, not from a restart.
    world.restart();
    world.run(60.0);
    assert_eq!((world.phase("web-1"), &*world.recovery("web-1").status.reason), (Phase::Cancelled, "ApprovalTimeout"));
    world.run(3600.0);
    assert!(world.writes().is_empty());
}

#[test]
fn a_veto_cancels_what_waits() {
    let mut world = asks();
    world.edit(|recovery| recovery.orders.cancelled_by = Some("alex".into()));
    world.run(1.0);
    assert_eq!(
        (world.phase("web-1"), &*world.recovery("web-1").status.message),
        (Phase::Cancelled, "cancelled by alex")
    );
    world.run(3600.0);
    assert!(world.writes().is_empty());
}

#[test]
fn a_veto_stops_an_attempt_and_takes_its_marks_back() {
    let mut world = shop();
    world.heals = false;
    world.fail("web-1");
    world.run(310.0);
    assert!(world.is_marked());
    world.edit(|recovery| recovery.orders.cancelled_by = Some("alex".into()));
    world.run(1.0);
    assert_eq!(world.phase("web-1"), Phase::Cancelled);
    assert!(!world.is_marked());
    assert_eq!(world.count("delete"), 2);
}

#[test]
fn a_veto_between_deletion_and_creation_gives_the_pod_back() {
    let mut world = half_done();
    world.edit(|recovery| recovery.orders.cancelled_by = Some("alex".into()));
    world.run(30.0);
    assert_eq!((world.writes(), world.phase("solo")), (vec!["delete shop/solo", "create shop/solo"], Phase::Cancelled));
    assert_eq!(world.recovery("solo").status.saved_manifest, None);
}
