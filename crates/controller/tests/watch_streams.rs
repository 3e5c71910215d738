//! Lists and watches survive what API servers do: expired pages, compacted history, silence, refusals, bad objects.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod watch_support;

use self_healing_controller::client::{Bounds, Clients};
use self_healing_controller::outside::Chance;
use self_healing_controller::watch::{OnSkip, Scope, Timing, Watches, config_map};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::names::WatchKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use watch_support::{Api, Asked, Reply, receive};

const PODS: &str = "/api/v1/pods";
const NODES: &str = "/api/v1/nodes";

fn timing() -> Timing {
    Timing {
        watch: Duration::from_secs(1),
        slack: Duration::from_millis(100),
        steady: Duration::ZERO,
        retry_first: Duration::from_millis(10),
        retry_most: Duration::from_millis(50),
        stream: None,
        page: 2,
        chance: Chance::system(),
    }
}

fn pod(name: &str, version: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "uid": format!("u-{name}"), "resourceVersion": version}})
}

fn line(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}

fn bookmark(version: &str) -> Value {
    line("BOOKMARK", json!({"kind": "Pod", "metadata": {"resourceVersion": version}}))
}

fn expired() -> Value {
    line("ERROR", json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}))
}

/// Running watches and what they send.
struct Run {
    events: mpsc::Receiver<Event>,
    skipped: Arc<Mutex<Vec<String>>>,
    _watches: Watches,
}

impl Run {
    fn start(clients: &Clients, scope: &Scope) -> Self {
        Self::timed(clients, scope, timing())
    }

    fn timed(clients: &Clients, scope: &Scope, timing: Timing) -> Self {
        let (sender, events) = mpsc::channel(8);
        let skipped: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = skipped.clone();
        let on_skip: OnSkip = Arc::new(move |kind, error| log.lock().unwrap().push(format!("{kind}: {error}")));
        let _watches = Watches::start(&clients.reads, scope, &timing, &sender, &on_skip);
        Self { events, skipped, _watches }
    }

    /// The next thing about `kind`, in short.
    async fn next(&mut self, kind: WatchKind) -> String {
        loop {
            let (of, text) = match receive(&mut self.events).await {
                Event::Pod(pod) => (WatchKind::Pod, format!("pod {}", pod.key)),
                Event::PodGone(key) => (WatchKind::Pod, format!("gone {key}")),
                Event::Node(node) => (WatchKind::Node, format!("node {}", node.name)),
                Event::NodeGone(name) => (WatchKind::Node, format!("gone {name}")),
                Event::Recovery(recovery) => (WatchKind::Recovery, format!("recovery {}", recovery.name)),
                Event::RecoveryGone(name) => (WatchKind::Recovery, format!("gone {name}")),
                Event::Workload(workload) => (WatchKind::Deployment, format!("workload {}", workload.key)),
                Event::Watch(kind, state) => (kind, format!("{state:?}")),
                other => panic!("not expected: {other:?}"),
            };
            if of == kind {
                return text;
            }
        }
    }

    async fn expect(&mut self, kind: WatchKind, texts: &[&str]) {
        for text in texts {
            assert_eq!(self.next(kind).await, *text);
        }
    }

    /// Takes what comes until `text` comes; gives all of it.
    async fn until(&mut self, kind: WatchKind, text: &str) -> Vec<String> {
        let mut all = Vec::new();
        while all.last().is_none_or(|last| last != text) {
            all.push(self.next(kind).await);
        }
        all
    }
}

/// Answers requests for one path by their number, counting lists and watches apart; everything else is empty.
fn script(path: &'static str, answer: impl Fn(&Asked, usize) -> Reply + Send + Sync) -> impl Fn(&Asked) -> Reply {
    let (lists, watches) = (AtomicUsize::new(0), AtomicUsize::new(0));
    move |asked| {
        if asked.path != path {
            return Reply::nothing(asked);
        }
        let count = if asked.watches() { &watches } else { &lists };
        answer(asked, count.fetch_add(1, Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_list_whose_token_expires_starts_again_and_nothing_counts_as_gone() {
    let api = Api::start(script(PODS, |asked, n| match (asked.watches(), n) {
        (true, _) => Reply::nothing(asked),
        (_, 0) => Reply::page("5", vec![pod("a", "1"), pod("b", "2")], "t1"),
        (_, 1) => Reply::status(410, "Expired"),
        (_, 2) => Reply::page("6", vec![pod("a", "1"), pod("b", "2")], "t2"),
        _ => Reply::page("6", vec![pod("c", "3")], ""),
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "pod shop/b"]).await;
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "pod shop/b", "pod shop/c", "Synced"]).await;
    let asked = api.wait(PODS, |asked| asked.iter().any(Asked::watches)).await;
    let tokens: Vec<_> = asked.iter().map(|a| a.query("continue")).collect();
    assert_eq!(tokens, [None, Some("t1"), None, Some("t2"), None]);
    assert!(asked[..4].iter().all(|a| a.query("limit") == Some("2") && a.query("resourceVersion").is_none()));
    assert_eq!(asked[4].query("resourceVersion"), Some("6"));
    assert_eq!(asked[4].query("allowWatchBookmarks"), Some("true"));
}

#[tokio::test]
async fn changes_arrive_in_order_and_a_watch_that_ends_is_resumed_where_it_was() {
    let api = Api::start(script(PODS, |asked, n| match (asked.watches(), n) {
        (false, _) => Reply::list("5", vec![pod("a", "1")]),
        (_, 0) => Reply::lines(vec![
            line("ADDED", pod("b", "6")),
            line("MODIFIED", pod("a", "7")),
            line("DELETED", pod("b", "8")),
            bookmark("50"),
        ]),
        _ => Reply::lines_then_silence(vec![line("ADDED", pod("c", "51"))]),
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "Synced", "pod shop/b", "pod shop/a", "gone shop/b"])
        .await;
    run.expect(WatchKind::Pod, &["pod shop/c"]).await;
    let versions: Vec<_> =
        api.asked(PODS).iter().filter_map(|a| a.query("resourceVersion").map(str::to_owned)).collect();
    assert_eq!(versions, ["5", "50"], "a bookmark moves the version on, and no new list was needed");
}

#[tokio::test]
async fn compacted_history_leads_to_a_new_list_however_it_is_told() {
    for reply in [|| Reply::lines(vec![expired()]), || Reply::status(410, "Expired"), || Reply::status(504, "Timeout")]
    {
        let api = Api::start(script(PODS, move |asked, n| match (asked.watches(), n) {
            (false, 0) => Reply::list("5", vec![pod("a", "1")]),
            (false, _) => Reply::list("90", vec![pod("b", "80")]),
            (_, 0) => reply(),
            _ => Reply::nothing(asked),
        }))
        .await;
        let mut run = Run::start(&api.clients(), &Scope::default());
        run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "Synced"]).await;
        run.expect(WatchKind::Pod, &["ListStarted", "pod shop/b", "Synced"]).await;
        api.wait(PODS, |asked| asked.iter().any(|a| a.query("resourceVersion") == Some("90"))).await;
    }
}

#[tokio::test]
async fn a_version_that_goes_back_leads_to_a_new_list() {
    let api = Api::start(script(PODS, |asked, n| match (asked.watches(), n) {
        (false, 0) => Reply::list("500", vec![pod("a", "400")]),
        (false, _) => Reply::list("90", Vec::new()),
        (_, 0) => Reply::lines_then_silence(vec![bookmark("80")]),
        _ => Reply::nothing(asked),
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "Synced", "ListStarted", "Synced"]).await;
}

#[tokio::test]
async fn bookmarks_alone_keep_a_kind_alive_and_are_not_told_one_by_one() {
    let tick = |n: u32| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        format!("{}\n", bookmark(&(10 + n).to_string()))
    };
    let api = Api::start(script(PODS, move |asked, _| {
        if !asked.watches() {
            return Reply::list("5", Vec::new());
        }
        Reply::Lines(Box::pin(futures::StreamExt::then(futures::stream::iter(0..), tick)))
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "Synced"]).await;
    let began = tokio::time::Instant::now();
    run.expect(WatchKind::Pod, &["Alive", "Alive"]).await;
    assert!(began.elapsed() > Duration::from_millis(1_500), "some 40 bookmarks are two signs of life");
    assert_eq!(api.asked(PODS).len(), 2);
}

#[tokio::test]
async fn a_silent_stream_is_dropped_and_resumed() {
    let api = Api::start(script(PODS, |asked, n| match (asked.watches(), n) {
        (false, _) => Reply::list("5", Vec::new()),
        (_, 0) => Reply::lines_then_silence(vec![bookmark("7")]),
        _ => Reply::lines_then_silence(vec![line("ADDED", pod("a", "8"))]),
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "Synced"]).await;
    assert_eq!(run.until(WatchKind::Pod, "pod shop/a").await.last().unwrap(), "pod shop/a");
    assert_eq!(api.asked(PODS)[2].query("resourceVersion"), Some("7"));
}

#[tokio::test]
async fn what_one_kind_may_not_read_disturbs_no_other_and_comes_back_when_allowed() {
    let (denied, allow) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (d, a) = (denied.clone(), allow.clone());
    let api = Api::start(move |asked| {
        if asked.path == NODES && a.load(Ordering::SeqCst) == 0 {
            d.fetch_add(1, Ordering::SeqCst);
            return Reply::status(403, "Forbidden");
        }
        Reply::nothing(asked)
    })
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    let mut synced = Vec::new();
    while synced.len() < WatchKind::ALL.len() - 1 {
        if let Event::Watch(kind, WatchState::Synced) = receive(&mut run.events).await {
            synced.push(kind);
        }
    }
    assert!(!synced.contains(&WatchKind::Node));
    run.expect(WatchKind::Node, &["Broken", "Broken"]).await;
    allow.store(1, Ordering::SeqCst);
    let all = run.until(WatchKind::Node, "Synced").await;
    assert_eq!(all[all.len() - 2], "ListStarted", "a list is told when it begins to come, not when it is asked for");
    assert!(denied.load(Ordering::SeqCst) >= 2);
}

#[tokio::test]
async fn an_object_that_does_not_parse_is_skipped_alone_and_counted() {
    let bad = || json!({"metadata": {"name": "bad", "uid": "u", "resourceVersion": "9"}, "status": {"phase": 7}});
    let api = Api::start(script(PODS, move |asked, n| match (asked.watches(), n) {
        (false, _) => Reply::list("5", vec![pod("a", "1"), bad(), json!("nonsense"), json!(null), pod("b", "2")]),
        (_, 0) => Reply::lines(vec![json!(["not an event"]), line("MODIFIED", bad()), line("FUTURE", json!({}))]),
        _ => Reply::lines_then_silence(vec![line("ADDED", pod("c", "10"))]),
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "pod shop/b", "Synced", "pod shop/c"]).await;
    let skipped = run.skipped.lock().unwrap().clone();
    assert_eq!(skipped.len(), 5, "{skipped:?}");
    assert!(skipped.iter().all(|s| s.starts_with("pods: the object does not parse: ")), "{skipped:?}");
    let versions: Vec<_> =
        api.asked(PODS).iter().filter_map(|a| a.query("resourceVersion").map(str::to_owned)).collect();
    assert_eq!(versions, ["5", "9"], "the version of a skipped object counts");
}

#[tokio::test]
async fn several_namespaces_are_one_kind() {
    let api = Api::start(|asked| match (asked.path.as_str(), asked.watches()) {
        ("/api/v1/namespaces/a/pods", false) => Reply::list("5", vec![pod("a", "1")]),
        ("/api/v1/namespaces/b/pods", false) => Reply::list("6", vec![pod("b", "1")]),
        ("/api/v1/namespaces/b/pods", true) => {
            Reply::lines_then_silence(vec![line("ADDED", pod("late", "7")), expired()])
        }
        _ => Reply::nothing(asked),
    })
    .await;
    let namespaces = vec!["a".to_owned(), "b".to_owned()];
    let mut run = Run::start(&api.clients(), &Scope { namespaces, ..Scope::default() });
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "pod shop/b", "Synced", "pod shop/late"]).await;
    run.expect(WatchKind::Pod, &["ListStarted", "pod shop/a", "pod shop/b", "Synced"]).await;
    assert!(api.asked(PODS).is_empty());
    assert!(!api.asked("/apis/apps/v1/namespaces/a/deployments").is_empty());
    assert!(!api.asked(NODES).is_empty(), "nodes have no namespace");
}

#[tokio::test]
async fn an_outage_is_told_and_ends_with_a_resumed_watch() {
    let api = Api::start(script(PODS, |asked, n| match (asked.watches(), n) {
        (false, _) => Reply::list("5", Vec::new()),
        (_, 1 | 2) => Reply::status(503, "Unavailable"),
        (_, 0) => Reply::lines(vec![bookmark("7")]),
        _ => Reply::nothing(asked),
    }))
    .await;
    let mut run = Run::start(&api.clients(), &Scope::default());
    run.expect(WatchKind::Pod, &["ListStarted", "Synced", "Broken", "Broken", "Alive"]).await;
    let versions: Vec<_> =
        api.asked(PODS).iter().filter_map(|a| a.query("resourceVersion").map(str::to_owned)).collect();
    assert_eq!(versions, ["5", "7", "7", "7"]);
}

#[tokio::test]
async fn streams_that_end_as_soon_as_they_begin_are_not_asked_for_without_pause() {
    let endings: [fn() -> Reply; 2] = [|| Reply::lines(Vec::new()), || Reply::lines(vec![expired()])];
    for ending in endings {
        let api = Api::start(move |asked| if asked.watches() { ending() } else { Reply::list("5", Vec::new()) }).await;
        let wait = Duration::from_millis(200);
        let timing = Timing { steady: Duration::from_secs(3_600), retry_first: wait, retry_most: wait, ..timing() };
        let began = tokio::time::Instant::now();
        let mut run = Run::timed(&api.clients(), &Scope::default(), timing);
        tokio::spawn(async move { while run.events.recv().await.is_some() {} });
        api.wait(PODS, |asked| asked.iter().filter(|a| a.watches()).count() > 3).await;
        // Each wait is shortened by a quarter at most.
        assert!(began.elapsed() > 3 * wait.mul_f64(0.74), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_portions() {
    let api = Api::start(|asked| {
        let limit: usize = asked.query("limit").map_or(0, |limit| limit.parse().unwrap());
        if asked.path != PODS || asked.watches() {
            return Reply::nothing(asked);
        }
        let from: usize = asked.query("continue").map_or(0, |token| token.parse().unwrap());
        let items = (from..10.min(from + limit)).map(|n| pod(&format!("p{n}{}", "x".repeat(400)), "1")).collect();
        let token = if from + limit < 10 { (from + limit).to_string() } else { String::new() };
        Reply::page("5", items, &token)
    })
    .await;
    let bounds = Bounds { deadline: Duration::from_secs(5), bytes: 1_000, in_flight: None, idle: 2 };
    let clients = Clients::bounded(&api.way(), [bounds; 3], &api.on_call()).unwrap();
    let mut run = Run::start(&clients, &Scope::default());
    let all = run.until(WatchKind::Pod, "Synced").await;
    assert_eq!(all.len(), 12, "{all:?}");
    assert_eq!(all.iter().filter(|text| *text == "ListStarted").count(), 1);
}

#[tokio::test]
async fn selectors_reach_the_server_for_the_kinds_they_are_meant_for() {
    let api = Api::start(Reply::nothing).await;
    let scope = Scope {
        pod_label_selector: "app=web".to_owned(),
        pod_field_selector: "status.phase=Failed".to_owned(),
        node_label_selector: "pool=a".to_owned(),
        own_namespace: "self-healing".to_owned(),
        ..Scope::default()
    };
    let _run = Run::start(&api.clients(), &scope);
    let asked = api.wait(PODS, |asked| asked.iter().any(Asked::watches)).await;
    assert!(asked.iter().all(|a| a.query("labelSelector") == Some("app%3Dweb")));
    assert!(asked.iter().all(|a| a.query("fieldSelector") == Some("status%2Ephase%3DFailed")));
    let nodes = api.wait(NODES, |asked| asked.iter().any(Asked::watches)).await;
    assert!(nodes.iter().all(|a| a.query("labelSelector") == Some("pool%3Da") && a.query("fieldSelector").is_none()));
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
    assert!(api.wait(leases, |asked| !asked.is_empty()).await[0].query("labelSelector").is_none());
    let recoveries = "/apis/self-healing.dev/v1alpha1/namespaces/self-healing/recoveries";
    api.wait(recoveries, |asked| !asked.is_empty()).await;
}

#[tokio::test]
async fn stored_recoveries_come_and_go_and_a_foreign_one_is_skipped() {
    let path = "/apis/self-healing.dev/v1alpha1/namespaces/self-healing/recoveries";
    let recovery = |name: &str, kind: &str| {
        json!({
            "apiVersion": "self-healing.dev/v1alpha1", "kind": "Recovery",
            "metadata": {"name": name, "namespace": "self-healing", "uid": "u", "resourceVersion": "3"},
            "spec": {
                "type": kind, "action": "pod_recovery", "cause": "CrashLoop", "severity": "medium",
                "strategy": "restart", "mode": "Enforce", "description": "d", "similarFailures": 0,
                "target": {"kind": "Pod", "namespace": "shop", "name": "web", "uid": "u-1"},
                "workload": {"kind": "Pod", "namespace": "shop", "name": "web", "uid": "u-1"}
            }
        })
    };
    let api = Api::start(script(path, move |asked, _| {
        if asked.watches() {
            return Reply::lines_then_silence(vec![line("DELETED", recovery("pod-crashloop-1", "pod_failure"))]);
        }
        Reply::list("5", vec![recovery("other", "weather_failure"), recovery("pod-crashloop-1", "pod_failure")])
    }))
    .await;
    let scope = Scope { own_namespace: "self-healing".to_owned(), ..Scope::default() };
    let mut run = Run::start(&api.clients(), &scope);
    let expected = ["ListStarted", "recovery pod-crashloop-1", "Synced", "gone pod-crashloop-1"];
    run.expect(WatchKind::Recovery, &expected).await;
    assert_eq!(run.skipped.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_config_map_is_read_changed_and_removed() {
    let path = "/api/v1/namespaces/self-healing/configmaps";
    let map = |version: &str, data: Value| json!({"metadata": {"name": "self-healing-config", "resourceVersion": version}, "data": data});
    let api = Api::start(script(path, move |asked, n| match (asked.watches(), n) {
        (false, _) => Reply::list("5", Vec::new()),
        (_, 0) => Reply::lines(vec![
            line("ADDED", map("6", json!({"paused": "true"}))),
            line("MODIFIED", map("7", json!({"paused": true}))),
            line("DELETED", map("8", Value::Null)),
        ]),
        _ => Reply::nothing(asked),
    }))
    .await;
    let (sender, mut receiver) = mpsc::channel(4);
    let own = ("self-healing", "self-healing-config");
    let _watches = config_map::start(&api.clients().reads, own, &timing(), &sender, &(Arc::new(|_, _: &_| {}) as _));
    assert_eq!(receive(&mut receiver).await, BTreeMap::new(), "there is none yet");
    assert_eq!(receive(&mut receiver).await, BTreeMap::from([("paused".to_owned(), "true".to_owned())]));
    assert_eq!(receive(&mut receiver).await, BTreeMap::new(), "what does not parse is skipped, what is gone is empty");
    assert_eq!(api.asked(path)[0].query("fieldSelector"), Some("metadata%2Ename%3Dself%2Dhealing%2Dconfig"));
}

#[tokio::test]
async fn watches_end_when_nobody_listens() {
    let api = Api::start(script(PODS, |asked, _| match asked.watches() {
        false => Reply::list("5", vec![pod("a", "1")]),
        true => Reply::nothing(asked),
    }))
    .await;
    let (sender, receiver) = mpsc::channel(1);
    let mut watches =
        Watches::start(&api.clients().reads, &Scope::default(), &timing(), &sender, &(Arc::new(|_, _: &_| {}) as _));
    drop(receiver);
    tokio::time::timeout(watch_support::DEADLINE, watches.ended()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_brought_something_and_ended_goes_on_at_once() {
    let api = Api::start(script(PODS, |asked, n| match (asked.watches(), n) {
        (false, _) => Reply::list("5", Vec::new()),
        (true, 0..3) => {
            let version = 6 + n;
            Reply::lines(vec![line("ADDED", pod(&format!("p{n}"), &version.to_string()))])
        }
        (true, _) => Reply::nothing(asked),
    }))
    .await;
    // Who waits at all waits longer than this test.
    let patient = Duration::from_secs(600);
    let timing = Timing { steady: patient, retry_first: patient, retry_most: patient, ..timing() };
    let mut run = Run::timed(&api.clients(), &Scope::default(), timing);
    run.until(WatchKind::Pod, "pod shop/p2").await;
    let asked = api.wait(PODS, |asked| asked.iter().filter(|asked| asked.watches()).count() == 4).await;
    assert_eq!(asked.last().and_then(|asked| asked.query("resourceVersion")), Some("8"));
}
