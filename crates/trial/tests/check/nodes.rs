//! S6 to S9, S14, S15: marks on nodes, and how many nodes at once.

use crate::doings::{held, node, over, record};
use crate::history::{A, CLUSTER, History};
use self_healing_api::marks;
use self_healing_trial::check::FaultKind;
use serde_json::json;

#[test]
fn a_drain_and_its_undoing_break_nothing() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.cordons(A, "n1", "r-n1");
    history.evicts(A, "web-1");
    history.uncordons(A, "n1");
    history.saves(A, "r-n1", over("Succeeded", &[("drain_and_replace", "node-n1")], history.now()));
    history.pass(200);
    history.holds();
    for id in ["S1", "S2", "S4", "S5", "S7", "S8", "S9", "S13", "S14", "S17", "S18"] {
        assert!(history.checker.judged()[id] > 0, "{id} had nothing to judge");
    }
}

#[test]
fn s1_a_cordon_is_for_the_node_that_the_record_names() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.change(&CLUSTER, &node("n1"), |node| node["metadata"]["uid"] = "node-n1-again".into());
    history.cordons(A, "n1", "r-n1");
    history.breaks("S1", "but Recovery r-n1 names uid node-n1");
}

#[test]
fn s5_a_mark_names_a_recovery_that_has_begun() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.cordons(A, "n1", "r-other");
    history.breaks("S5", "which is no open Recovery");

    let mut history = History::five_nodes();
    history.ready("n1", "False");
    history.opens(A, "r-n1", "Node", &node("n1"));
    history.cordons(A, "n1", "r-n1");
    history.breaks("S5", "has no attempt");
}

#[test]
fn s6_a_mark_does_not_outlive_its_recovery() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.cordons(A, "n1", "r-n1");
    history.saves(A, "r-n1", over("Succeeded", &[("drain_and_replace", "node-n1")], history.now()));
    history.pass(120);
    history.holds();
    history.pass(1);
    history.breaks("S6", "self-healing.dev/owner of node n1 names Recovery r-n1");
}

#[test]
fn s6_a_mark_without_a_recovery_is_an_orphan_and_a_fault_excuses_it_for_a_while() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.cordons(A, "n1", "r-n1");
    history.remove(&CLUSTER, record("r-n1"));
    history.pass(100);
    history.fault(FaultKind::Calls);
    history.pass(100);
    history.fault_ends();
    history.pass(120);
    history.holds();
    history.pass(1);
    history.breaks("S6", "names Recovery r-n1");
}

#[test]
fn s7_one_of_five_nodes_at_a_time() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.drains(A, "n2");
    history.breaks("S7", "2 nodes are in recovery (n1, n2), 1 of 5 are allowed");

    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.saves(A, "r-n1", over("Succeeded", &[("drain_and_replace", "node-n1")], history.now()));
    history.drains(A, "n2");
    history.holds();
}

#[test]
fn s8_three_of_five_sick_nodes_are_too_many() {
    for (sick, good) in [(&["n2"][..], true), (&["n2", "n3"][..], false)] {
        let mut history = History::five_nodes();
        sick.iter().for_each(|name| history.ready(name, "Unknown"));
        history.drains(A, "n1");
        if good { history.holds() } else { history.breaks("S8", "while 3 of 5 nodes were sick or in recovery") }
    }
}

#[test]
fn s8_a_zone_that_is_sick_as_a_whole_is_left() {
    for (second, good) in [("b", true), ("a", false)] {
        let mut history = History::five_nodes();
        for (name, zone) in [("n1", "a"), ("n2", second), ("n3", "b"), ("n4", "b"), ("n5", "b")] {
            let label = json!({"topology.kubernetes.io/zone": zone});
            history.change(&CLUSTER, &node(name), |node| node["metadata"]["labels"] = label);
        }
        history.pass(60);
        history.ready("n2", "Unknown");
        history.drains(A, "n1");
        if good { history.holds() } else { history.breaks("S8", "while 2 of 2 nodes of zone a were sick") }
    }
}

#[test]
fn s8_what_the_views_do_not_show_cannot_be_known() {
    let mut history = History::five_nodes();
    history.fault(FaultKind::Views);
    ["n2", "n3"].iter().for_each(|name| history.ready(name, "Unknown"));
    history.drains(A, "n1");
    history.holds();
}

#[test]
fn s9_a_new_leader_settles_first() {
    let mut history = History::new();
    ["n1", "n2", "n3"].iter().for_each(|name| history.node(name));
    history.starts(A);
    history.pass(20);
    history.drains(A, "n1");
    history.breaks("S9", "25s after its process began to lead");
}

#[test]
fn s9_the_last_ready_node_is_left() {
    let mut history = History::five_nodes();
    history.configures(json!({"max_unhealthy_nodes": "100%"}));
    ["n2", "n3", "n4", "n5"].iter().for_each(|name| history.ready(name, "False"));
    history.drains(A, "n1");
    history.breaks("S9", "while no node but n1 could be Ready");
}

#[test]
fn s9_nothing_is_taken_away_on_silent_watches() {
    for (list, good) in [(true, true), (false, false)] {
        let mut history = History::five_nodes();
        history.drains(A, "n1");
        history.cordons(A, "n1", "r-n1");
        history.fault(FaultKind::Silence);
        history.pass(66);
        history.reads(A, &node("n1"));
        if list {
            history.reads(A, &node(""));
        }
        history.evicts(A, "web-1");
        if good { history.holds() } else { history.breaks("S9", "its watches have been silent for") }
    }
}

#[test]
fn s14_what_others_set_stays() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    let marks = json!({marks::OWNER: "r-n1"});
    let body = json!({"metadata": {"annotations": marks}, "spec": {"unschedulable": true}});
    history.patches(A, "n1", body.clone(), |node| {
        node["spec"]["unschedulable"] = true.into();
        node["metadata"]["annotations"] = marks.clone();
        node["metadata"]["labels"] = json!({});
    });
    history.breaks("S14", "on node n1 changed labels");

    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.change(&CLUSTER, &node("n1"), |node| node["spec"]["unschedulable"] = true.into());
    history.patches(A, "n1", body, |node| node["metadata"]["annotations"] = marks);
    history.breaks("S14", "a cordon of somebody else into ours");
}

#[test]
fn s14_a_cordon_of_somebody_else_is_not_taken_back() {
    let mut history = History::five_nodes();
    history.change(&CLUSTER, &node("n1"), |node| node["spec"]["unschedulable"] = true.into());
    history.uncordons(A, "n1");
    history.breaks("S14", "a cordon that is not ours");
}

#[test]
fn s14_the_label_for_load_balancers_comes_and_goes_with_our_cordon() {
    let (label, mark) = (marks::EXCLUDE_FROM_LOAD_BALANCERS, marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS);
    for (before, left, good) in [(None, None, true), (None, Some("true"), false), (Some("theirs"), None, false)] {
        let mut history = History::five_nodes();
        history.change(&CLUSTER, &node("n1"), |node| node["metadata"]["labels"] = json!({}));
        history.drains(A, "n1");
        let marks = json!({marks::OWNER: "r-n1", marks::ORIGINAL_UNSCHEDULABLE: "false", mark: "absent"});
        let body = json!({"metadata": {"annotations": marks}, "spec": {"unschedulable": true}});
        history.patches(A, "n1", body, |node| {
            node["spec"]["unschedulable"] = true.into();
            node["metadata"]["annotations"] = marks.clone();
            node["metadata"]["labels"] = json!({label: "true"});
        });
        history.holds();
        if let Some(theirs) = before {
            history.change(&CLUSTER, &node("n1"), |node| node["metadata"]["labels"] = json!({label: theirs}));
        }
        let body = json!({"metadata": {"annotations": {marks::OWNER: null}}, "spec": {"unschedulable": false}});
        history.patches(A, "n1", body, |node| {
            node["spec"]["unschedulable"] = false.into();
            node["metadata"]["annotations"] = json!({});
            node["metadata"]["labels"] = left.map_or(json!({}), |left| json!({label: left}));
        });
        if good { history.holds() } else { history.breaks("S14", "who is left out by load balancers") }
    }
}

#[test]
fn s14_taints_of_others_stay() {
    let mut history = History::five_nodes();
    let taints = json!([{"key": "a", "effect": "NoSchedule"}, {"key": marks::SUSPECT, "value": "r1"}]);
    history.change(&CLUSTER, &node("n1"), |node| node["spec"]["taints"] = taints);
    history.patches(A, "n1", json!({"spec": {"taints": null}}), |node| node["spec"]["taints"] = json!([]));
    history.breaks("S14", "changed taints");
}

#[test]
fn s15_a_person_who_uncordons_is_not_overruled() {
    for (seconds, good) in [(5, true), (6, false)] {
        let mut history = History::five_nodes();
        history.drains(A, "n1");
        history.cordons(A, "n1", "r-n1");
        history.change(&CLUSTER, &node("n1"), |node| node["spec"]["unschedulable"] = false.into());
        history.pass(seconds);
        history.reads(A, &node("n1"));
        history.evicts(A, "web-1");
        if good { history.holds() } else { history.breaks("S15", "for Recovery r-n1, which a person had stopped") }
    }
}

#[test]
fn s15_a_veto_stops() {
    let mut history = History::five_nodes();
    history.drains(A, "n1");
    history.change(&CLUSTER, &record("r-n1"), |record| {
        record["metadata"]["annotations"] = json!({marks::CANCEL: "ann"});
    });
    history.pass(3);
    history.cordons(A, "n1", "r-n1");
    history.breaks("S15", "which a person had stopped");
}

#[test]
fn l4_a_freeze_ends() {
    for (guard, good) in [("Breaker", true), ("Settling", false)] {
        let mut history = History::five_nodes();
        history.drains(A, "n1");
        history.saves(A, "r-n1", held(guard, "for a reason"));
        let broken_before = history.broken();
        history.pass(200);
        history.end();
        let new: Vec<&str> = history.broken().into_iter().filter(|id| !broken_before.contains(id)).collect();
        assert_eq!(new.contains(&"L4"), !good, "{new:?}");
    }
}
