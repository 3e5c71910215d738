//! Evicting, deleting, creating and reading pods.

use crate::server::{Seen, Server, answer, failure, not_found, pod_target};
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::key::{Key, Text};
use serde_json::{Value, json};

fn ok(_: &Seen) -> crate::server::Reply {
    answer(200, &json!({"kind": "Status", "status": "Success"}))
}

#[tokio::test]
async fn an_eviction_names_the_uid_where_the_api_reads_it() {
    let server = Server::start(ok).await;
    assert_eq!(server.perform(Verb::Evict { target: pod_target(), grace: None }).await, Outcome::Done(Answer::Nothing));
    let write = server.write();
    assert_eq!(
        (&*write.method, &*write.path),
        ("POST", "/api/v1/namespaces/shop/pods/web-1/eviction?fieldValidation=Strict")
    );
    let expected = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-1", "namespace": "shop"},
        "deleteOptions": {"preconditions": {"uid": "uid-web-1"}}});
    assert_eq!(write.body, expected);
}

#[tokio::test]
async fn a_refused_eviction_never_becomes_a_delete() {
    for code in [403, 404, 405, 429, 500] {
        let server = Server::start(move |_| failure(code, "", "no", json!({}))).await;
        server.perform(Verb::Evict { target: pod_target(), grace: None }).await;
        assert_eq!(server.write().method, "POST", "{code}");
    }
}

#[tokio::test]
async fn a_delete_names_uid_and_version_and_leaves_the_grace_period_to_the_pod() {
    let server = Server::start(ok).await;
    let verb = Verb::DeletePod { target: pod_target(), grace: None, resource_version: Text::from("4711") };
    assert_eq!(server.perform(verb).await, Outcome::Done(Answer::Nothing));
    let write = server.write();
    assert_eq!((&*write.method, &*write.path), ("DELETE", "/api/v1/namespaces/shop/pods/web-1"));
    let expected = json!({"apiVersion": "v1", "kind": "DeleteOptions",
        "preconditions": {"uid": "uid-web-1", "resourceVersion": "4711"}});
    assert_eq!(write.body, expected);
}

#[tokio::test]
async fn nothing_is_removed_without_uid_and_version() {
    let server = Server::start(ok).await;
    let mut nobody = pod_target();
    nobody.uid = Text::from("");
    for verb in [
        Verb::Evict { target: nobody.clone(), grace: None },
        Verb::DeletePod { target: nobody, grace: None, resource_version: Text::from("1") },
        Verb::DeletePod { target: pod_target(), grace: None, resource_version: Text::from("") },
    ] {
        assert!(matches!(server.perform(verb).await, Outcome::Refused { .. }));
    }
    assert_eq!(server.seen(), []);
}

#[tokio::test]
async fn a_name_that_would_lead_elsewhere_is_refused() {
    let server = Server::start(ok).await;
    for name in ["", "..", "a/b", "a?dryRun=All", "a%2Fb"] {
        let mut target = pod_target();
        target.key = Key::new("shop", name);
        let verb = Verb::DeletePod { target, grace: None, resource_version: Text::from("1") };
        assert!(matches!(server.perform(verb).await, Outcome::Refused { .. }), "{name:?}");
    }
    assert_eq!(server.seen(), []);
}

fn manifest() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "bare"}, "spec": {"containers": []}})
}

#[tokio::test]
async fn a_pod_is_created_as_saved_and_one_that_exists_counts() {
    for existing in [false, true] {
        let server = Server::start(move |_| match existing {
            true => {
                failure(409, "AlreadyExists", "pods \"bare\" already exists", json!({"name": "bare", "kind": "pods"}))
            }
            false => answer(201, &manifest()),
        })
        .await;
        let outcome = server.perform(Verb::CreatePod { manifest: manifest().to_string() }).await;
        assert_eq!(outcome, Outcome::Done(Answer::Created(Key::new("shop", "bare"))));
        let write = server.write();
        assert_eq!((&*write.method, &*write.path, &write.body), ("POST", "/api/v1/namespaces/shop/pods", &manifest()));
    }
}

#[tokio::test]
async fn a_create_without_its_namespace_is_refused_and_a_conflict_is_not_success() {
    let server = Server::start(|_| not_found("namespaces", "shop")).await;
    let outcome = server.perform(Verb::CreatePod { manifest: manifest().to_string() }).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    let server = Server::start(|_| failure(409, "Conflict", "quota was modified", json!({"name": "q"}))).await;
    let outcome = server.perform(Verb::CreatePod { manifest: manifest().to_string() }).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_broken_manifest_is_refused_without_quoting_it() {
    let server = Server::start(ok).await;
    let Outcome::Refused { message } = server.perform(Verb::CreatePod { manifest: "{\"hush\": 1,".into() }).await
    else {
        panic!("refused")
    };
    assert!(!message.contains("hush"), "{message}");
    assert_eq!(server.seen(), []);
}

#[tokio::test]
async fn an_invalid_manifest_is_refused_by_field_without_its_values() {
    let server = Server::start(|_| {
        let causes = json!([{"reason": "FieldValueInvalid", "message": "Invalid value: \"hush\"", "field": "spec.containers[0].env[0].name"}]);
        failure(422, "Invalid", "Pod \"bare\" is invalid: Invalid value: \"hush\"", json!({"name": "bare", "causes": causes}))
    })
    .await;
    let Outcome::Refused { message } = server.perform(Verb::CreatePod { manifest: manifest().to_string() }).await
    else {
        panic!("refused")
    };
    assert_eq!(message, "the saved manifest is invalid: spec.containers[0].env[0].name (FieldValueInvalid)");
}

fn stored(uid: &str, owners: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "shop", "name": "web-1", "uid": uid, "resourceVersion": "12", "ownerReferences": owners,
            "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"nodeName": "worker-1", "containers": [{"name": "web"}]},
        "status": {"phase": "Failed", "reason": "Evicted"}})
}

#[tokio::test]
async fn a_look_is_a_quorum_read_of_that_very_pod() {
    let controller =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "uid-rs", "controller": true}]);
    let server = Server::start(move |_| answer(200, &stored("uid-web-1", controller.clone()))).await;
    let Outcome::Done(Answer::Pod(view)) = server.perform(Verb::LookAtPod(pod_target())).await else { panic!("a pod") };
    assert_eq!(server.seen()[0].path, "/api/v1/namespaces/shop/pods/web-1", "no resourceVersion: not from a cache");
    assert_eq!((&*view.resource_version, view.manifest), ("12", None));
    assert_eq!(view.fact.target(), pod_target());

    let server = Server::start(|_| answer(200, &stored("uid-other", json!([])))).await;
    assert_eq!(server.perform(Verb::LookAtPod(pod_target())).await, Outcome::Gone);
}

#[tokio::test]
async fn a_bare_pod_comes_with_its_manifest() {
    let server = Server::start(|_| answer(200, &stored("uid-web-1", json!([])))).await;
    let Outcome::Done(Answer::Pod(view)) = server.perform(Verb::LookAtPod(pod_target())).await else { panic!("a pod") };
    let manifest: Value = serde_json::from_str(&view.manifest.unwrap()).unwrap();
    assert_eq!(manifest["metadata"]["name"], "web-1");
    assert_eq!(manifest["metadata"].get("uid"), None);
}

#[tokio::test]
async fn the_pods_of_a_node_are_listed_page_by_page() {
    let server = Server::start(|seen| {
        let last = seen.path.contains("continue=next");
        let mut pod = stored(if last { "two" } else { "one" }, json!([]));
        pod["metadata"]["name"] = json!(if last { "pod-2" } else { "pod-1" });
        answer(200, &json!({"metadata": {"continue": if last { "" } else { "next" }}, "items": [pod]}))
    })
    .await;
    let Outcome::Done(Answer::Pods(pods)) = server.perform(Verb::ListPods { node: Text::from("worker-1") }).await
    else {
        panic!("pods")
    };
    assert_eq!(pods.iter().map(|pod| &*pod.key.name).collect::<Vec<_>>(), ["pod-1", "pod-2"]);
    for seen in server.seen() {
        assert!(seen.path.contains("fieldSelector=spec.nodeName%3Dworker-1"), "{}", seen.path);
        assert!(!seen.path.contains("resourceVersion"), "{}", seen.path);
    }
}

#[tokio::test]
async fn without_a_node_name_no_pods_are_listed() {
    let server = Server::start(ok).await;
    for node in ["", "a,b", "a=b"] {
        let outcome = server.perform(Verb::ListPods { node: Text::from(node) }).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{node:?}");
    }
    assert_eq!(server.seen(), []);
}

#[tokio::test]
async fn a_pod_that_cannot_be_read_fails_the_list() {
    let server = Server::start(|_| answer(200, &json!({"metadata": {}, "items": [{"metadata": {"name": "x"}}]}))).await;
    let outcome = server.perform(Verb::ListPods { node: Text::from("worker-1") }).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

fn resize(guaranteed: bool, version: &str) -> Verb {
    let container = Text::from("main");
    let resource_version = Text::from(version);
    Verb::ResizePod { target: pod_target(), container, limit: 134_217_728, guaranteed, resource_version }
}

#[tokio::test]
async fn a_resize_is_a_patch_of_its_subresource_that_names_uid_version_and_container() {
    for guaranteed in [false, true] {
        let server = Server::start(|_| answer(200, &json!({}))).await;
        assert_eq!(server.perform(resize(guaranteed, "77")).await, Outcome::Done(Answer::Nothing));
        let write = server.write();
        assert_eq!((&*write.method, &*write.content_type), ("PATCH", "application/strategic-merge-patch+json"));
        assert_eq!(write.path, "/api/v1/namespaces/shop/pods/web-1/resize?fieldManager=self-healing-controller");
        let mut resources = json!({"limits": {"memory": "134217728"}});
        if guaranteed {
            resources["requests"] = json!({"memory": "134217728"});
        }
        let expected = json!({
            "metadata": {"uid": "uid-web-1", "resourceVersion": "77"},
            "spec": {"containers": [{"name": "main", "resources": resources}]}});
        assert_eq!(write.body, expected);
    }
}

#[tokio::test]
async fn a_resize_without_a_version_is_not_sent() {
    let server = Server::start(|_| answer(200, &json!({}))).await;
    assert!(matches!(server.perform(resize(false, "")).await, Outcome::Refused { .. }));
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn what_speaks_against_a_resize_is_said_in_words() {
    let range = "pods \"web-1\" is forbidden: maximum memory usage per Container is 96Mi, but limit is 128Mi";
    let cases = [
        (403, "Forbidden", range, range),
        (
            404,
            "NotFound",
            "the server could not find the requested resource",
            "this API server does not resize pods in place",
        ),
    ];
    for (code, reason, message, said) in cases {
        let server = Server::start(move |_| failure(code, reason, message, json!({}))).await;
        let Outcome::Refused { message } = server.perform(resize(false, "77")).await else { panic!("refused") };
        assert!(message.starts_with(said), "{message}");
    }
}
