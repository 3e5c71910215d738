//! Controllers of pods: a fresh read says who else has a hand on them, and a change only applies to what was read.

use crate::server::{RECOVERY, Reply, Seen, Server, answer, conflict, failure};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome, Verb, WorkloadView};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::time::Stamp;
use serde_json::{Value, json};

const AUTOSCALERS: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";
/// 2026-01-01T00:00:00.250Z.
const AT: Stamp = Stamp(1_767_225_600_250);

fn target(kind: Kind) -> Target {
    Target { kind, key: Key::new("shop", "web"), uid: Text::from("uid-web") }
}

fn restart(kind: Kind) -> Verb {
    Verb::RestartWorkload { target: target(kind), resource_version: Text::from("77"), at: AT }
}

fn web(annotations: Value, spec: Value) -> Value {
    let status = json!({"observedGeneration": 3, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 3});
    let mut object = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "uid-web", "resourceVersion": "77",
        "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": annotations},
        "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}}}, "status": status});
    spec.as_object().into_iter().flatten().for_each(|(field, value)| object["spec"][field] = value.clone());
    object
}

/// A server with `web` and the autoscalers whose targets are these.
async fn serve(web: Value, autoscaled: Vec<Value>) -> Server {
    Server::start(move |seen: &Seen| {
        let scaler = |named: &Value| json!({"metadata": {"name": "scaler"}, "spec": {"scaleTargetRef": named}});
        let all: Vec<Value> = autoscaled.iter().map(scaler).collect();
        if seen.path.starts_with(AUTOSCALERS) { answer(200, &json!({"items": all})) } else { answer(200, &web) }
    })
    .await
}

async fn look(server: &Server) -> WorkloadView {
    match server.perform(Verb::LookAtWorkload(target(Kind::Deployment))).await {
        Outcome::Done(Answer::Workload(view)) => *view,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_look_says_what_it_is_and_who_has_a_hand_on_it() {
    let marks = json!({marks::OWNER: RECOVERY, marks::ORIGINAL_REPLICAS: "1", marks::HELM_RELEASE: "shop"});
    let template = json!({"metadata": {"annotations": {marks::RESTARTED_AT: "2026-01-01T00:00:00Z", marks::RESTARTED_BY: RECOVERY}}});
    let named = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    let view = look(&serve(web(marks, json!({"paused": true, "template": template})), vec![named]).await).await;
    assert_eq!((view.fact.desired, view.fact.ready, view.fact.observed), (Some(2), 3, true));
    assert_eq!((view.updated, view.total, view.available, &*view.resource_version), (2, 3, 3, "77"));
    assert_eq!((&*view.owner, view.fact.original_replicas), (RECOVERY, Some(1)));
    assert_eq!(view.autoscaler.as_deref(), Some("scaler"));
    assert!(view.held_back.as_ref().unwrap().contains("paused"));
    assert_eq!(view.keepers[0].to_string(), "Helm release shop");
    assert!(view.was_restarted(RECOVERY, AT), "the annotation has whole seconds");
}

#[tokio::test]
async fn only_an_autoscaler_that_names_it_scales_it() {
    let others = ["StatefulSet", "Rollout"].map(|kind| json!({"apiVersion": "apps/v1", "kind": kind, "name": "web"}));
    let another = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"});
    let foreign = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Deployment", "name": "web"});
    let all = others.into_iter().chain([another, foreign]).collect();
    assert_eq!(look(&serve(web(json!({}), json!({})), all).await).await.autoscaler, None);
}

#[tokio::test]
async fn autoscalers_that_cannot_be_read_are_not_none() {
    let server = Server::start(|seen: &Seen| match seen.path.starts_with(AUTOSCALERS) {
        true => failure(403, "Forbidden", "no", json!({})),
        false => answer(200, &web(json!({}), json!({}))),
    })
    .await;
    let outcome = server.perform(Verb::LookAtWorkload(target(Kind::Deployment))).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

#[tokio::test]
async fn another_object_of_that_name_is_gone() {
    let mut other = web(json!({}), json!({}));
    other["metadata"]["uid"] = json!("uid-of-another");
    let server = serve(other, Vec::new()).await;
    assert_eq!(server.perform(Verb::LookAtWorkload(target(Kind::Deployment))).await, Outcome::Gone);
}

#[tokio::test]
async fn equal_templates_have_equal_digests_whatever_a_replica_set_adds() {
    let labels = |labels: Value| json!({"template": {"metadata": {"labels": labels}}});
    let digest = async |spec: Value| look(&serve(web(json!({}), spec), Vec::new()).await).await.template;
    let own = digest(labels(json!({"app": "web"}))).await;
    assert_eq!(own, digest(labels(json!({"app": "web", "pod-template-hash": "5c5f"}))).await);
    assert_ne!(own, digest(labels(json!({"app": "api"}))).await);
}

#[tokio::test]
async fn a_restart_is_that_of_kubectl_locked_and_named_by_its_recovery() {
    let paths =
        [(Kind::Deployment, "deployments"), (Kind::StatefulSet, "statefulsets"), (Kind::DaemonSet, "daemonsets")];
    for (kind, plural) in paths {
        let server = serve(web(json!({}), json!({})), Vec::new()).await;
        assert_eq!(server.perform(restart(kind)).await, Outcome::Done(Answer::Nothing));
        let write = server.write();
        assert_eq!((&*write.method, &*write.content_type), ("PATCH", "application/merge-patch+json"));
        assert_eq!(
            write.path,
            format!("/apis/apps/v1/namespaces/shop/{plural}/web?fieldManager=self-healing-controller")
        );
        let annotations = json!({marks::RESTARTED_AT: "2026-01-01T00:00:00Z", marks::RESTARTED_BY: RECOVERY});
        let expected = json!({"metadata": {"uid": "uid-web", "resourceVersion": "77"},
            "spec": {"template": {"metadata": {"annotations": annotations}}}});
        assert_eq!(write.body, expected);
    }
}

#[tokio::test]
async fn what_changed_since_it_was_read_is_not_restarted() {
    let server = Server::start(|_: &Seen| conflict("deployments.apps", "web", "the object has been modified")).await;
    assert!(matches!(server.perform(restart(Kind::Deployment)).await, Outcome::TryLater { .. }));
}

#[tokio::test]
async fn nothing_is_changed_without_uid_and_version_nor_of_another_kind() {
    let server = serve(web(json!({}), json!({})), Vec::new()).await;
    let nobody = Target { uid: Text::from(""), ..target(Kind::Deployment) };
    for verb in [
        Verb::RestartWorkload { target: nobody, resource_version: Text::from("77"), at: AT },
        Verb::RestartWorkload { target: target(Kind::Deployment), resource_version: Text::from(""), at: AT },
        restart(Kind::Job),
        restart(Kind::Pod),
    ] {
        assert!(matches!(server.perform(verb).await, Outcome::Refused { .. }));
    }
    assert_eq!(server.seen(), []);
}

const SETS: &str = "/apis/apps/v1/namespaces/shop/replicasets";

/// A ReplicaSet of `web`.
fn set(name: &str, annotations: Value, image: &str) -> Value {
    let owner = json!([{"kind": "Deployment", "name": "web", "uid": "uid-web", "controller": true}]);
    let template = json!({"metadata": {"labels": {"app": "web", "pod-template-hash": name}}, "spec": {"containers": [{"image": image}]}});
    json!({"metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": "5",
        "ownerReferences": owner, "annotations": annotations}, "spec": {"template": template}, "status": {"availableReplicas": 3}})
}

/// A server with `web` and these ReplicaSets.
async fn serve_sets(web: Value, sets: Vec<Value>) -> Server {
    Server::start(move |seen: &Seen| reply(&web, &sets, seen)).await
}

fn reply(web: &Value, sets: &[Value], seen: &Seen) -> Reply {
    let named = |set: &&Value| seen.path.contains(&format!("{SETS}/{}", set["metadata"]["name"].as_str().unwrap()));
    match sets.iter().find(named) {
        Some(set) => answer(200, set),
        None if seen.path.starts_with(AUTOSCALERS) => answer(200, &json!({"items": []})),
        None if seen.path.starts_with(SETS) => answer(200, &json!({"items": sets})),
        None => answer(200, web),
    }
}

fn ours(replicas: u32) -> Value {
    let marks = json!({marks::OWNER: RECOVERY, marks::ORIGINAL_REPLICAS: "2", marks::SCALED_REPLICAS: "4"});
    web(marks, json!({"replicas": replicas}))
}

#[tokio::test]
async fn more_pods_are_marked_with_owner_and_both_numbers_in_the_same_write() {
    let server = serve(web(json!({}), json!({})), Vec::new()).await;
    let verb = Verb::ScaleUp { target: target(Kind::Deployment), resource_version: Text::from("77"), from: 2, to: 4 };
    assert_eq!(server.perform(verb).await, Outcome::Done(Answer::Nothing));
    let expected = json!({"metadata": {"uid": "uid-web", "resourceVersion": "77",
        "annotations": {marks::OWNER: RECOVERY, marks::ORIGINAL_REPLICAS: "2", marks::SCALED_REPLICAS: "4"}},
        "spec": {"replicas": 4}});
    assert_eq!(server.write().body, expected);
}

#[tokio::test]
async fn the_number_is_set_back_with_its_mark_and_the_copies_of_it() {
    let copy = set("web-new", json!({marks::OWNER: RECOVERY, marks::ORIGINAL_REPLICAS: "2"}), "b");
    let server = serve_sets(ours(4), vec![copy, set("web-old", json!({}), "a")]).await;
    assert_eq!(server.perform(Verb::ScaleBack(target(Kind::Deployment))).await, Outcome::Done(Answer::Nothing));
    let unmarked = json!({marks::OWNER: null, marks::ORIGINAL_REPLICAS: null, marks::SCALED_REPLICAS: null});
    let bodies: Vec<Value> = server.writes().into_iter().map(|write| write.body).collect();
    let of = |uid: &str, version: &str| json!({"uid": uid, "resourceVersion": version, "annotations": unmarked});
    assert_eq!(
        bodies,
        [
            json!({"metadata": of("uid-web", "77"), "spec": {"replicas": 2}}),
            json!({"metadata": of("uid-web-new", "5")}),
        ]
    );
}

#[tokio::test]
async fn a_number_that_somebody_else_has_set_stays_and_is_told() {
    let server = serve_sets(ours(5), Vec::new()).await;
    let Outcome::Done(Answer::Said(words)) = server.perform(Verb::ScaleBack(target(Kind::Deployment))).await else {
        panic!("said")
    };
    assert!(words.contains('5'), "{words}");
    assert_eq!(server.write().body["spec"], Value::Null);
}

#[tokio::test]
async fn a_number_that_is_to_stay_loses_only_its_mark() {
    let server = serve_sets(ours(4), Vec::new()).await;
    let outcome = server.perform(Verb::KeepScale(target(Kind::Deployment))).await;
    assert!(matches!(outcome, Outcome::Done(Answer::Said(_))), "{outcome:?}");
    let body = server.write().body;
    assert_eq!((&body["spec"], &body["metadata"]["annotations"][marks::OWNER]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_is_not_ours_is_not_scaled_back() {
    for marks in [json!({}), json!({marks::OWNER: "another-recovery", marks::ORIGINAL_REPLICAS: "2"})] {
        let server = serve_sets(web(marks, json!({"replicas": 3})), Vec::new()).await;
        assert_eq!(server.perform(Verb::ScaleBack(target(Kind::Deployment))).await, Outcome::Done(Answer::Nothing));
        assert_eq!(server.writes(), []);
    }
}

#[tokio::test]
async fn the_revisions_of_what_allows_a_rollback_are_read_and_no_others() {
    let sets =
        || vec![set("web-old", json!({marks::REVISION: "3"}), "a"), set("web-new", json!({marks::REVISION: "4"}), "b")];
    let template =
        json!({"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": "b"}]}}});
    let view = look(&serve_sets(web(json!({marks::AUTO_ROLLBACK: "true"}), template.clone()), sets()).await).await;
    assert_eq!(view.newest().map(|newest| (&*newest.name, newest.number)), Some(("web-new", 4)));
    assert_eq!(view.revisions[0].available, 3);
    let server = serve_sets(web(json!({}), template), sets()).await;
    assert_eq!(look(&server).await.revisions, []);
    assert!(!server.seen().iter().any(|seen| seen.path.starts_with(SETS)));
}

fn rollback() -> Verb {
    Verb::RollBack {
        target: target(Kind::Deployment),
        resource_version: Text::from("77"),
        from: Text::from("web-new"),
        to: Text::from("web-old"),
    }
}

#[tokio::test]
async fn a_rollback_changes_the_template_to_that_of_the_replica_set_and_nothing_else() {
    let template = json!({"template": {"metadata": {"labels": {"app": "web"}, "annotations": {"x": "1"}}, "spec": {"containers": [{"image": "b"}]}}});
    let server = serve_sets(web(json!({}), template), vec![set("web-old", json!({}), "a")]).await;
    assert_eq!(server.perform(rollback()).await, Outcome::Done(Answer::Nothing));
    let marks =
        json!({marks::ROLLED_BACK_BY: RECOVERY, marks::ROLLED_BACK_FROM: "web-new", marks::ROLLED_BACK_TO: "web-old"});
    let expected = json!({"metadata": {"uid": "uid-web", "resourceVersion": "77", "annotations": marks},
        "spec": {"template": {"metadata": {"annotations": null}, "spec": {"containers": [{"image": "a"}]}}}});
    assert_eq!(server.write().body, expected);
}

#[tokio::test]
async fn a_revision_that_is_gone_or_another_ones_is_not_gone_back_to() {
    let mut foreign = set("web-old", json!({}), "a");
    foreign["metadata"]["ownerReferences"][0]["uid"] = json!("uid-of-another");
    let server = serve_sets(web(json!({}), json!({})), vec![foreign]).await;
    assert!(matches!(server.perform(rollback()).await, Outcome::Refused { .. }));
    assert_eq!(server.writes(), []);
}
