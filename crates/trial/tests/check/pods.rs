//! S1, S4, S5 on pods.

use crate::doings::{over, pod, record, status};
use crate::history::{A, B, CLUSTER, History};
use serde_json::json;

/// A leader and a pod in trouble.
fn started() -> History {
    let mut history = History::new();
    history.node("n1");
    history.node("n2");
    history.pod("web-1", "n1");
    history.starts(A);
    history
}

/// The same with a record.
fn opened() -> History {
    let mut history = started();
    history.opens(A, "r1", "Pod", &pod("web-1"));
    history
}

/// The same with an attempt under way.
fn begun() -> History {
    let mut history = started();
    history.begins(A, "r1", "web-1");
    history
}

#[test]
fn a_pod_that_is_recorded_read_and_deleted_breaks_nothing() {
    let mut history = begun();
    history.deletes(A, "web-1");
    history.remove(&CLUSTER, pod("web-1"));
    history.holds();
    assert!(
        history.checker.judged()["S1"] > 0 && history.checker.judged()["S4"] > 0 && history.checker.judged()["S5"] > 0
    );
}

#[test]
fn s1_a_delete_names_the_uid() {
    let mut history = begun();
    history.reads(A, &pod("web-1"));
    let version = history.get(&pod("web-1"))["metadata"]["resourceVersion"].clone();
    history.deletes_by(A, "web-1", json!({"preconditions": {"resourceVersion": version}}));
    history.breaks("S1", "pod shop/web-1 (uid pod-web-1) was deleted by commit");
}

#[test]
fn s1_a_replacement_of_the_same_name_is_another_pod() {
    let mut history = begun();
    history.change(&CLUSTER, &pod("web-1"), |pod| pod["metadata"]["uid"] = "pod-later".into());
    history.deletes(A, "web-1");
    let broken = history.broken();
    assert!(broken.contains(&"S1"), "{broken:?}");
}

#[test]
fn s4_a_pod_is_deleted_once_whoever_leads() {
    let mut history = begun();
    history.deletes(A, "web-1");
    history.leads(B);
    history.reads(B, &pod("web-1"));
    let object = history.get(&pod("web-1")).clone();
    let (uid, version) = (&object["metadata"]["uid"], &object["metadata"]["resourceVersion"]);
    let body = json!({"preconditions": {"uid": uid, "resourceVersion": version}});
    history.writes(B, "delete", &pod("web-1"), body, None);
    history.breaks("S4", "twice: commit");
}

#[test]
fn s5_a_pod_without_a_record_is_left_alone() {
    let mut history = opened();
    history.pod("web-2", "n1");
    history.deletes(A, "web-2");
    history.breaks("S5", "no open Recovery names the pod or its node");
}

#[test]
fn s5_a_stored_status_has_the_attempt() {
    let mut history = opened();
    history.saves(A, "r1", status("Pending", &[], history.now()));
    history.deletes(A, "web-1");
    history.breaks("S5", "has no attempt on it");
}

#[test]
fn s5_a_record_without_a_status_is_not_enough() {
    let mut history = opened();
    history.deletes(A, "web-1");
    history.breaks("S5", "has no attempt on it");
}

#[test]
fn s5_what_was_seen_is_stored_first() {
    let mut history = opened();
    let mut status = status("Running", &[("restart", "pod-web-1")], history.now());
    status["evidence"] = json!([{"name": "exitCode", "value": "137"}]);
    history.saves(A, "r1", status);
    history.deletes(A, "web-1");
    history.breaks("S5", "or not the evidence");
}

#[test]
fn s5_a_recovery_that_is_over_deletes_nothing() {
    let mut history = opened();
    history.saves(A, "r1", over("SelfRecovered", &[], history.now()));
    history.pass(1);
    history.deletes(A, "web-1");
    history.breaks("S5", "no open Recovery");
}

#[test]
fn s5_only_what_a_strategy_knows_is_done() {
    let mut history = opened();
    let mut object = history.get(&pod("web-1")).clone();
    object["metadata"]["labels"]["app"] = "other".into();
    history.writes(A, "patch", &pod("web-1"), json!({"metadata": {"labels": {"app": "other"}}}), Some(object));
    history.breaks("S5", "no record can be the reason");
}

#[test]
fn s5_a_bare_pod_is_deleted_when_its_manifest_is_stored() {
    for (stored, good) in [(true, true), (false, false)] {
        let mut history = opened();
        let bare = |record: &mut serde_json::Value| {
            record["spec"]["workload"] =
                json!({"kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "pod-web-1"});
        };
        history.remove(&CLUSTER, record("r1"));
        history.opens_as(A, "r1", "Pod", &pod("web-1"), bare);
        let mut status = status("Running", &[("restart", "pod-web-1")], history.now());
        if stored {
            status["savedManifest"] = "{}".into();
        }
        history.saves(A, "r1", status);
        history.deletes(A, "web-1");
        if good { history.holds() } else { history.breaks("S5", "or not the manifest") }
    }
}
