//! Lists that come as streams: whole, cut off, refused, and behind a server that has none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod watch_support;

use self_healing_controller::outside::Chance;
use self_healing_controller::watch::{OnSkip, Scope, Timing, Watches};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::names::WatchKind;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use watch_support::{Api, Asked, Reply, receive};

const PODS: &str = "/api/v1/pods";

fn timing() -> Timing {
    Timing {
        watch: Duration::from_millis(400),
        slack: Duration::from_millis(100),
        steady: Duration::ZERO,
        retry_first: Duration::from_millis(10),
        retry_most: Duration::from_millis(50),
        stream: Some(Duration::from_secs(20)),
        page: 2,
        chance: Chance::system(),
    }
}

fn added(name: &str, version: &str) -> Value {
    let uid = format!("u-{name}");
    json!({"type": "ADDED", "object": {"metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": version}}})
}

fn gone(name: &str, version: &str) -> Value {
    let Value::Object(mut line) = added(name, version) else { panic!("an object") };
    line.insert("type".to_owned(), json!("DELETED"));
    Value::Object(line)
}

fn bookmark(version: &str) -> Value {
    json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}})
}

fn end(version: &str) -> Value {
    let annotations = json!({"k8s.io/initial-events-end": "true"});
    json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version, "annotations": annotations}}})
}

fn expired() -> Value {
    json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}})
}

/// A server that answers lists of pods by their number, and everything else with silence.
async fn server(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Api {
    let lists = AtomicUsize::new(0);
    Api::start(move |asked| {
        if asked.path == PODS && asked.query("sendInitialEvents").is_some() {
            answer(lists.fetch_add(1, Ordering::SeqCst))
        } else {
            Reply::nothing(asked)
        }
    })
    .await
}

/// What is said of pods from the first list on, until the first that is complete.
async fn first_list(api: &Api) -> (Vec<String>, Watches) {
    let (sender, mut events) = mpsc::channel(8);
    let on_skip: OnSkip = Arc::new(|kind, error| panic!("{kind}: {error}"));
    let watches = Watches::start(&api.clients().reads, &Scope::default(), &timing(), &sender, &on_skip);
    let mut said = Vec::new();
    while said.last().is_none_or(|last| last != "Synced") {
        match receive(&mut events).await {
            Event::Pod(pod) => said.push(pod.key.name.to_string()),
            Event::PodGone(key) => said.push(format!("{} gone", key.name)),
            Event::Watch(WatchKind::Pod, WatchState::Alive) => {}
            Event::Watch(WatchKind::Pod, state) => said.push(format!("{state:?}")),
            _ => {}
        }
    }
    (said, watches)
}

fn is_plain_watch(asked: &Asked) -> bool {
    asked.watches() && asked.query("sendInitialEvents").is_none()
}

#[tokio::test]
async fn a_list_comes_as_a_stream_and_the_watch_goes_on_from_its_version() {
    let lines = || vec![added("a", "3"), bookmark("4"), added("b", "2"), gone("a", "5"), end("7")];
    let api = server(move |_| Reply::lines_then_silence(lines())).await;
    let (said, _watches) = first_list(&api).await;
    assert_eq!(said, ["ListStarted", "a", "b", "a gone", "Synced"]);
    let asked = api.wait(PODS, |asked| asked.iter().any(is_plain_watch)).await;
    let version = |asked: &Asked| asked.query("resourceVersion").map(str::to_owned);
    assert_eq!(asked.iter().find(|asked| is_plain_watch(asked)).and_then(version), Some("7".to_owned()));
    let list = &asked[0];
    assert_eq!(list.query("resourceVersionMatch"), Some("NotOlderThan"));
    assert_eq!(list.query("resourceVersion"), None, "without a version it is as fresh as a quorum read");
    assert!(asked.iter().all(Asked::watches), "no list page by page: {asked:?}");
}

#[tokio::test]
async fn a_server_that_streams_no_lists_is_read_page_by_page() {
    for code in [400, 422] {
        let api = Api::start(move |asked| match (asked.path.as_str(), asked.query("sendInitialEvents")) {
            (PODS, Some(_)) => Reply::status(code, "Invalid"),
            (PODS, None) if !asked.watches() && asked.query("continue").is_none() => {
                Reply::page("5", vec![added("a", "1")["object"].clone(), added("b", "2")["object"].clone()], "more")
            }
            (PODS, None) if !asked.watches() => Reply::list("5", vec![added("c", "3")["object"].clone()]),
            _ => Reply::nothing(asked),
        })
        .await;
        let (said, _watches) = first_list(&api).await;
        assert_eq!(said, ["ListStarted", "a", "b", "c", "Synced"], "{code}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_before_the_list_does_begins_again_and_nothing_counts_as_gone() {
    let api = server(|n| match n {
        0 => Reply::lines(vec![added("a", "3")]),
        1 => Reply::lines(vec![added("a", "3"), expired()]),
        2 => Reply::lines_then_silence(vec![added("a", "3")]),
        _ => Reply::lines_then_silence(vec![added("a", "3"), added("b", "4"), end("7")]),
    })
    .await;
    let (said, _watches) = first_list(&api).await;
    let broken: Vec<&str> = said.iter().map(String::as_str).filter(|said| *said != "a").collect();
    let begins_again = ["ListStarted", "Broken", "ListStarted", "ListStarted", "Broken", "ListStarted", "b", "Synced"];
    assert_eq!(broken, begins_again, "{said:?}");
}
