//! Asking the running leader through the API server, and what is said when that cannot be.

use crate::after;
use crate::town::{SHOP, Town};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Response, header};
use self_healing_api::explanation::Explanation;
use self_healing_controller::explain::{Installation, answer, overview, question};
use self_healing_controller::manifests::NAMESPACE;
use self_healing_sim::actor::Behaviour;
use self_healing_sim::api::User;
use self_healing_sim::service::{Port, Ports};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// The controller's pages at port 8080 of its pod, over a real socket.
struct Controller(u16);

impl Ports for Controller {
    fn get(&self, pod: &Port<'_>, path: &str) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        let there = (pod.namespace, pod.pod, pod.number) == (NAMESPACE, "controller-0", 8080);
        let (path, port) = (path.to_owned(), self.0);
        Box::pin(async move {
            if !there {
                return Err("connect: connection refused".to_owned());
            }
            // In a thread, because the clock of these tests would not wait for a socket.
            tokio::task::spawn_blocking(move || fetch(port, &path)).await.unwrap()
        })
    }
}

fn fetch(port: u16, path: &str) -> Result<Response<Bytes>, String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    write!(socket, "GET {path} HTTP/1.1\r\nhost: controller\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let code: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Response::new(Bytes::from(body.to_owned()));
    *answer.status_mut() = code.try_into().unwrap();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

/// A town whose controller is a pod, and a pod of `web` whose readiness has failed for a while, which no cause is enough for.
async fn town() -> (Town, String) {
    let town = Town::with(&[]).await;
    let container = json!({"name": "controller", "image": "self-healing-controller:latest"});
    let pod = json!({"metadata": {"name": "controller-0"}, "spec": {"containers": [container]}});
    town.hand.create("pods", NAMESPACE, &pod).unwrap();
    let pod = town.pod("web");
    town.levers().pod(SHOP, &pod, Behaviour::Unready).unwrap();
    after(60).await;
    (town, pod)
}

/// What a person is told who asks as `user`, with the leader at its port or not.
async fn asks(town: &Town, user: User, there: bool, kind: &str, name: &str) -> Explanation {
    let ports = Arc::new(Controller(town.page));
    let clients = town.clients(|api| if there { api.with_ports(ports) } else { api }, user);
    let installation = Installation::find(&clients, NAMESPACE).await.unwrap();
    answer(&clients, &installation, &question(kind, name, SHOP), town.now()).await
}

#[tokio::test(start_paused = true)]
async fn the_leader_answers_through_the_api_server() {
    let (town, pod) = town().await;
    let told = asks(&town, User::admin("person"), true, "pod", &pod).await;
    assert_eq!((told.observer.name.as_str(), told.observer.leader), ("controller-0", true), "{:?}", told.observer);
    assert_eq!(told.observer.notes, [""; 0], "nothing had to be worked out");
    let score = told.signals.iter().find(|signal| signal.bad).unwrap().score_seconds;
    assert!((55.0..65.0).contains(&score), "the score that only the leader knows: {score}");
    let unknown = asks(&town, User::admin("person"), true, "pod", "wbe").await;
    assert!(unknown.observer.leader && !unknown.is_known(), "an answer as well: {}", unknown.summary);
    // The state of the controller as a whole comes the same way.
    let ports = Arc::new(Controller(town.page));
    let clients = town.clients(|api| api.with_ports(ports), User::admin("person"));
    let installation = Installation::find(&clients, NAMESPACE).await.unwrap();
    let whole = overview(&clients, &installation, town.now()).await.unwrap();
    assert!(whole.observer.leader && !whole.watches.is_empty(), "{:?}", whole.observer);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_does_not_answer_is_said_and_made_up_for() {
    let (town, pod) = town().await;
    let told = asks(&town, User::admin("person"), false, "pod", &pod).await;
    let leader = town.leader("pod", &pod).await;
    assert_eq!((told.standing, told.observer.leader), (leader.standing, false));
    let note = &told.observer.notes[0];
    assert!(note.starts_with("Not asked of the running controller: the leader controller-0 cannot be asked"), "{note}");
    assert!(note.contains("it answered 503 Service Unavailable: error trying to reach service: dial tcp"), "{note}");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_use_the_proxy_is_told_the_right_that_is_missing() {
    let (town, pod) = town().await;
    let rules = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get"]}]);
    let role = json!({"metadata": {"name": "viewer"}, "rules": rules});
    town.hand.create("clusterroles.rbac.authorization.k8s.io", "", &role).unwrap();
    let binding = json!({"metadata": {"name": "viewer"}, "roleRef": {"kind": "ClusterRole", "name": "viewer"},
        "subjects": [{"kind": "ServiceAccount", "namespace": SHOP, "name": "viewer"}]});
    town.hand.create("clusterrolebindings.rbac.authorization.k8s.io", "", &binding).unwrap();
    let viewer = User::service_account(SHOP, "viewer", "viewer-0");
    let told = asks(&town, viewer, true, "pod", &pod).await;
    let note = &told.observer.notes[0];
    assert!(note.contains("it answered 403 Forbidden: pods \"controller-0:8080\" is forbidden"), "{note}");
    assert!(note.contains("cannot get resource \"pods/proxy\""), "{note}");
    assert_eq!(told.standing, town.leader("pod", &pod).await.standing, "worked out with the rights that there are");
}
