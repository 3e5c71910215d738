//! The switch of a Service to its standby: locked, marked with what it was, and given back only while it is ours.

use crate::server::{RECOVERY, Seen, Server, answer, conflict};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::fact::Labels;
use self_healing_core::key::{Key, Kind, Target, Text};
use serde_json::{Value, json};

const DONE: Outcome = Outcome::Done(Answer::Nothing);
const PATH: &str = "/api/v1/namespaces/shop/services/web";

fn target() -> Target {
    Target { kind: Kind::Service, key: Key::new("shop", "web"), uid: Text::from("uid-web") }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().map(|(key, value)| (Text::from(*key), Text::from(*value))))
}

fn switch(version: &str) -> Verb {
    let to = labels(&[("app", "spare")]);
    Verb::SwitchService { target: target(), to, resource_version: Text::from(version) }
}

fn service(annotations: Value, selector: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop", "uid": "uid-web", "resourceVersion": "77", "annotations": annotations},
        "spec": {"selector": selector, "ports": [{"port": 80}]}})
}

fn ours() -> Value {
    json!({marks::OWNER: RECOVERY, marks::ORIGINAL_SELECTOR: r#"{"app":"web","track":"main"}"#,
        marks::SWITCHED_SELECTOR: r#"{"app":"spare"}"#, "someone": "else"})
}

async fn serve(object: Value) -> Server {
    Server::start(move |_| answer(200, &object)).await
}

#[tokio::test]
async fn a_switch_is_locked_and_marked_with_owner_original_and_new_selector() {
    let server = serve(service(json!({"someone": "else"}), json!({"app": "web", "track": "main"}))).await;
    assert_eq!(server.perform(switch("77")).await, DONE);
    let write = server.write();
    assert_eq!((&*write.method, &*write.content_type), ("PATCH", "application/merge-patch+json"));
    assert_eq!(write.path, format!("{PATH}?fieldManager=self-healing-controller"));
    let expected = json!({
        "metadata": {"uid": "uid-web", "resourceVersion": "77", "annotations": {
            marks::OWNER: RECOVERY,
            marks::ORIGINAL_SELECTOR: r#"{"app":"web","track":"main"}"#,
            marks::SWITCHED_SELECTOR: r#"{"app":"spare"}"#,
        }},
        "spec": {"selector": {"app": "spare", "track": null}}});
    assert_eq!(write.body, expected);
}

#[tokio::test]
async fn a_switch_of_ours_is_done_and_one_of_another_recovery_is_refused() {
    let server = serve(service(ours(), json!({"app": "spare"}))).await;
    assert_eq!(server.perform(switch("77")).await, DONE);
    assert_eq!(server.writes(), []);
    let mut others = ours();
    others[marks::OWNER] = json!("another-recovery");
    let server = serve(service(others, json!({"app": "spare"}))).await;
    assert!(matches!(server.perform(switch("77")).await, Outcome::Refused { .. }));
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn a_service_that_changed_since_it_was_looked_at_or_that_a_tool_keeps_is_not_switched() {
    let server = serve(service(json!({}), json!({"app": "web"}))).await;
    let outcome = server.perform(switch("76")).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    assert_eq!(server.writes(), []);

    let argo = json!({"argocd.argoproj.io/tracking-id": "shop:/Service:shop/web"});
    let mut applied = service(json!({}), json!({"app": "web"}));
    applied["metadata"]["managedFields"] = json!([{"manager": "kubectl", "operation": "Apply",
        "fieldsV1": {"f:spec": {"f:selector": {}}}}]);
    for kept in [service(argo, json!({"app": "web"})), applied] {
        let server = serve(kept).await;
        let Outcome::Refused { message } = server.perform(switch("77")).await else { panic!("refused") };
        assert!(message.starts_with("it is kept by "), "{message}");
        assert_eq!(server.writes(), []);
    }
}

#[tokio::test]
async fn our_switch_is_given_back() {
    let server = serve(service(ours(), json!({"app": "spare"}))).await;
    assert_eq!(server.perform(Verb::SwitchBack(target())).await, DONE);
    let expected = json!({
        "metadata": {"uid": "uid-web", "resourceVersion": "77", "annotations": {
            marks::OWNER: null, marks::ORIGINAL_SELECTOR: null, marks::SWITCHED_SELECTOR: null}},
        "spec": {"selector": {"app": "web", "track": "main"}}});
    assert_eq!(server.write().body, expected);
}

#[tokio::test]
async fn a_selector_that_somebody_else_set_stays_and_only_our_marks_go() {
    let mut applied = service(ours(), json!({"app": "spare"}));
    applied["metadata"]["managedFields"] = json!([{"manager": "flux", "operation": "Apply",
        "fieldsV1": {"f:spec": {"f:selector": {"f:app": {}}}}}]);
    let mut lost = ours();
    lost[marks::ORIGINAL_SELECTOR] = json!("no JSON");
    for theirs in [service(ours(), json!({"app": "third"})), applied, service(lost, json!({"app": "spare"}))] {
        let server = serve(theirs).await;
        assert_eq!(server.perform(Verb::SwitchBack(target())).await, DONE);
        let write = server.write();
        assert_eq!(write.body.get("spec"), None, "{write:?}");
        assert_eq!(write.body["metadata"]["annotations"][marks::OWNER], Value::Null);
    }
}

#[tokio::test]
async fn what_is_not_ours_is_not_given_back_and_another_service_of_that_name_is_gone() {
    let server = serve(service(json!({}), json!({"app": "spare"}))).await;
    assert_eq!(server.perform(Verb::SwitchBack(target())).await, DONE);
    assert_eq!(server.writes(), []);
    let mut other = service(ours(), json!({"app": "spare"}));
    other["metadata"]["uid"] = json!("uid-new");
    let server = serve(other).await;
    assert_eq!(server.perform(switch("77")).await, Outcome::Gone);
    assert_eq!(server.perform(Verb::SwitchBack(target())).await, Outcome::Gone);
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn a_lost_race_is_tried_later() {
    let reply = |seen: &Seen| {
        let modified = "the object has been modified; please apply your changes to the latest version and try again";
        match seen.method.as_str() {
            "GET" => answer(200, &service(json!({}), json!({"app": "web"}))),
            _ => conflict("services", "web", modified),
        }
    };
    let server = Server::start(reply).await;
    assert!(matches!(server.perform(switch("77")).await, Outcome::TryLater { .. }));
    assert_eq!(server.writes().len(), 1);
}

#[tokio::test]
async fn a_look_counts_ready_endpoints_and_ready_pods_of_both_sides() {
    let pod = |name: &str, ready: &str, going: bool| {
        let mut pod =
            json!({"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}});
        if going {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        pod
    };
    let reply = move |seen: &Seen| {
        let list = |items: Value| answer(200, &json!({"metadata": {}, "items": items}));
        match seen.path.as_str() {
            PATH => answer(200, &service(json!({marks::FAILOVER_SELECTOR: "app=spare"}), json!({"app": "web"}))),
            path if path.contains("endpointslices?")
                && path.contains("labelSelector=kubernetes.io%2Fservice-name%3Dweb") =>
            {
                list(
                    json!([{"endpoints": [{"conditions": {"ready": false}}, {"conditions": {}}]}, {"endpoints": null}]),
                )
            }
            path if path.contains("pods?") && path.contains("labelSelector=app%3Dspare") => {
                list(json!([pod("a", "True", false), pod("b", "True", true), pod("c", "False", false)]))
            }
            path if path.contains("pods?") && path.contains("labelSelector=app%3Dweb") => {
                list(json!([pod("d", "True", false), pod("e", "True", false)]))
            }
            other => panic!("{other}"),
        }
    };
    let server = Server::start(reply).await;
    let Outcome::Done(Answer::Service(view)) = server.perform(Verb::LookAtService(target())).await else {
        panic!("a look")
    };
    assert_eq!((view.ready_endpoints, view.primary_ready, view.standby_ready), (1, 2, 1));
    assert_eq!((&*view.resource_version, view.keeper.as_deref()), ("77", None));
    assert_eq!(view.fact.selector, labels(&[("app", "web")]));
}

#[tokio::test]
async fn a_look_that_cannot_see_its_pods_is_none() {
    let reply = |seen: &Seen| match seen.path.as_str() {
        PATH => answer(200, &service(json!({marks::FAILOVER_SELECTOR: "app=spare"}), json!({"app": "web"}))),
        path if path.contains("pods?") => crate::server::failure(403, "Forbidden", "pods is forbidden", json!({})),
        _ => answer(200, &json!({"metadata": {}, "items": []})),
    };
    let server = Server::start(reply).await;
    assert!(matches!(server.perform(Verb::LookAtService(target())).await, Outcome::Refused { .. }));
}
