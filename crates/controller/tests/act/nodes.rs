//! Cordons and taints: ours are set and undone with a lock, those of others stay as they are.

use crate::server::{RECOVERY, Reply, Seen, Server, answer, conflict, node_target, not_found};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::fact::ConditionStatus;
use self_healing_core::key::Text;
use serde_json::{Value, json};

const DONE: Outcome = Outcome::Done(Answer::Nothing);

fn node(annotations: Value, spec: Value) -> Value {
    json!({"metadata": {"name": "worker-1", "uid": "uid-worker-1", "resourceVersion": "77", "annotations": annotations,
        "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": spec,
        "status": {"conditions": [{"type": "Ready", "status": "False"}]}})
}

async fn serve(object: Value) -> Server {
    Server::start(move |_| answer(200, &object)).await
}

fn ours() -> Value {
    json!({marks::OWNER: RECOVERY, marks::ORIGINAL_UNSCHEDULABLE: "false", "someone": "else"})
}

/// The label by which load balancers leave a node out.
const LABEL: &str = marks::EXCLUDE_FROM_LOAD_BALANCERS;

fn labelled(mut node: Value, value: &str) -> Value {
    node["metadata"]["labels"] = json!({"zone": "a", LABEL: value});
    node
}

fn ours_with_label() -> Value {
    let mut annotations = ours();
    annotations[marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS] = json!("absent");
    annotations
}

fn lock(seen: &Seen) -> (&Value, &Value) {
    (&seen.body["metadata"]["uid"], &seen.body["metadata"]["resourceVersion"])
}

#[tokio::test]
async fn a_cordon_is_locked_and_marked_with_owner_and_original() {
    let server = serve(node(json!({"someone": "else"}), json!({}))).await;
    assert_eq!(server.perform(Verb::Cordon(node_target())).await, DONE);
    let write = server.write();
    assert_eq!((&*write.method, &*write.content_type), ("PATCH", "application/merge-patch+json"));
    assert_eq!(write.path, "/api/v1/nodes/worker-1?fieldManager=self-healing-controller");
    let expected = json!({
        "metadata": {"uid": "uid-worker-1", "resourceVersion": "77",
            "annotations": {marks::OWNER: RECOVERY, marks::ORIGINAL_UNSCHEDULABLE: "false",
                marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS: "absent"},
            "labels": {LABEL: "true"}},
        "spec": {"unschedulable": true}});
    assert_eq!(write.body, expected);
}

#[tokio::test]
async fn a_node_that_load_balancers_leave_out_already_keeps_its_label_and_gets_no_mark_for_it() {
    for value in ["", "true"] {
        let server = serve(labelled(node(json!({}), json!({})), value)).await;
        assert_eq!(server.perform(Verb::Cordon(node_target())).await, DONE);
        let metadata = &server.write().body["metadata"];
        assert_eq!(metadata.get("labels"), None);
        assert_eq!(metadata["annotations"], json!({marks::OWNER: RECOVERY, marks::ORIGINAL_UNSCHEDULABLE: "false"}));
        let server = serve(labelled(node(ours(), json!({"unschedulable": true})), value)).await;
        assert_eq!(server.perform(Verb::Uncordon(node_target())).await, DONE);
        assert_eq!(server.write().body["metadata"].get("labels"), None);
    }
}

#[tokio::test]
async fn our_label_goes_with_our_cordon_unless_somebody_changed_it() {
    let gone = json!({LABEL: null});
    for (value, labels) in [("true", Some(&gone)), ("theirs", None)] {
        let server = serve(labelled(node(ours_with_label(), json!({"unschedulable": true})), value)).await;
        assert_eq!(server.perform(Verb::Uncordon(node_target())).await, DONE);
        let write = server.write();
        assert_eq!(write.body["metadata"].get("labels"), labels);
        let mark = write.body["metadata"]["annotations"].get(marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS);
        assert_eq!(mark, Some(&Value::Null));
    }
    // Uncordoned by a person: the node is theirs to use again, also for load balancers.
    let server = serve(labelled(node(ours_with_label(), json!({})), "true")).await;
    assert_eq!(server.perform(Verb::Uncordon(node_target())).await, DONE);
    let write = server.write();
    assert_eq!((write.body.get("spec"), write.body["metadata"].get("labels")), (None, Some(&gone)));
}

#[tokio::test]
async fn a_cordon_of_ours_is_done_and_one_of_others_is_refused() {
    let server = serve(node(ours(), json!({"unschedulable": true}))).await;
    assert_eq!(server.perform(Verb::Cordon(node_target())).await, DONE);
    assert_eq!(server.writes(), []);
    for annotations in [json!({}), json!({marks::OWNER: "another-recovery", marks::ORIGINAL_UNSCHEDULABLE: "false"})] {
        let server = serve(node(annotations, json!({"unschedulable": true}))).await;
        let Outcome::Refused { message } = server.perform(Verb::Cordon(node_target())).await else { panic!("refused") };
        assert!(message.contains("already cordoned by somebody else"), "{message}");
        assert_eq!(server.writes(), []);
    }
}

#[tokio::test]
async fn a_cordon_that_a_person_took_off_is_not_put_on_again() {
    let server = serve(node(ours(), json!({}))).await;
    let outcome = server.perform(Verb::Cordon(node_target())).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn a_lost_race_is_tried_later_and_another_node_of_that_name_is_gone() {
    let reply = |seen: &Seen| -> Reply {
        let modified = "the object has been modified; please apply your changes to the latest version and try again";
        if seen.method == "GET" {
            answer(200, &node(json!({}), json!({})))
        } else {
            conflict("nodes", "worker-1", modified)
        }
    };
    let server = Server::start(reply).await;
    let outcome = server.perform(Verb::Cordon(node_target())).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    assert_eq!(server.writes().len(), 1);

    let mut other = node(ours(), json!({"unschedulable": true}));
    other["metadata"]["uid"] = json!("uid-new");
    let server = serve(other).await;
    assert_eq!(server.perform(Verb::Cordon(node_target())).await, Outcome::Gone);
    assert_eq!(server.perform(Verb::Uncordon(node_target())).await, Outcome::Gone);
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn our_cordon_is_undone() {
    let server = serve(node(ours(), json!({"unschedulable": true}))).await;
    assert_eq!(server.perform(Verb::Uncordon(node_target())).await, DONE);
    let expected = json!({
        "metadata": {"uid": "uid-worker-1", "resourceVersion": "77",
            "annotations": {marks::OWNER: null, marks::ORIGINAL_UNSCHEDULABLE: null}},
        "spec": {"unschedulable": false}});
    assert_eq!(server.write().body, expected);
}

#[tokio::test]
async fn after_a_person_uncordoned_only_our_annotations_go() {
    let server = serve(node(ours(), json!({}))).await;
    assert_eq!(server.perform(Verb::Uncordon(node_target())).await, DONE);
    let write = server.write();
    assert_eq!(write.body.get("spec"), None, "spec.unschedulable is theirs now");
    assert_eq!(write.body["metadata"]["annotations"], json!({marks::OWNER: null, marks::ORIGINAL_UNSCHEDULABLE: null}));
}

#[tokio::test]
async fn a_cordon_that_is_not_ours_is_not_undone() {
    for annotations in [
        json!({}),
        json!({marks::OWNER: "another-recovery", marks::ORIGINAL_UNSCHEDULABLE: "false"}),
        json!({marks::OWNER: RECOVERY}),
    ] {
        let server = serve(node(annotations.clone(), json!({"unschedulable": true}))).await;
        assert_eq!(server.perform(Verb::Uncordon(node_target())).await, DONE, "{annotations}");
        assert_eq!(server.writes(), [], "{annotations}");
    }
}

/// Taints of others, with fields of a newer API.
fn foreign() -> Vec<Value> {
    vec![
        json!({"key": "dedicated", "value": "gpu", "effect": "NoSchedule", "timeAdded": "2026-01-01T00:00:00Z"}),
        json!({"key": "example.com/new", "effect": "NoExecute", "invented": {"later": [1, 2.5, null]}}),
    ]
}

fn suspect(recovery: &str) -> Value {
    json!({"key": marks::SUSPECT, "value": recovery, "effect": "PreferNoSchedule"})
}

fn taint() -> Verb {
    Verb::TaintSuspect { node: Text::from("worker-1") }
}

fn untaint() -> Verb {
    Verb::UntaintSuspect { node: Text::from("worker-1") }
}

#[tokio::test]
async fn a_taint_is_added_beside_those_of_others() {
    let server = serve(node(json!({}), json!({"taints": foreign()}))).await;
    assert_eq!(server.perform(taint()).await, DONE);
    let write = server.write();
    let mut expected = foreign();
    expected.push(suspect(RECOVERY));
    assert_eq!(write.body["spec"], json!({"taints": expected}));
    assert_eq!(lock(&write), (&json!("uid-worker-1"), &json!("77")));

    let server = serve(node(json!({}), json!({}))).await;
    assert_eq!(server.perform(taint()).await, DONE);
    assert_eq!(server.write().body["spec"], json!({"taints": [suspect(RECOVERY)]}));
}

#[tokio::test]
async fn a_suspect_taint_that_is_there_counts() {
    for recovery in [RECOVERY, "another-recovery"] {
        let server = serve(node(json!({}), json!({"taints": [suspect(recovery)]}))).await;
        assert_eq!(server.perform(taint()).await, DONE);
        assert_eq!(server.writes(), []);
    }
}

#[tokio::test]
async fn only_our_taint_is_removed() {
    let mut all = foreign();
    all.insert(1, suspect(RECOVERY));
    let server = serve(node(json!({}), json!({"taints": all}))).await;
    assert_eq!(server.perform(untaint()).await, DONE);
    let write = server.write();
    assert_eq!(write.body["spec"], json!({"taints": foreign()}));
    assert_eq!(lock(&write), (&json!("uid-worker-1"), &json!("77")));

    let server = serve(node(json!({}), json!({"taints": [suspect(RECOVERY)]}))).await;
    assert_eq!(server.perform(untaint()).await, DONE);
    assert_eq!(server.write().body["spec"], json!({"taints": null}), "as if there had never been one");

    let server = serve(node(json!({}), json!({"taints": [suspect("another-recovery")]}))).await;
    assert_eq!(server.perform(untaint()).await, DONE);
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn to_untaint_a_node_that_is_gone_is_done() {
    let server = Server::start(|_| not_found("nodes", "worker-1")).await;
    assert_eq!(server.perform(untaint()).await, DONE);
    assert_eq!(server.perform(taint()).await, Outcome::Gone);
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn a_node_without_name_is_refused() {
    let server = Server::start(|_| answer(200, &json!({}))).await;
    for verb in [Verb::TaintSuspect { node: Text::from("") }, Verb::UntaintSuspect { node: Text::from("") }] {
        assert!(matches!(server.perform(verb).await, Outcome::Refused { .. }));
    }
    assert_eq!(server.seen(), []);
}

#[tokio::test]
async fn a_taint_value_has_at_most_63_characters() {
    let server = serve(node(json!({}), json!({}))).await;
    let long = format!("{}-tail", "r".repeat(62));
    let actor = crate::server::actor(server.address(), self_healing_controller::lease::Door::always_open());
    let mut effect = crate::server::effect(taint());
    effect.recovery = Text::from(long);
    assert_eq!(actor.perform(&effect).await, DONE);
    assert_eq!(server.write().body["spec"]["taints"][0]["value"], json!("r".repeat(62)));
}

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1";

#[tokio::test]
async fn a_look_at_a_node_brings_its_lease() {
    let lease = json!({"metadata": {"name": "worker-1", "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": "worker-1", "leaseDurationSeconds": 40, "renewTime": "2026-01-01T00:00:00.000000Z"}});
    let server =
        Server::start(
            move |seen| {
                if seen.path == LEASE { answer(200, &lease) } else { answer(200, &node(json!({}), json!({}))) }
            },
        )
        .await;
    let Outcome::Done(Answer::Node(view)) = server.perform(Verb::LookAtNode(node_target())).await else {
        panic!("a node")
    };
    assert_eq!((view.fact.target(), view.fact.ready()), (node_target(), ConditionStatus::False));
    assert_eq!(view.lease.unwrap().duration.as_secs(), 40);
    let mut paths: Vec<_> = server.seen().into_iter().map(|seen| seen.path).collect();
    paths.sort();
    assert_eq!(paths, ["/api/v1/nodes/worker-1", LEASE], "no resourceVersion: not from a cache");
}

#[tokio::test]
async fn no_lease_is_told_from_a_lease_that_may_not_be_read() {
    let serve = |lease: fn() -> Reply| {
        Server::start(move |seen| if seen.path == LEASE { lease() } else { answer(200, &node(json!({}), json!({}))) })
    };
    let server = serve(|| not_found("leases", "worker-1")).await;
    let Outcome::Done(Answer::Node(view)) = server.perform(Verb::LookAtNode(node_target())).await else {
        panic!("a node")
    };
    assert_eq!(view.lease, None);
    let server = serve(|| crate::server::failure(403, "Forbidden", "leases is forbidden", json!({}))).await;
    let outcome = server.perform(Verb::LookAtNode(node_target())).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}
