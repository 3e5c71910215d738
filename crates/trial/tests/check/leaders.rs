//! S3, L5: who leads, and who may write.

use crate::doings::{pod, record, status};
use crate::history::{A, B, History};
use self_healing_trial::check::{FaultKind, Note};
use serde_json::json;

fn opened() -> History {
    let mut history = History::five_nodes();
    history.opens(A, "r1", "Pod", &pod("web-1"));
    history
}

#[test]
fn s3_who_never_led_writes_nothing() {
    let mut history = opened();
    history.saves(B, "r1", status("Pending", &[], history.now()));
    history.breaks("S3", "without ever having led");
}

#[test]
fn s3_a_leader_stops_before_others_may_begin() {
    for (seconds, good) in [(7, true), (8, false)] {
        let mut history = opened();
        history.leader = None;
        history.pass(seconds);
        history.saves(A, "r1", status("Pending", &[], history.now()));
        if good { history.holds() } else { history.breaks("S3", "8s after its last renewal") }
    }
}

#[test]
fn s3_without_an_election_anybody_may() {
    let mut history = History::new();
    history.configures(json!({"leader_election": "false"}));
    history.node("n1");
    history.pod("web-1", "n1");
    history.pass(5);
    history.opens(A, "r1", "Pod", &pod("web-1"));
    history.holds();
}

#[test]
fn s3_an_earlier_leaders_write_of_a_record_stays_behind() {
    let mut history = opened();
    let mut late = history.get(&record("r1")).clone();
    late["status"] = status("Running", &[("restart", "pod-web-1")], history.now());
    let body = json!({"metadata": late["metadata"], "status": late["status"]});
    history.sends(A, "update/status", &record("r1"), &body);
    history.leads(B);
    history.saves(B, "r1", status("Pending", &[], history.now()));
    history.lands(A, "update/status", &record("r1"), body, Some(late));
    history.breaks("S3", "wrote Recovery r1 by commit");
}

#[test]
fn s3_an_earlier_leaders_delete_lands_soon_or_was_held_up_by_a_fault() {
    for (seconds, fault, good) in [(8, false, true), (9, false, false), (9, true, true)] {
        let mut history = opened();
        history.saves(A, "r1", status("Running", &[("restart", "pod-web-1")], history.now()));
        history.reads(A, &pod("web-1"));
        let mut object = history.get(&pod("web-1")).clone();
        let version = &object["metadata"]["resourceVersion"];
        let body = json!({"preconditions": {"uid": "pod-web-1", "resourceVersion": version}});
        history.sends(A, "delete", &pod("web-1"), &body);
        if fault {
            history.fault(FaultKind::Calls);
        }
        history.leads(B);
        history.pass(seconds);
        object["metadata"]["deletionTimestamp"] = "now".into();
        history.lands(A, "delete", &pod("web-1"), body, Some(object));
        if good { history.holds() } else { history.breaks("S3", "9s after another had taken over") }
    }
}

#[test]
fn l5_somebody_leads_soon() {
    let mut history = opened();
    history.leader = None;
    history.pass(22);
    history.holds();
    history.pass(1);
    history.breaks("L5", "nobody has led for 23s");
}

#[test]
fn l5_who_is_cut_off_or_dead_cannot_lead() {
    let mut history = opened();
    history.leader = None;
    history.fault(FaultKind::Calls);
    history.pass(60);
    history.fault_ends();
    history.pass(10);
    history.note(Note::Ended { instance: A.into() });
    history.pass(60);
    history.holds();
}

#[test]
fn l5_who_was_refused_asks_again_before_it_leads() {
    for (kind, good) in [(FaultKind::Views, true), (FaultKind::Process, false)] {
        let mut history = opened();
        history.leader = None;
        history.fault(kind);
        history.pass(1);
        history.fault_ends();
        history.pass(30);
        if good { history.holds() } else { history.breaks("L5", "nobody has led for 23s") }
    }
}
