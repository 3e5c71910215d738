//! L10: what is owed is delivered, and nothing else.

use crate::doings::pod;
use crate::history::{A, History};
use self_healing_trial::check::{FaultKind, Note, Told, Violation};
use serde_json::json;

/// A Recovery whose message `opened` to Slack stands so, under a leader that has been in peace for 40 s.
fn owes(state: &str) -> History {
    let mut history = History::five_nodes();
    history.opens(A, "r1", "Pod", &pod("web-1"));
    let owed = json!([{"channel": "slack", "key": "opened", "state": state}]);
    history.saves(A, "r1", json!({"phase": "Pending", "notifications": owed}));
    history
}

fn tells(history: &History, key: &str) {
    let (channel, key) = ("slack".to_owned(), key.to_owned());
    history.note(Note::Told(Told { channel, key, recovery: "r1".into(), text: String::new() }));
}

/// What L10 says at the end of the run.
fn found(history: &History) -> Vec<String> {
    history.end();
    let of_l10 = |violation: &&Violation| violation.id == "L10";
    history.checker.violations().iter().filter(of_l10).map(ToString::to_string).collect()
}

#[track_caller]
fn says(history: &History, words: &str) {
    let found = found(history);
    assert!(found.len() == 1 && found[0].contains(words), "{found:#?}");
}

#[test]
fn l10_a_message_that_is_called_sent_and_never_came() {
    let history = owes("Sent");
    says(&history, "slack was never told opened of Recovery r1, which calls it sent");

    let history = owes("Sent");
    tells(&history, "opened");
    assert_eq!(found(&history), [""; 0]);
}

#[test]
fn l10_a_message_that_nobody_owed() {
    let history = owes("Sent");
    tells(&history, "opened");
    tells(&history, "outcome");
    says(&history, "slack was told outcome of Recovery r1, which owed it nothing");
}

#[test]
fn l10_a_message_that_still_waits_when_all_has_been_well_for_long_enough() {
    for (seconds, late) in [(130, false), (150, true)] {
        let mut history = owes("Pending");
        history.pass(seconds);
        if late {
            says(&history, "slack waits for opened of Recovery r1");
        } else {
            assert_eq!(found(&history), [""; 0]);
        }
    }
}

#[test]
fn l10_a_message_waits_while_its_receiver_does_not_take_it_and_not_for_ever_after() {
    let unwell = || {
        let mut history = owes("Pending");
        history.fault(FaultKind::Messages);
        history.pass(600);
        history
    };
    assert_eq!(found(&unwell()), [""; 0]);

    for (seconds, late) in [(170, false), (190, true)] {
        let mut history = unwell();
        history.fault_ends();
        history.pass(seconds);
        if late {
            says(&history, "slack waits for opened of Recovery r1");
        } else {
            assert_eq!(found(&history), [""; 0]);
        }
    }
}

#[test]
fn l10_what_was_refused_for_good_is_owed_no_more() {
    let mut history = owes("Failed");
    history.pass(600);
    assert_eq!(found(&history), [""; 0]);
}
