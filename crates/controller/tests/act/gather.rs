//! Gathering evidence: what is asked, what hostile or refusing servers do to it, and how long it may take.

use crate::server::{Reply, Seen, Server, answer, failure, node_target, pod_target};
use self_healing_core::effect::{Answer, Outcome, Scene, Verb};
use self_healing_core::key::{Key, Kind, Target, Text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn web() -> Target {
    Target { kind: Kind::Deployment, key: Key::new("shop", "web"), uid: Text::from("uid-web") }
}

fn items(items: Value) -> Reply {
    answer(200, &json!({"kind": "List", "metadata": {}, "items": items}))
}

fn pod(message: &str) -> Value {
    json!([{"metadata": {"name": "web-1", "namespace": "shop", "uid": "uid-web-1"}, "status": {"containerStatuses": [
        {"name": "web", "ready": false, "restartCount": 7, "image": "web:1", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 137, "message": message}}}]}}])
}

async fn gathered(server: &Server, target: Target, workload: Target) -> Vec<(String, String)> {
    let Outcome::Done(Answer::Evidence(found)) =
        server.perform(Verb::Gather(Box::new(Scene { target, workload }))).await
    else {
        panic!("evidence is always an answer")
    };
    found
}

#[tokio::test]
async fn it_asks_for_the_object_its_events_and_the_revisions_of_its_workload() {
    let server = Server::start(|seen| match &seen.path {
        path if path.contains("/pods?") => items(pod("gone")),
        path if path.contains("/deployments?") => {
            items(json!([{"metadata": {"name": "web", "uid": "uid-web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}}}]))
        }
        _ => items(json!([])),
    })
    .await;
    let found = gathered(&server, pod_target(), web()).await;
    assert_eq!(found[0].0, "state");
    let mut asked: Vec<String> = server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    asked.sort();
    assert_eq!(
        asked,
        [
            "GET /api/v1/namespaces/shop/events?&fieldSelector=involvedObject.uid%3Duid-web-1&limit=200",
            "GET /api/v1/namespaces/shop/pods?&fieldSelector=metadata.name%3Dweb-1",
            "GET /apis/apps/v1/namespaces/shop/deployments?&fieldSelector=metadata.name%3Dweb",
            "GET /apis/apps/v1/namespaces/shop/replicasets?&labelSelector=app%3Dweb&limit=100",
        ]
    );
}

#[tokio::test]
async fn events_of_a_node_are_found_by_its_name() {
    let server = Server::start(|_| items(json!([]))).await;
    gathered(&server, node_target(), node_target()).await;
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    let selector = "involvedObject.kind%3DNode%2CinvolvedObject.name%3Dworker-1";
    assert!(
        paths.contains(&format!("/api/v1/namespaces/default/events?&fieldSelector={selector}&limit=200")),
        "{paths:?}"
    );
}

#[tokio::test]
async fn a_pod_that_writes_a_megabyte_of_escapes_fills_no_record_and_no_terminal() {
    let message = format!("\u{1b}[2J\u{1b}]0;owned\u{7}heap{}\u{202e}", "\u{1b}[31mx\n".repeat(150_000));
    let server = Server::start(move |seen: &Seen| match &seen.path {
        path if path.contains("/pods?") => items(pod(&message)),
        path if path.contains("/events?") => {
            // An API server keeps an Event's words below 1024 bytes.
            let note = &message[..1024];
            let event = |at: usize| json!({"reason": "Noise", "message": note, "lastTimestamp": format!("2026-01-01T00:00:{:02}Z", at % 60)});
            items((0..50).map(event).collect())
        }
        _ => items(json!([])),
    })
    .await;
    let found = gathered(&server, pod_target(), web()).await;
    let bytes: usize = found.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(bytes < 12 * 1024, "{bytes}");
    assert!(found.iter().all(|(_, value)| !value.contains(|c: char| c.is_control() || c == '\u{202e}')), "{found:?}");
    let state = &found.iter().find(|(name, _)| name == "state").unwrap().1;
    assert!(state.contains("heapx x x") && !state.contains("owned"), "{state}");
    assert_eq!(found.iter().filter(|(name, _)| name == "event").count(), 10);
}

#[tokio::test]
async fn a_pod_that_is_gone_leaves_what_was_said_of_it() {
    let said = json!([{"type": "Normal", "reason": "Killing", "message": "Stopping container", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"reason": "FailureDetected", "message": "ours", "reportingComponent": "self-healing.dev/controller"}]);
    let server =
        Server::start(move |seen: &Seen| items(if seen.path.contains("/events?") { said.clone() } else { json!([]) }))
            .await;
    let found = gathered(&server, pod_target(), web()).await;
    assert_eq!(found[0], ("state".to_owned(), "Pod was gone already".to_owned()));
    assert_eq!(found[1], ("event".to_owned(), "2026-01-01T00:00:00Z Normal Killing: Stopping container".to_owned()));
    assert_eq!((found.len(), &*found[2].0), (3, "gathered"));
}

#[tokio::test]
async fn another_pod_of_the_same_name_is_not_meant() {
    let server = Server::start(|seen| {
        let mut other = pod("of another");
        other[0]["metadata"]["uid"] = "uid-later".into();
        items(if seen.path.contains("/pods?") { other } else { json!([]) })
    })
    .await;
    let found = gathered(&server, pod_target(), pod_target()).await;
    assert_eq!(found[0], ("state".to_owned(), "Pod was gone already".to_owned()));
}

#[tokio::test]
async fn a_server_that_refuses_or_fails_is_quoted_once_per_part() {
    let server = Server::start(|seen| match &seen.path {
        path if path.contains("/events?") => failure(500, "InternalError", "etcdserver: request timed out", json!({})),
        path if path.contains("/deployments?") => failure(403, "Forbidden", "deployments.apps is forbidden", json!({})),
        _ => items(pod("x")),
    })
    .await;
    let found = gathered(&server, pod_target(), web()).await;
    let value = |name: &str| found.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(value("event"), "not readable: 500 Internal Server Error: etcdserver: request timed out");
    assert_eq!(
        value("revision"),
        "not readable: 403 Forbidden: deployments.apps is forbidden; the role needs list on deployments"
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_once() {
    let server = Server::start(|seen| {
        if seen.path.contains("/events?") {
            std::thread::sleep(Duration::from_millis(3500));
        }
        items(pod("x"))
    })
    .await;
    let begun = Instant::now();
    let found = gathered(&server, pod_target(), pod_target()).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let said: Vec<_> = found.iter().filter(|(name, _)| name == "event").map(|(_, value)| value.as_str()).collect();
    assert_eq!(said, ["not readable: no answer within 3 s"]);
}
