//! The API as a service: pages, watches, and what faults do to them.
#![allow(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_sim::service::{ApiService, Call, OnEvent, OnReply, OnRequest, Seen, ServiceError, SimBody, Tap};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tower_service::Service;

fn world() -> (Cluster, Hand, ApiService) {
    let cluster = Cluster::new("2026-01-01T00:00:00Z".parse().unwrap());
    let hand = Hand::new(&cluster, User::admin("person"));
    let service = ApiService::new(&cluster, User::admin("client"));
    (cluster, hand, service)
}

fn config(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "app": name } }, "data": { "key": "value" } })
}

async fn send(service: &ApiService, method: Method, uri: &str, body: &Value) -> Result<(u16, SimBody), ServiceError> {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    let response = service.clone().call(request.body(Full::new(body)).unwrap()).await?;
    Ok((response.status().as_u16(), response.into_body()))
}

async fn ask(service: &ApiService, method: Method, uri: &str, body: &Value) -> (u16, Value) {
    let (code, body) = send(service, method, uri, body).await.unwrap();
    (code, serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap())
}

async fn get(service: &ApiService, uri: &str) -> (u16, Value) {
    ask(service, Method::GET, uri, &Value::Null).await
}

/// The next line of a watch as `TYPE name`; empty at its end.
async fn line(body: &mut SimBody) -> String {
    let Some(frame) = body.frame().await else { return String::new() };
    let event: Value = serde_json::from_slice(&frame.unwrap().into_data().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", text(&event["type"]), text(&event["object"]["metadata"]["name"])).trim_end().to_owned()
}

async fn watch(service: &ApiService, query: &str) -> SimBody {
    send(service, Method::GET, &format!("/api/v1/configmaps?watch=true&{query}"), &Value::Null).await.unwrap().1
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_in_pages_of_one_version() {
    let (cluster, hand, service) = world();
    for name in ["a", "b", "c"] {
        hand.create("configmaps", "default", &config(name)).unwrap();
    }
    let (_, first) = get(&service, "/api/v1/configmaps?limit=2").await;
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    let token = first["metadata"]["continue"].as_str().unwrap();
    hand.create("configmaps", "default", &config("d")).unwrap();
    let (_, second) = get(&service, &format!("/api/v1/configmaps?limit=2&continue={token}")).await;
    let names: Vec<&Value> = second["items"].as_array().unwrap().iter().map(|item| &item["metadata"]["name"]).collect();
    assert_eq!(names, ["c"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    cluster.state().store.compact();
    assert_eq!(get(&service, &format!("/api/v1/configmaps?limit=2&continue={token}")).await.0, 410);
}

#[tokio::test(start_paused = true)]
async fn a_watch_shows_what_changes_and_ends_in_time_with_a_bookmark() {
    let (cluster, hand, service) = world();
    let version = cluster.version();
    hand.create("configmaps", "default", &config("a")).unwrap();
    let mut body =
        watch(&service, &format!("resourceVersion={version}&timeoutSeconds=30&allowWatchBookmarks=true")).await;
    assert_eq!(line(&mut body).await, "ADDED a");
    hand.patch("configmaps", "default", "a", &json!({ "data": { "key": "other" } })).unwrap();
    assert_eq!(line(&mut body).await, "MODIFIED a");
    hand.delete("configmaps", "default", "a", &Default::default()).unwrap();
    assert_eq!(line(&mut body).await, "DELETED a");
    assert_eq!((line(&mut body).await, line(&mut body).await), ("BOOKMARK".to_owned(), String::new()));
}

#[tokio::test(start_paused = true)]
async fn objects_begin_and_cease_to_be_selected() {
    let (cluster, hand, service) = world();
    let mut body = watch(&service, &format!("resourceVersion={}&labelSelector=app%3Da", cluster.version())).await;
    hand.create("configmaps", "default", &config("b")).unwrap();
    hand.create("configmaps", "default", &config("a")).unwrap();
    hand.patch("configmaps", "default", "a", &json!({ "metadata": { "labels": { "app": "z" } } })).unwrap();
    assert_eq!((line(&mut body).await, line(&mut body).await), ("ADDED a".to_owned(), "DELETED a".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_version_is_an_error_event_and_a_future_one_is_waited_for() {
    let (cluster, hand, service) = world();
    let version = cluster.version();
    hand.create("configmaps", "default", &config("a")).unwrap();
    cluster.state().store.compact();
    // As kube-apiserver 1.37 does it: once a watch is understood, what goes wrong is told in the stream.
    let (code, mut body) =
        send(&service, Method::GET, &format!("/api/v1/configmaps?watch=true&resourceVersion={version}"), &Value::Null)
            .await
            .unwrap();
    assert_eq!((code, line(&mut body).await, line(&mut body).await), (200, "ERROR".to_owned(), String::new()));
    let mut body = watch(&service, &format!("resourceVersion={}", cluster.version() + 1)).await;
    hand.create("configmaps", "default", &config("b")).unwrap();
    hand.create("configmaps", "default", &config("c")).unwrap();
    assert_eq!(line(&mut body).await, "ADDED c");
    assert_eq!(get(&service, "/api/v1/configmaps?resourceVersion=999999").await.0, 504);
}

#[tokio::test(start_paused = true)]
async fn initial_events_end_with_a_marked_bookmark() {
    let (_, hand, service) = world();
    hand.create("configmaps", "default", &config("a")).unwrap();
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut body = watch(&service, query).await;
    assert_eq!((line(&mut body).await, line(&mut body).await), ("ADDED a".to_owned(), "BOOKMARK".to_owned()));
}

/// Faults for every call and event.
struct Fault {
    request: OnRequest,
    reply: OnReply,
    event: OnEvent,
}

const NONE: Fault = Fault { request: OnRequest::Pass, reply: OnReply::Pass, event: OnEvent::Pass };

impl Tap for Fault {
    fn request(&self, _: &Call) -> OnRequest {
        self.request.clone()
    }

    fn reply(&self, _: &Call, _: u16, _: u64) -> OnReply {
        self.reply
    }

    fn event(&self, _: &Call, _: &Seen<'_>) -> OnEvent {
        self.event
    }
}

async fn created_under(fault: Fault) -> (Result<u16, &'static str>, bool) {
    let (_, hand, service) = world();
    let service = service.with_tap(Arc::new(fault));
    let object = config("a");
    let create = send(&service, Method::POST, "/api/v1/namespaces/default/configmaps", &object);
    let answer = match tokio::time::timeout(Duration::from_secs(10), create).await {
        Ok(Ok((code, _))) => Ok(code),
        Ok(Err(ServiceError::NotSent)) => Err("not sent"),
        Ok(Err(ServiceError::Broken)) => Err("broken"),
        Err(_) => Err("silent"),
    };
    tokio::time::sleep(Duration::from_secs(60)).await;
    (answer, hand.get("configmaps", "default", "a").is_ok())
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_on_the_way_is_not_done_and_what_is_lost_on_the_way_back_is() {
    assert_eq!(created_under(Fault { request: OnRequest::NoConnection, ..NONE }).await, (Err("not sent"), false));
    assert_eq!(created_under(Fault { request: OnRequest::Lose, ..NONE }).await, (Err("silent"), false));
    assert_eq!(created_under(Fault { reply: OnReply::Lose, ..NONE }).await, (Err("silent"), true));
    assert_eq!(created_under(Fault { reply: OnReply::Break, ..NONE }).await, (Err("broken"), true));
    let late = OnRequest::Delay(Duration::from_secs(30));
    assert_eq!(created_under(Fault { request: late, ..NONE }).await, (Err("silent"), true));
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_stays_open_and_a_closed_one_ends() {
    for (event, ends) in [(OnEvent::Silence, false), (OnEvent::Close, true)] {
        let (cluster, hand, service) = world();
        let service = service.with_tap(Arc::new(Fault { event, ..NONE }));
        let mut body = watch(&service, &format!("resourceVersion={}&timeoutSeconds=30", cluster.version())).await;
        hand.create("configmaps", "default", &config("a")).unwrap();
        let next = tokio::time::timeout(Duration::from_secs(600), line(&mut body)).await;
        assert_eq!(next.is_ok(), ends, "{event:?}");
    }
}
