//! Telling: messages that wait, are refused or survive, and what is announced; which messages go where is in every story's outcome.

use crate::ground::{Ground, Misfortune, QUICK};
use self_healing_core::effect::Outcome;
use self_healing_core::names::{Channel, Phase};
use self_healing_core::recovery::Delivery;
use std::time::Duration;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

fn later(seconds: u64) -> Outcome {
    Outcome::TryLater { after: Some(Duration::from_secs(seconds)), budget: false, message: "rate_limited".into() }
}

/// A pod fails, and the receiver answers so.
fn heard(answers: impl IntoIterator<Item = Outcome>) -> Ground {
    let mut ground = Ground::of(WEB, "");
    ground.truth.receiver.extend(answers);
    ground.does("fail web.1");
    ground
}

#[test]
fn without_a_channel_nothing_is_told() {
    let mut ground = Ground::of(WEB, "notification_enabled false");
    ground.does("fail web.1");
    ground.run(60.0);
    assert!(ground.truth.told.is_empty() && ground.recovery("web.1").status.notifications.is_empty());
}

#[test]
fn a_message_is_sent_again_when_the_receiver_asks_for_it_and_not_earlier() {
    let mut ground = heard([later(120)]);
    ground.run(119.0);
    assert_eq!(
        (ground.truth.told.as_slice(), ground.phase("web.1")),
        (&["slack opened no".to_owned()][..], Phase::Succeeded)
    );
    ground.run(3.0);
    assert_eq!(ground.truth.told, ["slack opened no", "slack opened ok", "slack outcome ok"]);
}

#[test]
fn a_receiver_that_is_down_delays_no_recovery() {
    let mut ground = heard((0..1000).map(|_| Outcome::Unknown { message: "timed out".into() }));
    ground.run(10.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
    assert!(ground.when("delete web.1") < 0.1);
    ground.run(600.0);
    let tries = ground.truth.told.len();
    assert!((20..30).contains(&tries), "retries slow down to one per retry_interval: {tries}");
    ground.truth.receiver.clear();
    ground.run(60.0);
    assert_eq!(ground.truth.told[ground.truth.told.len() - 2..], ["slack opened ok", "slack outcome ok"]);
}

#[test]
fn a_message_that_is_refused_is_given_up_and_the_record_says_why() {
    let mut ground = heard([Outcome::Refused { message: "invalid_token".into() }]);
    ground.run(600.0);
    assert_eq!(ground.truth.told, ["slack opened no", "slack outcome ok"]);
    let opened = &ground.recovery("web.1").status.notifications[0];
    assert_eq!(
        (opened.state, &*opened.last_error, opened.channel),
        (Delivery::Failed, "invalid_token", Channel::SlackMonitoring)
    );
}

#[test]
fn messages_that_wait_survive_a_restart_and_delivered_ones_are_not_repeated() {
    let mut ground = heard([later(1000)]);
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.truth.told.len()), (Phase::Succeeded, 1));
    ground.does("kill controller");
    ground.run(60.0);
    assert_eq!(ground.truth.told, ["slack opened no", "slack opened ok", "slack outcome ok"]);
    ground.does("kill controller");
    ground.run(600.0);
    assert_eq!(ground.truth.told.len(), 3);
}

#[test]
fn a_recovery_is_announced_from_its_detection_to_its_success() {
    let mut ground = heard([]);
    ground.run(600.0);
    assert_eq!(ground.announced(), ["FailureDetected", "RecoveryStarted", "RecoverySucceeded"]);
}

#[test]
fn a_record_that_the_watch_shows_before_its_answer_comes_is_announced_all_the_same() {
    let mut ground = Ground::of(WEB, "");
    // The first effect reads the pod, the second stores the record.
    ground.misfortunes = vec![(Misfortune::Late, ground.sent + 2)];
    ground.does("fail web.1");
    ground.run(60.0);
    assert!(ground.misfortunes.is_empty() && ground.log[2].1.verb.to_string().starts_with("create recovery"));
    assert_eq!(ground.announced(), ["FailureDetected", "RecoveryStarted", "RecoverySucceeded"]);
}

#[test]
fn a_hold_is_announced_once_per_guard_whoever_leads() {
    let mut ground = Ground::of(WEB, "paused true");
    ground.does("fail web.1");
    ground.run(900.0);
    ground.does("kill controller");
    ground.run(900.0);
    assert_eq!(ground.announced(), ["FailureDetected", "RecoveryHeld"]);
    ground.does("set protected_namespaces shop");
    ground.does("set paused false");
    ground.run(900.0);
    assert_eq!(ground.announced(), ["FailureDetected", "RecoveryHeld", "RecoveryHeld"]);
}

#[test]
fn a_healthy_cluster_falls_silent() {
    let mut ground = Ground::of("nodes n1 n2 n3 n4 n5\ndeployment web 10\nstatefulset db 3\ndaemonset agent", "");
    let (turns, sent) = (ground.turns, ground.log.len());
    ground.run(3600.0);
    assert_eq!(ground.log.len(), sent, "{}", ground.report());
    // Heartbeats, bookmarks and sweeps.
    assert!(ground.turns - turns < 1500, "{} turns", ground.turns - turns);
}

#[test]
fn a_cluster_whose_trouble_is_over_falls_silent_again() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1\ndeployment api 1 on n2", QUICK);
    ground.does("silence n1");
    ground.does("fail api.1");
    ground.run(150.0);
    ground.does("return n1");
    ground.run(60.0);
    let sent = ground.log.len();
    ground.run(3600.0);
    assert_eq!(ground.log.len(), sent, "{}", ground.report());
}
