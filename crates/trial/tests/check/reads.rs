//! S2, S16, S17, S19: what was read before a write, and how the write was sent.

use crate::doings::{node, pod};
use crate::history::{A, B, CLUSTER, History};
use self_healing_api::marks;
use self_healing_trial::check::{FaultKind, Note, Read, Sent};
use serde_json::json;

/// A leader, a pod in trouble, and its record.
fn opened() -> History {
    let mut history = History::new();
    history.node("n1");
    history.pod("web-1", "n1");
    history.starts(A);
    history.begins(A, "r1", "web-1");
    history
}

/// The body of a delete of `web-1` as it is now.
fn body(history: &History) -> serde_json::Value {
    let metadata = &history.get(&pod("web-1"))["metadata"];
    json!({"preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}})
}

fn read(history: &History, quorum: bool, ok: bool) {
    let version = history.get(&pod("web-1"))["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    history.note(Note::Read(Read { instance: A.into(), key: pod("web-1"), version, quorum, ok }));
}

#[test]
fn s2_a_read_is_needed() {
    let mut history = opened();
    history.deletes_by(A, "web-1", body(&history));
    history.breaks("S2", "without a quorum read of it");
}

#[test]
fn s2_another_process_has_to_read_for_itself() {
    let mut history = opened();
    history.reads(A, &pod("web-1"));
    history.starts(B);
    history.deletes_by(B, "web-1", body(&history));
    history.breaks("S2", "without a quorum read of it");
}

#[test]
fn s2_a_read_gets_old_and_a_stopped_process_cannot_know() {
    for (seconds, stopped, good) in [(5, false, true), (6, false, false), (6, true, true)] {
        let mut history = opened();
        history.reads(A, &pod("web-1"));
        if stopped {
            history.fault(FaultKind::Process);
        }
        history.pass(seconds);
        history.deletes_by(A, "web-1", body(&history));
        if good { history.holds() } else { history.breaks("S2", "without a quorum read of it") }
    }
}

#[test]
fn s2_an_answer_from_a_cache_is_no_quorum_read() {
    let mut history = opened();
    read(&history, false, true);
    history.deletes_by(A, "web-1", body(&history));
    history.breaks("S2", "without a quorum read of it");
}

#[test]
fn s2_a_delete_insists_on_the_version_that_was_read() {
    let mut history = opened();
    history.reads(A, &pod("web-1"));
    history.deletes_by(A, "web-1", json!({"preconditions": {"uid": "pod-web-1"}}));
    history.breaks("S2", "without a resourceVersion");

    let mut history = opened();
    history.reads(A, &pod("web-1"));
    history.change(&CLUSTER, &pod("web-1"), |pod| pod["status"]["phase"] = "Failed".into());
    history.deletes_by(A, "web-1", body(&history));
    history.breaks("S2", "which it had not just read");
}

#[test]
fn s2_who_moves_a_pod_off_a_node_has_read_the_node() {
    for (read, good) in [(true, true), (false, false)] {
        let mut history = History::five_nodes();
        history.drains(A, "n1");
        if read {
            history.reads(A, &node("n1"));
        }
        history.evicts(A, "web-1");
        if good { history.holds() } else { history.breaks("S2", "without a quorum read of node n1") }
    }
}

#[test]
fn s16_nothing_is_applied_by_force() {
    for (query, good) in [("fieldManager=x", true), ("fieldManager=x&force=true", false)] {
        let history = History::five_nodes();
        history.note(Note::Sent(Sent {
            instance: A.into(),
            id: 7,
            verb: "patch",
            key: node("n1"),
            subresource: "".into(),
            query: query.to_owned(),
            body: json!({"metadata": {"annotations": {}}}).into(),
        }));
        if good { history.holds() } else { history.breaks("S16", "applied to node n1 by force") }
    }
}

#[test]
fn s17_the_same_again_needs_a_new_look() {
    for (look, good) in [(true, true), (false, false)] {
        let mut history = opened();
        history.reads(A, &pod("web-1"));
        let body = body(&history);
        history.sends(A, "delete", &pod("web-1"), &body);
        history.pass(2);
        if look {
            history.reads(A, &pod("web-1"));
        }
        history.deletes_by(A, "web-1", body);
        if good { history.holds() } else { history.breaks("S17", "without a read in between") }
    }
}

#[test]
fn s17_two_recoveries_may_ask_for_the_same() {
    for (second, good) in [("r2", true), ("r1", false)] {
        let mut history = opened();
        history.opens(A, "r2", "Pod", &pod("web-1"));
        history.reads(A, &node("n1"));
        let version = history.get(&node("n1"))["metadata"]["resourceVersion"].clone();
        for record in ["r1", second] {
            let taints = json!([{"key": marks::SUSPECT, "value": record, "effect": "PreferNoSchedule"}]);
            let lock = json!({"uid": "node-n1", "resourceVersion": version});
            history.sends(A, "patch", &node("n1"), &json!({"metadata": lock, "spec": {"taints": taints}}));
        }
        if good { history.holds() } else { history.breaks("S17", "without a read in between") }
    }
}

#[test]
fn s17_every_deletion_left_as_a_request() {
    let mut history = opened();
    history.reads(A, &pod("web-1"));
    let mut object = history.get(&pod("web-1")).clone();
    object["metadata"]["deletionTimestamp"] = "now".into();
    let body = body(&history);
    history.lands(A, "delete", &pod("web-1"), body, Some(object));
    history.breaks("S17", "no such request was seen to leave");
}

#[test]
fn s19_nothing_follows_from_a_read_that_failed() {
    for (again, good) in [(true, true), (false, false)] {
        let mut history = opened();
        read(&history, true, true);
        read(&history, true, false);
        if again {
            read(&history, true, true);
        }
        history.deletes_by(A, "web-1", body(&history));
        if good { history.holds() } else { history.breaks("S19", "the last read of it had failed") }
    }
}
