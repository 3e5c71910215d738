use super::{Events, get, ground, request, send};
use self_healing_sim::failure::Failure;
use self_healing_sim::service::{Call, OnEvent, OnReply, OnRequest, Seen, ServiceError, Tap};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tower_service::Service;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Does something to creates and to events of objects called `a`, and writes down what it was asked.
struct Script {
    request: OnRequest,
    reply: OnReply,
    event: OnEvent,
    asked: Mutex<Vec<String>>,
}

fn script(request: OnRequest, reply: OnReply, event: OnEvent) -> Arc<Script> {
    Arc::new(Script { request, reply, event, asked: Mutex::default() })
}

impl Tap for Script {
    fn request(&self, call: &Call) -> OnRequest {
        let line = format!("{} {} {} {} {}", call.number, call.user.name, call.verb, call.resource, call.writes());
        self.asked.lock().unwrap().push(line);
        if call.verb == "create" { self.request.clone() } else { OnRequest::Pass }
    }

    fn reply(&self, call: &Call, _: u16, _: u64) -> OnReply {
        if call.verb == "create" { self.reply } else { OnReply::Pass }
    }

    fn event(&self, _: &Call, seen: &Seen<'_>) -> OnEvent {
        if seen.name == "a" { self.event } else { OnEvent::Pass }
    }
}

fn map() -> Value {
    json!({ "metadata": { "generateName": "c-" } })
}

/// How a create ends within a minute, and how many objects there are then.
async fn create(on_request: OnRequest, on_reply: OnReply) -> (Option<Result<u16, ServiceError>>, usize) {
    let ground = ground();
    let mut api = ground.api.clone().with_tap(script(on_request, on_reply, OnEvent::Pass));
    let answer = timeout(Duration::from_secs(60), api.call(request("POST", MAPS, &map()))).await.ok();
    let answer = answer.map(|answer| answer.map(|answer| answer.status().as_u16()));
    tokio::time::sleep(Duration::from_secs(60)).await;
    (answer, ground.hand.list("configmaps", "").len())
}

#[tokio::test(start_paused = true)]
async fn requests_and_replies_meet_their_fates() {
    let busy = OnRequest::Refuse(Failure::new(503, "ServiceUnavailable", "busy"));
    let (made, pass) = (Some(Ok(201)), OnReply::Pass);
    assert_eq!(create(OnRequest::Pass, pass).await, (made, 1));
    assert_eq!(create(busy, pass).await, (Some(Ok(503)), 0));
    assert_eq!(create(OnRequest::NoConnection, pass).await, (Some(Err(ServiceError::NotSent)), 0));
    assert_eq!(create(OnRequest::Lose, pass).await, (None, 0), "nobody hears of it");
    assert_eq!(create(OnRequest::Pass, OnReply::Lose).await, (None, 1), "done, but nobody hears of it");
    assert_eq!(create(OnRequest::Pass, OnReply::Break).await, (Some(Err(ServiceError::Broken)), 1));
    assert_eq!(create(OnRequest::Twice(Duration::from_secs(9)), pass).await, (made, 2));
    let start = Instant::now();
    let late = Duration::from_secs(2);
    assert_eq!(create(OnRequest::Delay(late), OnReply::Delay(late)).await, (made, 1));
    assert_eq!(start.elapsed().as_secs(), 4 + 60);
}

#[tokio::test(start_paused = true)]
async fn a_tap_knows_who_asks_for_what() {
    let tap = script(OnRequest::Pass, OnReply::Pass, OnEvent::Pass);
    let api = ground().api.with_tap(tap.clone());
    get(&api, &format!("{MAPS}/a")).await;
    send(&api.clone(), "POST", MAPS, map()).await;
    get(&api, "/version").await;
    let asked = tap.asked.lock().unwrap();
    assert_eq!(
        *asked,
        ["1 admin get configmaps false", "2 admin create configmaps true", "3 admin get /version false"]
    );
}

/// The events `a`, `b` under that fate of `a`.
async fn events(fate: OnEvent) -> Vec<String> {
    let ground = ground();
    let api = ground.api.clone().with_tap(script(OnRequest::Pass, OnReply::Pass, fate));
    let mut watch = Events::open(&api, &format!("{MAPS}?watch=1&timeoutSeconds=60")).await;
    ground.map("a", "1");
    ground.map("b", "1");
    let mut seen = Vec::new();
    while let Ok(event) = timeout(Duration::from_secs(600), watch.short()).await {
        let end = event == "end";
        seen.push(event);
        if end {
            break;
        }
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn events_meet_their_fates() {
    assert_eq!(events(OnEvent::Pass).await, ["ADDED a", "ADDED b", "end"]);
    assert_eq!(events(OnEvent::Hide).await, ["ADDED b", "end"]);
    assert_eq!(events(OnEvent::Close).await, ["end"]);
    assert_eq!(events(OnEvent::Forget).await, ["ERROR 410", "end"]);
    assert!(events(OnEvent::Silence).await.is_empty(), "open and silent");
    let start = Instant::now();
    assert_eq!(events(OnEvent::Delay(Duration::from_secs(7))).await, ["ADDED a", "ADDED b", "end"]);
    assert_eq!(start.elapsed().as_secs(), 60);
}
