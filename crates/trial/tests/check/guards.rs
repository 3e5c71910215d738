//! S10 to S13, S20: how fast, how, on what, and whether at all.

use crate::doings::{node, pod, record};
use crate::history::{A, By, CLUSTER, History};
use self_healing_api::marks;
use self_healing_sim::store::Key;
use self_healing_trial::check::FaultKind;
use serde_json::{Value, json};

/// Opens a Recovery for each pod and deletes it.
fn restarts(history: &mut History, pods: &[&str]) {
    for name in pods {
        history.begins(A, &format!("r-{name}"), name);
        history.deletes(A, name);
    }
}

#[test]
fn s10_so_many_begin_in_a_minute_also_after_a_restart() {
    let mut history = History::five_nodes();
    history.configures(json!({"recoveries_per_minute": "2"}));
    history.pass(70);
    restarts(&mut history, &["web-1", "web-2"]);
    history.pass(60);
    restarts(&mut history, &["web-3", "web-4"]);
    history.holds();
    history.pass(59);
    restarts(&mut history, &["web-5"]);
    history.breaks("S10", "3 recoveries began within a minute, 2 are allowed");
}

fn heartbeat(history: &mut History, name: &str) {
    let renewed = history.now().to_string();
    let lease = json!({"metadata": {"uid": "l"}, "spec": {"renewTime": renewed, "leaseDurationSeconds": 40}});
    history.put(&CLUSTER, Key::new("leases.coordination.k8s.io", "kube-node-lease", name), lease);
}

#[test]
fn s11_pods_of_a_living_node_are_evicted_not_deleted() {
    for (silence, good) in [(20, false), (40, true)] {
        let mut history = History::five_nodes();
        heartbeat(&mut history, "n1");
        history.pass(silence - 5);
        history.drains(A, "n1");
        history.reads(A, &node("n1"));
        history.deletes(A, "web-1");
        if good { history.holds() } else { history.breaks("S11", "whose node n1 had sent a heartbeat 20s before") }
    }
}

#[test]
fn s11_a_delete_leaves_what_a_budget_wants() {
    for (wanted, good) in [(1, true), (2, false)] {
        let mut history = History::five_nodes();
        for name in ["web-1", "web-2"] {
            history.change(&CLUSTER, &pod(name), |pod| pod["status"]["conditions"][0]["status"] = "True".into());
        }
        let budget = json!({"metadata": {"uid": "b"}, "spec": {"selector": {"matchLabels": {"app": "web"}}},
            "status": {"desiredHealthy": wanted}});
        history.put(&CLUSTER, Key::new("poddisruptionbudgets.policy", "shop", "web"), budget);
        restarts(&mut history, &["web-1"]);
        if good { history.holds() } else { history.breaks("S11", "leaves 1 healthy pods to budget web, which wants 2") }
    }
}

#[test]
fn s12_no_pod_is_removed_with_a_grace_of_nothing() {
    let mut history = History::five_nodes();
    history.begins(A, "r1", "web-1");
    history.reads(A, &pod("web-1"));
    let version = history.get(&pod("web-1"))["metadata"]["resourceVersion"].clone();
    let preconditions = json!({"uid": "pod-web-1", "resourceVersion": version});
    history.deletes_by(A, "web-1", json!({"gracePeriodSeconds": 0, "preconditions": preconditions}));
    history.breaks("S12", "pod web-1 was removed with a grace of 0");
}

#[test]
fn s12_the_grace_of_nothing_that_a_pod_asks_for_counts_too_unless_it_has_finished() {
    for (phase, good) in [("Running", false), ("Failed", true)] {
        let mut history = History::five_nodes();
        history.change(&CLUSTER, &pod("web-1"), |pod| pod["status"]["phase"] = phase.into());
        history.begins(A, "r1", "web-1");
        history.reads(A, &pod("web-1"));
        let mut object = history.get(&pod("web-1")).clone();
        let version = &object["metadata"]["resourceVersion"];
        let body = json!({"preconditions": {"uid": "pod-web-1", "resourceVersion": version}});
        object["metadata"]["deletionTimestamp"] = "now".into();
        object["metadata"]["deletionGracePeriodSeconds"] = 0.into();
        history.writes(A, "delete", &pod("web-1"), body, Some(object));
        if good { history.holds() } else { history.breaks("S12", "with a grace of 0") }
    }
}

#[test]
fn s12_no_node_is_deleted_or_declared_off() {
    let mut history = History::five_nodes();
    history.writes(A, "delete", &node("n1"), Value::Null, None);
    assert!(history.broken().contains(&"S12"));

    let mut history = History::five_nodes();
    let taints = json!([{"key": marks::OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}]);
    history.patches(A, "n1", json!({"spec": {"taints": taints}}), |node| node["spec"]["taints"] = taints.clone());
    assert!(history.broken().contains(&"S12"));
}

type Change = fn(&mut History);

/// What keeps a pod from being deleted for its own sake.
const OF_PODS: &[(&str, Change)] = &[
    ("the mirror of a static pod", |history| annotate(history, &pod("web-1"), marks::MIRROR, "x")),
    ("it is marked self-healing.dev/exclude", |history| annotate(history, &pod("web-1"), marks::EXCLUDE, "true")),
    ("it is marked self-healing.dev/exclude", |history| {
        history.change(&CLUSTER, &pod("web-1"), |pod| pod["metadata"]["labels"] = json!({marks::EXCLUDE: "true"}));
    }),
    ("it is marked remediation.medik8s.io/exclude-from-remediation", |history| {
        let label = json!({marks::MEDIK8S_EXCLUDE: "true"});
        history.change(&CLUSTER, &pod("web-1"), |pod| pod["metadata"]["labels"] = label);
    }),
    ("it is marked cluster.x-k8s.io/paused", |history| annotate(history, &pod("web-1"), marks::CAPI_PAUSED, "")),
    ("namespaces shop is marked", |history| {
        history.put(&CLUSTER, Key::new("namespaces", "", "shop"), json!({"metadata": {"uid": "ns"}}));
        annotate(history, &Key::new("namespaces", "", "shop"), marks::EXCLUDE, "true");
    }),
    ("deployments.apps shop/web is marked", |history| {
        let owner =
            json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d", "controller": true}]);
        let set = json!({"metadata": {"uid": "rs-web", "namespace": "shop", "ownerReferences": owner}});
        history.put(&CLUSTER, Key::new("replicasets.apps", "shop", "web"), set);
        let deployment = Key::new("deployments.apps", "shop", "web");
        history.put(&CLUSTER, deployment.clone(), json!({"metadata": {"uid": "d", "namespace": "shop"}}));
        annotate(history, &deployment, marks::EXCLUDE, "true");
    }),
    ("its namespace is protected", |history| history.configures(json!({"protected_namespaces": "shop"}))),
];

fn annotate(history: &mut History, key: &Key, name: &str, value: &str) {
    history.change(&CLUSTER, key, |object| object["metadata"]["annotations"] = json!({name: value}));
}

#[test]
fn s13_pods_that_are_not_ours_to_touch() {
    for (words, change) in OF_PODS {
        let mut history = History::five_nodes();
        change(&mut history);
        history.pass(5);
        restarts(&mut history, &["web-2"]);
        if !words.contains("shop") && !words.contains("protected") {
            history.holds();
        }
        restarts(&mut history, &["web-1"]);
        history.breaks("S13", words);
    }
}

#[test]
fn s13_a_protected_namespace_is_ours_to_touch_where_a_policy_names_it() {
    for (named, excused) in [("shop", true), ("bank", false)] {
        let mut history = History::five_nodes();
        history.configures(json!({"protected_namespaces": "shop"}));
        let policy = Key::new("healingpolicies.self-healing.dev", "", "p");
        let spec = json!({"match": {"namespaces": [named]}});
        history.put(&CLUSTER, policy, json!({"metadata": {"uid": "p"}, "spec": spec}));
        history.pass(5);
        restarts(&mut history, &["web-1"]);
        if excused { history.holds() } else { history.breaks("S13", "its namespace is protected") }
    }
}

#[test]
fn s13_a_mark_that_the_views_do_not_show_yet_is_excused_but_one_on_the_pod_is_read() {
    let (_, namespace) = OF_PODS[5];
    let mut history = History::five_nodes();
    history.fault(FaultKind::Views);
    namespace(&mut history);
    history.pass(5);
    restarts(&mut history, &["web-1"]);
    history.holds();

    let (words, own) = OF_PODS[1];
    let mut history = History::five_nodes();
    history.fault(FaultKind::Views);
    own(&mut history);
    restarts(&mut history, &["web-1"]);
    history.breaks("S13", words);
}

#[test]
fn s13_nodes_that_are_not_ours_to_touch() {
    let marked: &[(&str, Change)] = &[
        ("it belongs to the control plane", |history| {
            history
                .change(&CLUSTER, &node("n1"), |node| node["metadata"]["labels"] = json!({marks::CONTROL_PLANE: ""}));
        }),
        ("it is marked self-healing.dev/exclude", |history| {
            history.change(&CLUSTER, &node("n1"), |node| node["metadata"]["labels"] = json!({marks::EXCLUDE: "true"}));
        }),
        ("the controller runs there", |history| {
            let object = json!({"metadata": {"uid": "own"}, "spec": {"nodeName": "n1"}});
            history.put(&CLUSTER, Key::new("pods", "self-healing", "controller-a"), object);
        }),
    ];
    for (words, change) in marked {
        let mut history = History::five_nodes();
        change(&mut history);
        history.drains(A, "n1");
        history.pass(1);
        history.cordons(A, "n1", "r-n1");
        history.breaks("S13", words);
    }
}

#[test]
fn s13_control_plane_nodes_are_ours_to_touch_where_a_policy_requires_their_label() {
    let expression =
        |operator: &str| json!({"matchExpressions": [{"key": marks::CONTROL_PLANE, "operator": operator}]});
    for (selector, excused) in [
        (json!({marks::CONTROL_PLANE: ""}), true),
        (json!({"matchLabels": {marks::CONTROL_PLANE: ""}}), true),
        (expression("Exists"), true),
        (expression("DoesNotExist"), false),
        (json!({"pool": "gpu"}), false),
    ] {
        let mut history = History::five_nodes();
        history.change(&CLUSTER, &node("n1"), |node| node["metadata"]["labels"] = json!({marks::CONTROL_PLANE: ""}));
        let policy = Key::new("healingpolicies.self-healing.dev", "", "p");
        let spec = json!({"match": {"nodeSelector": selector}});
        history.put(&CLUSTER, policy, json!({"metadata": {"uid": "p"}, "spec": spec}));
        history.drains(A, "n1");
        history.pass(1);
        history.cordons(A, "n1", "r-n1");
        if excused { history.holds() } else { history.breaks("S13", "it belongs to the control plane") }
    }
}

#[test]
fn s13_a_drain_leaves_daemons_and_who_opted_out_of_drains() {
    let marked: &[(&str, Change)] = &[
        ("it belongs to a DaemonSet", |history| {
            let owner =
                json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "web", "uid": "d", "controller": true}]);
            history.change(&CLUSTER, &pod("web-1"), |pod| pod["metadata"]["ownerReferences"] = owner);
        }),
        ("it is marked karpenter.sh/do-not-disrupt", |history| {
            annotate(history, &pod("web-1"), marks::KARPENTER_DO_NOT_DISRUPT, "true");
        }),
    ];
    for (words, change) in marked {
        let mut history = History::five_nodes();
        change(&mut history);
        restarts(&mut history, &["web-1"]);
        history.holds();

        let mut history = History::five_nodes();
        change(&mut history);
        history.drains(A, "n1");
        history.pass(1);
        history.reads(A, &node("n1"));
        history.evicts(A, "web-1");
        history.breaks("S13", words);
    }
}

#[test]
fn s20_paused_is_paused_once_it_can_be_known() {
    for (seconds, blind, good) in [(1, false, true), (3, false, false), (3, true, true)] {
        let mut history = History::five_nodes();
        if blind {
            history.fault(FaultKind::Views);
        }
        history.configures(json!({"paused": "true"}));
        history.pass(seconds);
        restarts(&mut history, &["web-1"]);
        if good { history.holds() } else { history.breaks("S20", "although it is paused") }
    }
}

#[test]
fn s20_who_observes_writes_no_event() {
    for (mode, good) in [("Enforce", true), ("Observe", false)] {
        let mut history = History::five_nodes();
        history.configures(json!({"mode": mode}));
        history.pass(3);
        let event =
            json!({"metadata": {"uid": "e"}, "reason": "FailureDetected", "note": "x", "regarding": {"name": "x"}});
        let key = Key::new("events.events.k8s.io", "shop", "e");
        history.writes(A, "create", &key, event.clone(), Some(event));
        if good { history.holds() } else { history.breaks("S20", "although it only observes") }
    }
}

#[test]
fn s20_in_approve_somebody_has_approved() {
    for (approved, good) in [(true, true), (false, false)] {
        let mut history = History::five_nodes();
        history.configures(json!({"mode": "Approve"}));
        history.pass(3);
        history.begins(A, "r-web-1", "web-1");
        if approved {
            annotate(&mut history, &record("r-web-1"), marks::APPROVE, "ann");
        }
        history.deletes(A, "web-1");
        if good { history.holds() } else { history.breaks("S20", "which nobody had approved") }
    }
}

#[test]
fn a_bad_configuration_changes_nothing() {
    let mut history = History::five_nodes();
    history.configures(json!({"paused": "perhaps"}));
    history.pass(5);
    restarts(&mut history, &["web-1"]);
    let by = By { instance: "", verb: "delete", subresource: "", body: Value::Null };
    history.remove(&by, pod("web-1"));
    history.holds();
}
