//! Telling: which messages go where and when, and what is announced.

use crate::cast::{settings, shop};
use crate::world::World;
use self_healing_core::effect::Outcome;
use self_healing_core::names::{Channel, Phase};
use self_healing_core::recovery::Delivery;
use std::time::Duration;

/// Both channels are on.
fn heard() -> World {
    let mut world = shop();
    world.with(|settings| settings.channels = Channel::ALL.to_vec());
    world
}

fn later(seconds: u64) -> Outcome {
    Outcome::TryLater { after: Some(Duration::from_secs(seconds)), budget: false, message: "rate_limited".into() }
}

#[test]
fn medium_goes_to_the_monitoring_channel_when_it_opens_and_when_it_ends() {
    let mut world = heard();
    world.fail("web-1");
    world.run(60.0);
    assert_eq!(world.told, ["slack opened ok", "slack outcome ok"]);
}

#[test]
fn high_and_critical_go_to_the_incident_channel() {
    let mut world = World::new(&["n1", "n2"], settings());
    world.deployment("web", 1, "n1");
    world.with(|settings| settings.channels = Channel::ALL.to_vec());
    let mut next = "web-1".to_owned();
    for _ in 0..5 {
        world.told.clear();
        world.run(600.0);
        world.fail(&next);
        world.run(30.0);
        next = world.replacement("web-rs");
        let medium = world.recoveries.len() <= 2;
        let expected = if medium {
            ["slack opened ok", "slack outcome ok"]
        } else {
            ["slack-incident opened ok", "slack-incident outcome ok"]
        };
        assert_eq!(world.told, expected);
    }
}

#[test]
fn without_a_channel_nothing_is_told() {
    let mut world = shop();
    world.fail("web-1");
    world.run(60.0);
    assert!(world.told.is_empty() && world.recovery("web-1").status.notifications.is_empty());
}

#[test]
fn a_message_is_tried_again_when_the_receiver_asks_for_it_and_not_earlier() {
    let mut world = heard();
    world.receiver.push_back(later(120));
    world.fail("web-1");
    world.run(119.0);
    assert_eq!(world.told, ["slack opened no"]);
    world.run(3.0);
    assert_eq!(world.told, ["slack opened no", "slack opened ok", "slack outcome ok"]);
}

#[test]
fn a_failing_receiver_delays_no_recovery() {
    let mut world = heard();
    world.receiver.extend((0..1000).map(|_| Outcome::Unknown { message: "timed out".into() }));
    world.fail("web-1");
    world.run(10.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::Succeeded, vec!["delete shop/web-1"]));
    assert!(world.when("delete shop/web-1") < 1.1);
    // Retries slow down to one per retry_interval.
    world.run(600.0);
    assert!((20..30).contains(&world.told.len()), "{}", world.told.len());
    world.receiver.clear();
    world.run(60.0);
    assert_eq!(world.told[world.told.len() - 2..], ["slack opened ok", "slack outcome ok"]);
}

#[test]
fn a_message_that_is_refused_is_given_up_and_the_record_says_why() {
    let mut world = heard();
    world.receiver.push_back(Outcome::Refused { message: "invalid_token".into() });
    world.fail("web-1");
    world.run(600.0);
    assert_eq!(world.told, ["slack opened no", "slack outcome ok"]);
    let opened = &world.recovery("web-1").status.notifications[0];
    assert_eq!((opened.state, &*opened.last_error), (Delivery::Failed, "invalid_token"));
}

#[test]
fn messages_that_wait_survive_a_restart() {
    let mut world = heard();
    world.receiver.push_back(later(1000));
    world.fail("web-1");
    world.run(60.0);
    assert_eq!((world.phase("web-1"), world.told.len()), (Phase::Succeeded, 1));
    world.restart();
    world.run(60.0);
    assert_eq!(world.told, ["slack opened no", "slack opened ok", "slack outcome ok"]);
    let states: Vec<Delivery> = world.recovery("web-1").status.notifications.iter().map(|n| n.state).collect();
    assert_eq!(states, [Delivery::Sent, Delivery::Sent]);
}

#[test]
fn delivered_messages_are_not_told_again_after_a_restart() {
    let mut world = heard();
    world.fail("web-1");
    world.run(60.0);
    world.restart();
    world.run(600.0);
    assert_eq!(world.told.len(), 2);
}

#[test]
fn a_failure_that_goes_away_before_anything_was_done_is_told_as_such() {
    let mut world = heard();
    world.with(|settings| settings.paused = true);
    world.crash_loop("web-1", 9);
    world.run(60.0);
    world.recover("web-1");
    world.run(60.0);
    assert_eq!((world.phase("web-1"), world.writes()), (Phase::SelfRecovered, vec![]));
    assert_eq!(world.told, ["slack opened ok", "slack outcome ok"]);
    assert_eq!(world.announced(), ["FailureDetected", "RecoveryHeld", "SelfRecovered"]);
}

#[test]
fn a_recovery_is_announced_from_its_detection_to_its_success() {
    let mut world = shop();
    world.fail("web-1");
    world.run(600.0);
    assert_eq!(world.announced(), ["FailureDetected", "RecoveryStarted", "RecoverySucceeded"]);
}

#[test]
fn the_ladder_is_announced_with_every_step_and_one_end() {
    let mut world = shop();
    world.heals = false;
    world.fail("web-1");
    world.run(1200.0);
    let expected = ["FailureDetected", "RecoveryStarted", "RecoveryFailed", "RecoveryStarted", "RecoveryFailed"];
    assert_eq!(world.announced()[..5], expected);
    assert_eq!(world.announced()[5..8], ["RecoveryStarted", "RecoveryFailed", "RecoveryEscalated"]);
    let ends = world.announced().iter().filter(|what| **what == "RecoveryEscalated").count();
    assert_eq!(ends, 1, "{:?}", world.announced());
}

#[test]
fn a_hold_is_announced_once_per_guard() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(900.0);
    assert_eq!(world.announced(), ["FailureDetected", "RecoveryHeld"]);
    world.with(|settings| {
        settings.paused = false;
        settings.protected_namespaces.insert(crate::world::SHOP.into());
    });
    world.run(900.0);
    assert_eq!(world.announced(), ["FailureDetected", "RecoveryHeld", "RecoveryHeld"]);
    assert!(world.happened[2].contains("protected"), "{}", world.happened[2]);
}

#[test]
fn a_hold_is_not_announced_again_after_a_restart() {
    let mut world = shop();
    world.with(|settings| settings.paused = true);
    world.fail("web-1");
    world.run(60.0);
    world.restart();
    world.run(60.0);
    assert_eq!(world.announced(), ["FailureDetected", "RecoveryHeld"]);
}
