use super::{Ground, get, ground, send};
use http_body_util::BodyExt;
use self_healing_sim::api::User;
use self_healing_sim::service::ApiService;
use serde_json::{Value, json};
use tower_service::Service;

/// A ServiceAccount that may read pods everywhere, evict them, and have its Lease in its namespace.
fn account(ground: &Ground) -> ApiService {
    let hand = &ground.hand;
    let subject = json!([{ "kind": "ServiceAccount", "namespace": "kube-system", "name": "sa" }]);
    let everywhere = json!([
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"] },
    ]);
    let role = json!({ "metadata": { "name": "r" }, "rules": everywhere });
    hand.create("clusterroles.rbac.authorization.k8s.io", "", &role).unwrap();
    let binding =
        json!({ "metadata": { "name": "b" }, "subjects": subject, "roleRef": { "kind": "ClusterRole", "name": "r" } });
    hand.create("clusterrolebindings.rbac.authorization.k8s.io", "", &binding).unwrap();
    let own = json!([{ "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["mine"], "verbs": ["get", "update"] }]);
    let role = json!({ "metadata": { "name": "r" }, "rules": own });
    hand.create("roles.rbac.authorization.k8s.io", "kube-system", &role).unwrap();
    let binding =
        json!({ "metadata": { "name": "b" }, "subjects": subject, "roleRef": { "kind": "Role", "name": "r" } });
    hand.create("rolebindings.rbac.authorization.k8s.io", "kube-system", &binding).unwrap();
    ApiService::new(&ground.cluster, User::service_account("kube-system", "sa", ""))
}

#[tokio::test(start_paused = true)]
async fn roles_allow_and_the_rest_is_forbidden() {
    let ground = ground();
    let api = account(&ground);
    assert_eq!(get(&api, "/api/v1/pods").await.0, 200);
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    assert_eq!(get(&api, &format!("{leases}/mine")).await.0, 404, "allowed, but not there");
    for path in [format!("{leases}/other"), leases.to_owned(), leases.replace("kube-system", "default") + "/mine"] {
        assert_eq!(get(&api, &path).await.0, 403, "{path}");
    }
    assert_eq!(
        send(&api, "POST", "/api/v1/namespaces/default/pods/a/eviction", json!({ "metadata": { "name": "a" } }))
            .await
            .0,
        404
    );
    let (_, forbidden) = send(&api, "DELETE", "/api/v1/nodes/n", Value::Null).await;
    let who = r#"User "system:serviceaccount:kube-system:sa""#;
    let words =
        format!(r#"nodes "n" is forbidden: {who} cannot delete resource "nodes" in API group "" at the cluster scope"#);
    assert_eq!((&forbidden["message"], &forbidden["reason"]), (&json!(words), &json!("Forbidden")));
    assert_eq!(get(&api, "/apis").await.0, 200, "everybody may see what there is");
    let renew = json!({ "metadata": { "name": "mine" }, "spec": {} });
    assert_eq!(send(&api, "PUT", &format!("{leases}/mine"), renew).await.0, 403, "it may update, not create");
}

#[tokio::test(start_paused = true)]
async fn one_can_ask_what_one_may() {
    let ground = ground();
    let api = account(&ground);
    let ask = |attributes: Value| json!({ "spec": { "resourceAttributes": attributes } });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let may = ask(json!({ "verb": "create", "resource": "pods", "subresource": "eviction" }));
    assert_eq!(send(&api, "POST", path, may).await.1["status"]["allowed"], true);
    let may = ask(json!({ "verb": "delete", "resource": "pods" }));
    assert_eq!(send(&api, "POST", path, may.clone()).await.1["status"]["allowed"], false);
    assert_eq!(send(&ground.api, "POST", path, may).await.1["status"]["allowed"], true, "an admin may all");
}

#[tokio::test(start_paused = true)]
async fn an_admin_may_ask_as_somebody_else() {
    let ground = ground();
    account(&ground);
    let request =
        http::Request::get("/api/v1/secrets").header("Impersonate-User", "system:serviceaccount:kube-system:sa");
    let answer = ground.api.clone().call(request.body(String::new()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.into_body().collect().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn paths_that_are_no_resources_are_open_as_far_as_they_tell_what_there_is() {
    let ground = ground();
    let api = account(&ground);
    for path in ["/api/v1", "/apis/apps", "/version", "/readyz"] {
        assert_eq!(get(&api, path).await.0, 200, "{path}");
    }
    let (status, refusal) = get(&api, "/metrics").await;
    let words = r#"forbidden: User "system:serviceaccount:kube-system:sa" cannot get path "/metrics""#;
    assert_eq!((status, &refusal["message"]), (403, &json!(words)));
}
