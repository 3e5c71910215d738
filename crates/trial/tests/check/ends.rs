//! L1, L7: what is left at the end of a run, and how it compares with another.

use crate::doings::{held, node, over, pod, status};
use crate::history::{A, CLUSTER, History};
use serde_json::json;

/// A pod that has been broken for a quarter of an hour.
fn broken() -> History {
    let mut history = History::five_nodes();
    for number in 2..=5 {
        let name = format!("web-{number}");
        history.change(&CLUSTER, &pod(&name), |pod| pod["status"]["conditions"][0]["status"] = "True".into());
    }
    history.pass(900);
    history
}

#[test]
fn l1_a_broken_pod_that_nobody_has() {
    let history = broken();
    history.end();
    history.breaks("L1", "pod shop/web-1 has been broken since 2026-01-01T00:00:00Z");
}

#[test]
fn l1_a_broken_pod_that_is_in_somebodys_hands() {
    let attempt = ("restart", "pod-web-1");
    for (status, good) in [
        (held("Budget", "too many"), true),
        (over("Escalated", &[attempt], "2026-01-01T00:15:00Z"), true),
        (over("Succeeded", &[attempt], "2026-01-01T00:15:00Z"), false),
    ] {
        let mut history = broken();
        history.opens(A, "r1", "Pod", &pod("web-1"));
        history.saves(A, "r1", status);
        history.end();
        if good { history.holds() } else { history.breaks("L1", "no Recovery has it") }
    }
}

#[test]
fn l1_a_pod_of_a_sick_node_is_its_nodes() {
    for (opened, good) in [(true, true), (false, false)] {
        let mut history = broken();
        history.ready("n1", "Unknown");
        if opened {
            history.opens(A, "r1", "Node", &node("n1"));
            history.saves(A, "r1", over("Succeeded", &[("emergency_replace", "node-n1")], "2026-01-01T00:15:00Z"));
        }
        history.pass(900);
        history.end();
        if good { history.holds() } else { history.breaks("L1", "node n1 has been sick since") }
    }
}

#[test]
fn l1_a_sick_node_that_nobody_has() {
    for (opened, good) in [(true, true), (false, false)] {
        let mut history = broken();
        history.change(&CLUSTER, &pod("web-1"), |pod| pod["status"]["conditions"][0]["status"] = "True".into());
        history.ready("n3", "False");
        if opened {
            history.opens(A, "r3", "Node", &node("n3"));
            history.saves(A, "r3", held("Excluded", "it is marked"));
        }
        history.pass(900);
        history.end();
        let l1 = history.broken().contains(&"L1");
        assert_eq!(l1, !good);
    }
}

#[test]
fn l7_two_runs_are_compared_by_the_names_of_the_story() {
    let run = |deletes: &[&str], phase: &str| {
        let mut history = History::five_nodes();
        for name in deletes {
            history.opens(A, &format!("r-{name}"), "Pod", &pod(name));
            history.deletes(A, name);
            let tried = format!("pod-{name}");
            history.saves(A, &format!("r-{name}"), status(phase, &[("restart", &tried)], history.now()));
            history.remove(&CLUSTER, pod(name));
        }
        history.checker.summary(&history.store)
    };
    let calm = run(&["web-1"], "Running");
    assert_eq!(calm.diff(&run(&["web-1"], "Running")), Vec::<String>::new());
    let same_workload = calm.diff(&run(&["web-2"], "Running"));
    assert_eq!(same_workload, Vec::<String>::new(), "pods of one workload are one to a story");
    let twice = calm.diff(&run(&["web-1", "web-2"], "Running"));
    assert!(twice.contains(&"pods of replicasets.apps shop/web: deleted: 1, 2".to_owned()), "{twice:#?}");
    let other = calm.diff(&run(&["web-1"], "Held"));
    let phase = "recovery of pods of replicasets.apps shop/web (CrashLoop): phase: Running, Held";
    assert_eq!(other, [phase]);
    assert!(calm.clone().without(&["phase"]).diff(&run(&["web-1"], "Held").without(&["phase"])).is_empty());
}

#[test]
fn l7_fields_of_named_objects_count_and_times_do_not() {
    let run = |time: &str, label: &str| {
        let mut history = History::five_nodes();
        history.change(&CLUSTER, &node("n1"), |node| {
            node["status"]["conditions"][0]["lastHeartbeatTime"] = time.into();
            node["metadata"]["labels"] = json!({"zone": label});
        });
        history.checker.summary(&history.store)
    };
    assert!(run("a", "x").diff(&run("b", "x")).is_empty());
    assert_eq!(run("a", "x").diff(&run("a", "y")), ["nodes n1: metadata.labels.zone: \"x\", \"y\""]);
}
