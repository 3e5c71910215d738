//! S18, S21, L8: what records may become, and how holds are told.

use crate::doings::{held, node, over, pod, record, status};
use crate::history::{A, CLUSTER, History};
use self_healing_sim::store::Key;
use self_healing_trial::check::{FaultKind, Note, Told};
use serde_json::{Value, json};

fn opened() -> History {
    let mut history = History::five_nodes();
    history.opens(A, "r1", "Pod", &pod("web-1"));
    history
}

/// Saves one status after the other, and gives what is broken.
fn life(statuses: impl IntoIterator<Item = Value>) -> History {
    let mut history = opened();
    for status in statuses {
        history.saves(A, "r1", status);
        history.pass(1);
    }
    history
}

const RESTART: (&str, &str) = ("restart", "pod-web-1");
const RECREATE: (&str, &str) = ("recreate", "pod-web-2");
const MOMENT: &str = "2026-01-01T00:01:00Z";

#[test]
fn s18_a_whole_life_breaks_nothing() {
    life([
        held("Budget", "too many"),
        status("Running", &[RESTART], MOMENT),
        status("Verifying", &[RESTART], MOMENT),
        status("Running", &[RESTART, RECREATE], MOMENT),
        over("Succeeded", &[RESTART, RECREATE], MOMENT),
    ])
    .holds();
}

#[test]
fn s18_what_breaks_the_graph() {
    let mut message = over("Succeeded", &[RESTART], MOMENT);
    message["message"] = "other words".into();
    let unended = status("Succeeded", &[RESTART], MOMENT);
    let mut rewritten = status("Running", &[RESTART], MOMENT);
    rewritten["attempts"][0]["startedAt"] = "2026-01-01T00:02:00Z".into();
    let mut two_open = status("Running", &[RESTART, RECREATE], MOMENT);
    two_open["attempts"][0]["finishedAt"] = Value::Null;
    let cases = [
        (vec![over("Succeeded", &[RESTART], MOMENT), message], "message changed after it was over (Succeeded)"),
        (
            vec![over("Succeeded", &[RESTART], MOMENT), status("Running", &[RESTART], MOMENT)],
            "changed after it was over",
        ),
        (vec![unended], "Succeeded without finishedAt"),
        (vec![over("Succeeded", &[], MOMENT)], "Succeeded without an attempt"),
        (vec![over("Escalated", &[], MOMENT)], "Escalated without an attempt"),
        (vec![over("Failed", &[RESTART], MOMENT)], "Failed without the reason UnknownAction"),
        (vec![status("Running", &[RESTART], MOMENT), rewritten], "an earlier attempt was rewritten"),
        (vec![status("Running", &[RESTART], MOMENT), status("Pending", &[], MOMENT)], "of 1 attempts 0 are left"),
        (vec![status("Running", &[RECREATE, RESTART], MOMENT)], "are no part of a ladder"),
        (vec![two_open], "an attempt began before the last had ended"),
        (vec![status("Dreaming", &[], MOMENT)], "is none of the contract's"),
    ];
    for (statuses, words) in cases {
        life(statuses).breaks("S18", words);
    }
}

#[test]
fn s18_messages_and_impact_may_follow() {
    let mut later = over("Succeeded", &[RESTART], MOMENT);
    later["notifications"] = json!([{"channel": "slack", "key": "outcome", "state": "Sent"}]);
    later["impact"] = json!(["Pod shop/web-9: Failed"]);
    life([over("Succeeded", &[RESTART], MOMENT), later]).holds();
}

#[test]
fn s18_another_versions_phase_is_left_alone() {
    let mut history = opened();
    history.change(&CLUSTER, &record("r1"), |record| record["status"] = json!({"phase": "Dreaming"}));
    history.saves(A, "r1", status("Running", &[RESTART], MOMENT));
    history.breaks("S18", "phase Dreaming is another version's");
}

#[test]
fn s18_a_record_is_written_at_the_version_that_was_read() {
    let mut history = opened();
    let mut object = history.get(&record("r1")).clone();
    object["status"] = status("Pending", &[], MOMENT);
    let body = json!({"status": object["status"]});
    history.writes(A, "update/status", &record("r1"), body, Some(object));
    history.breaks("S18", "whatever its version was");
}

#[test]
fn s18_a_record_is_kept_for_its_time() {
    for (ttl, phase, words) in [
        ("60", "Succeeded", None),
        ("600", "Succeeded", Some("before recovery_ttl was over")),
        ("60", "Running", Some("it was deleted in phase Running")),
    ] {
        let mut history = opened();
        history.configures(json!({"recovery_ttl": ttl}));
        history.pass(5);
        let now = history.now();
        history.saves(
            A,
            "r1",
            if phase == "Running" { status(phase, &[RESTART], now) } else { over(phase, &[RESTART], now) },
        );
        history.pass(70);
        history.writes(A, "delete", &record("r1"), json!({"preconditions": {"uid": "rec-r1"}}), None);
        match words {
            None => history.holds(),
            Some(words) => history.breaks("S18", words),
        }
    }
}

#[test]
fn s21_records_have_bounds() {
    let many = |count: usize| Value::Array(vec![json!({"name": "x", "result": "Pass"}); count]);
    let guards = |count| json!({"phase": "Pending", "guards": many(count)});
    let steps = |count| {
        let mut status = status("Running", &[RESTART], MOMENT);
        status["attempts"][0]["steps"] = many(count);
        status
    };
    let evidence =
        |bytes: usize| json!({"phase": "Pending", "evidence": [{"name": "log", "value": "x".repeat(bytes)}]});
    for (good, bad, words) in [
        (guards(32), guards(33), "33 entries in /status/guards"),
        (steps(64), steps(65), "65 steps in one attempt"),
        (evidence(16_381), evidence(16_382), "16385 bytes of evidence"),
    ] {
        life([good]).holds();
        life([bad]).breaks("S21", words);
    }
}

/// An Event of `instance` about Recovery `r1`.
fn says(history: &mut History, name: &str, reason: &str, note: &str) {
    let regarding = json!({"kind": "Recovery", "name": "r1"});
    let event =
        json!({"metadata": {"uid": name}, "type": "Warning", "reason": reason, "note": note, "regarding": regarding});
    history.writes(A, "create", &Key::new("events.events.k8s.io", "self-healing", name), event.clone(), Some(event));
}

#[test]
fn s21_an_event_is_not_repeated_for_five_minutes() {
    for (seconds, note, good) in [(10, "others", true), (300, "the same", true), (299, "the same", false)] {
        let mut history = opened();
        says(&mut history, "e1", "FailureDetected", "the same");
        history.pass(seconds);
        says(&mut history, "e2", "FailureDetected", note);
        if good { history.holds() } else { history.breaks("S21", "Event e2 says the same again") }
    }
}

#[test]
fn s21_a_message_arrives_once_unless_a_fault_doubled_it() {
    for (fault, good) in [(true, true), (false, false)] {
        let mut history = opened();
        let told = Told { channel: "slack".into(), key: "opened".into(), recovery: "r1".into(), text: String::new() };
        history.note(Note::Told(told.clone()));
        if fault {
            history.fault(FaultKind::Calls);
            history.pass(1);
            history.fault_ends();
        }
        history.pass(1);
        history.note(Note::Told(told));
        if good { history.holds() } else { history.breaks("S21", "slack was told opened of Recovery r1 twice") }
    }
}

#[test]
fn l8_a_hold_says_why() {
    life([status("Held", &[], MOMENT)]).breaks("L8", "Held without a guard that says why");
    life([held("Budget", "")]).breaks("L8", "Held without a guard that says why");
}

#[test]
fn l8_a_hold_is_told_in_time() {
    for (told, good) in [(true, true), (false, false)] {
        let mut history = opened();
        history.saves(A, "r1", held("Budget", "too many"));
        if told {
            says(&mut history, "e1", "RecoveryHeld", "too many");
        }
        history.pass(31);
        if good { history.holds() } else { history.breaks("L8", "has been held by Budget for 30s") }
    }
}

#[test]
fn l8_a_hold_that_a_fault_met_or_that_ended_is_excused() {
    let mut history = opened();
    history.saves(A, "r1", held("Budget", "too many"));
    history.fault(FaultKind::Calls);
    history.fault_ends();
    history.pass(40);
    history.holds();

    let mut history = opened();
    history.saves(A, "r1", held("Budget", "too many"));
    history.saves(A, "r1", status("Running", &[RESTART], MOMENT));
    history.pass(40);
    history.holds();
}

#[test]
fn l2_records_come_to_their_end() {
    let old = "2025-12-31T00:00:00Z";
    let now = "2026-01-01T00:00:45Z";
    let mut monitor = status("Running", &[("monitor", "pod-web-1")], old);
    monitor["reason"] = "".into();
    for (status, good) in [
        (status("Running", &[RESTART], now), true),
        (held("Budget", "too many"), true),
        (over("Escalated", &[RESTART], old), true),
        (status("Running", &[RESTART], old), false),
        (status("Pending", &[], old), false),
        (monitor, false),
    ] {
        let history = life([status]);
        history.end();
        if good { history.holds() } else { history.breaks("L2", "Recovery r1 is still") }
    }
}

#[test]
fn l3_a_recovery_that_is_over_leaves_no_mark() {
    for (undone, good) in [(true, true), (false, false)] {
        let mut history = History::five_nodes();
        history.drains(A, "n1");
        history.cordons(A, "n1", "r-n1");
        if undone {
            history.uncordons(A, "n1");
        }
        history.saves(A, "r-n1", over("Succeeded", &[("drain_and_replace", "node-n1")], history.now()));
        history.pass(10);
        history.end();
        if good { history.holds() } else { history.breaks("L3", "is left on node n1 by Recovery r-n1") }
    }
    assert_eq!(&*node("n1").name, "n1");
}
