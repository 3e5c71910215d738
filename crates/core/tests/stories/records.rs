//! The record, leadership and messages: what survives whom.

use crate::world::{Fault, World, defaults, small, with};
use self_healing_core::effect::{Outcome, Verb};
use self_healing_core::event::Event;
use self_healing_core::fact::ConditionStatus;
use self_healing_core::names::{Channel, Phase};
use self_healing_core::recovery::Delivery;
use self_healing_core::settings::Settings;
use std::time::Duration;

#[test]
fn without_leadership_nothing_leaves_the_controller() {
    let mut world = World::new(defaults(), 3);
    world.leads = false;
    world.truth.add_workload(self_healing_core::key::Kind::Deployment, "web", &["n1", "n2"]);
    let mut world = world.start();
    world.truth.fail("web-0");
    world.truth.kill("n2");
    world.run(600);
    assert!(world.log.is_empty(), "{:#?}", world.timeline());
}

#[test]
fn a_new_leader_reads_the_records_first_and_finishes_without_a_second_delete() {
    let mut world = small(defaults());
    world.truth.fail("web-0");
    world.until(10, |world| world.count("delete") == 1);
    world.tell(Event::Leading(false));
    world.run(60);
    let sent = world.log.len();
    assert_eq!(world.only().status.phase.map(Phase::is_terminal), Some(false));
    world.tell(Event::Leading(true));
    world.run(30);
    assert_eq!(world.log[sent].1.verb, Verb::ReadRecoveries);
    assert_eq!((world.count("delete"), world.phases()), (1, vec![Phase::Succeeded]));
}

#[test]
fn records_that_cannot_be_read_are_read_again_before_anything_is_done() {
    let mut world = small(defaults());
    for _ in 0..3 {
        let outcome = Outcome::TryLater { after: None, budget: false, message: "no connection".into() };
        world.truth.faults.push_back(Fault { verb: "read recoveries", outcome, applied: false });
    }
    world.restart();
    world.truth.fail("web-0");
    let before = world.sent;
    world.run(60);
    assert_eq!(world.count("read recoveries"), 5);
    assert!(world.sent > before);
    assert_eq!(world.phases(), [Phase::Succeeded]);
}

#[test]
fn when_a_person_deletes_the_record_the_marks_are_taken_back() {
    let mut world = small(with(|s| s.workload_backoff = Duration::from_secs(1)));
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    assert!(world.truth.marked());
    world.truth.set_condition("n1", "Ready", ConditionStatus::True);
    let name = world.only().name.clone();
    world.truth.delete_record(&name);
    world.run(60);
    assert!(!world.truth.marked(), "{}", world.timeline().join("\n"));
    assert!(!world.truth.nodes["n1"].unschedulable);
}

#[test]
fn a_record_of_an_unknown_strategy_fails_and_touches_nothing() {
    let mut world = small(with(|s| s.paused = true));
    world.truth.fail("web-0");
    world.run(5);
    let mut record = world.only().clone();
    record.spec.strategy = None;
    world.truth.records.insert(record.name.clone(), record);
    world.set(|settings| settings.paused = false);
    world.restart();
    world.run(600);
    let record = world.only();
    assert_eq!((record.status.phase, record.status.reason.as_str()), (Some(Phase::Failed), "UnknownAction"));
    assert_eq!((world.writes().len(), world.terminal_happenings()), (0, 1));
}

#[test]
fn a_record_of_an_unknown_phase_is_left_alone() {
    let mut world = small(with(|s| s.paused = true));
    world.truth.fail("web-0");
    world.run(5);
    let mut record = world.only().clone();
    record.status.phase = None;
    world.truth.records.insert(record.name.clone(), record.clone());
    world.set(|settings| settings.paused = false);
    world.restart();
    world.run(600);
    assert_eq!((world.writes().len(), world.only()), (0, &record));
}

#[test]
fn a_finished_record_is_kept_for_its_time_and_then_deleted() {
    let mut world = small(with(|s| s.recovery_ttl = Duration::from_secs(600)));
    world.truth.fail("web-0");
    world.run(590);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    world.run(60);
    assert!(world.truth.records.is_empty());
    assert_eq!(world.count("delete recovery"), 1);
}

fn told() -> Settings {
    with(|settings| settings.channels = Channel::ALL.to_vec())
}

fn later(after: u64) -> Fault {
    let message = "slow down".into();
    let outcome = Outcome::TryLater { after: Some(Duration::from_secs(after)), budget: false, message };
    Fault { verb: "tell", outcome, applied: false }
}

#[test]
fn a_message_is_sent_once_at_the_opening_and_once_with_the_outcome() {
    let mut world = small(told());
    world.truth.fail("web-0");
    world.run(600);
    assert_eq!((world.count("tell slack opened"), world.count("tell slack outcome"), world.count("tell")), (1, 1, 2));
}

#[test]
fn a_message_waits_as_long_as_its_receiver_asks_and_delays_no_recovery() {
    let mut world = small(told());
    world.truth.faults.push_back(later(120));
    world.truth.fail("web-0");
    world.run(60);
    assert_eq!((world.phases(), world.count("tell")), (vec![Phase::Succeeded], 1));
    world.run(100);
    assert_eq!(world.count("tell"), 3);
    let tells = world.log.iter().filter(|(_, effect)| matches!(effect.verb, Verb::Tell { .. }));
    let times: Vec<u64> = tells.map(|(at, _)| at / 1000).collect();
    assert!(times[1] - times[0] >= 120, "{times:?}");
}

#[test]
fn pending_messages_of_a_finished_recovery_are_sent_after_a_restart() {
    let mut world = small(told());
    world.truth.faults.push_back(later(600));
    world.truth.fail("web-0");
    world.run(60);
    world.restart();
    world.run(60);
    let states: Vec<Delivery> = world.only().status.notifications.iter().map(|message| message.state).collect();
    assert_eq!(states, [Delivery::Sent, Delivery::Sent]);
}

#[test]
fn a_message_that_is_refused_for_good_is_not_repeated() {
    let mut world = small(told());
    let outcome = Outcome::Refused { message: "no such channel".into() };
    world.truth.faults.push_back(Fault { verb: "tell", outcome, applied: false });
    world.truth.fail("web-0");
    world.run(600);
    let notifications = &world.only().status.notifications;
    assert_eq!(notifications[0].state, Delivery::Failed);
    assert_eq!((notifications[0].last_error.as_str(), world.count("tell slack opened")), ("no such channel", 1));
}

#[test]
fn a_conflict_on_the_record_is_resolved_and_nothing_is_lost() {
    let mut world = small(defaults());
    world.truth.fail("web-0");
    world.run_ms(60);
    // Somebody labels the record; the next save still carries the version before.
    world.truth.order(|_| {});
    world.run(30);
    assert_eq!((world.phases(), world.count("delete default")), (vec![Phase::Succeeded], 1));
}

#[test]
fn a_record_whose_creation_was_not_answered_is_found_again() {
    let mut world = small(defaults());
    let outcome = Outcome::Unknown { message: "timed out".into() };
    world.truth.faults.push_back(Fault { verb: "create recovery", outcome, applied: true });
    world.truth.fail("web-0");
    world.run(30);
    assert_eq!((world.phases(), world.count("delete default")), (vec![Phase::Succeeded], 1));
}

#[test]
fn nothing_is_deleted_before_the_record_could_be_created() {
    let mut world = small(defaults());
    for _ in 0..4 {
        let outcome = Outcome::Refused { message: "forbidden".into() };
        world.truth.faults.push_back(Fault { verb: "create recovery", outcome, applied: false });
    }
    world.truth.fail("web-0");
    world.run(6);
    assert_eq!(world.writes(), [""; 0]);
    world.run(30);
    assert_eq!(world.phases(), [Phase::Succeeded]);
}
