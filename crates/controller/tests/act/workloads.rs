//! Controllers of pods: a fresh read says who else has a hand on them, and a change only applies to what was read.

use crate::server::{RECOVERY, Seen, Server, answer, conflict, failure};
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
    assert_eq!((&*view.owner, view.original_replicas), (RECOVERY, Some(1)));
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
