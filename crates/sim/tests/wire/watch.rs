use super::{Events, ground};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"].as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_from_a_version() {
    let ground = ground();
    let first = ground.map("a", "1");
    ground.map("b", "1");
    let mut watch = Events::open(&ground.api, &format!("{MAPS}?watch=true&resourceVersion={}", version(&first))).await;
    assert_eq!(watch.short().await, "ADDED b");
    let changed = ground.map("a", "2");
    ground.hand.delete("configmaps", "default", "b", &Default::default()).unwrap();
    let event = watch.next().await;
    assert_eq!((&event["type"], &event["object"]), (&json!("MODIFIED"), &changed));
    assert_eq!(watch.short().await, "DELETED b");
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_a_version_begins_with_what_is_there() {
    let ground = ground();
    ground.map("a", "1");
    let mut watch = Events::open(&ground.api, &format!("{MAPS}?watch=1")).await;
    assert_eq!(watch.short().await, "ADDED a");
    ground.map("b", "1");
    assert_eq!(watch.short().await, "ADDED b");
    let stream = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = Events::open(&ground.api, &format!("{MAPS}?{stream}")).await;
    assert_eq!(watch.take(2).await, ["ADDED a", "ADDED b"]);
    let end = watch.next().await;
    assert_eq!(end["object"]["metadata"]["annotations"], json!({ "k8s.io/initial-events-end": "true" }));
    assert_eq!(version(&end["object"]), ground.cluster.version().to_string());
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_once_a_minute_and_before_the_end() {
    let ground = ground();
    let first = ground.map("a", "1");
    let path = format!("{MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion={}", version(&first));
    let start = Instant::now();
    let mut watch = Events::open(&ground.api, &path).await;
    ground.hand.create("secrets", "default", &json!({ "metadata": { "name": "other" } })).unwrap();
    let bookmark = watch.next().await;
    assert_eq!((&bookmark["type"], start.elapsed().as_secs()), (&json!("BOOKMARK"), 60));
    assert_eq!(version(&bookmark["object"]), ground.cluster.version().to_string(), "others' changes count as well");
    assert_eq!((watch.short().await.as_str(), start.elapsed().as_secs()), ("BOOKMARK", 88));
    assert_eq!((watch.short().await.as_str(), start.elapsed().as_secs()), ("end", 90));
}

#[tokio::test(start_paused = true)]
async fn none_but_those_who_ask_get_bookmarks() {
    let ground = ground();
    let first = ground.map("a", "1");
    let path = format!("{MAPS}?watch=1&timeoutSeconds=90&resourceVersion={}", version(&first));
    assert_eq!(Events::open(&ground.api, &path).await.short().await, "end");
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_an_error_event() {
    let ground = ground();
    let first = ground.map("a", "1");
    ground.map("b", "1");
    ground.cluster.state().store.compact();
    let mut watch = Events::open(&ground.api, &format!("{MAPS}?watch=1&resourceVersion={}", version(&first))).await;
    assert_eq!(watch.take(2).await, ["ERROR 410", "end"]);
    let mut watch =
        Events::open(&ground.api, &format!("{MAPS}?watch=1&resourceVersion={}", ground.cluster.version())).await;
    ground.map("c", "1");
    assert_eq!(watch.short().await, "ADDED c");
}

#[tokio::test(start_paused = true)]
async fn a_version_of_the_future_tells_nothing_old() {
    let ground = ground();
    let ahead = ground.cluster.version() + 1;
    let mut watch = Events::open(&ground.api, &format!("{MAPS}?watch=1&resourceVersion={ahead}")).await;
    ground.map("a", "1");
    ground.map("b", "1");
    assert_eq!(watch.short().await, "ADDED b");
}

#[tokio::test(start_paused = true)]
async fn objects_come_and_go_as_they_are_selected() {
    let ground = ground();
    let first = ground.map("a", "1");
    let path = format!("{MAPS}?watch=1&labelSelector=n%3D2&resourceVersion={}", version(&first));
    let mut watch = Events::open(&ground.api, &path).await;
    for label in ["2", "3", "2"] {
        ground.map("a", label);
    }
    ground.hand.patch("configmaps", "default", "a", &json!({ "data": { "x": "y" } })).unwrap();
    ground
        .hand
        .create("configmaps", "kube-system", &json!({ "metadata": { "name": "b", "labels": { "n": "2" } } }))
        .unwrap();
    ground.hand.delete("configmaps", "default", "a", &Default::default()).unwrap();
    assert_eq!(watch.short().await, "ADDED a");
    let gone = watch.next().await;
    assert_eq!(
        (&gone["type"], &gone["object"]["metadata"]["labels"]["n"]),
        (&json!("DELETED"), &json!("2")),
        "as it was when it was selected"
    );
    assert_eq!(watch.take(3).await, ["ADDED a", "MODIFIED a", "DELETED a"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_names_no_end_ends_all_the_same() {
    let ground = ground();
    let start = Instant::now();
    let mut watch = Events::open(&ground.api, &format!("{MAPS}?watch=1")).await;
    assert_eq!(watch.short().await, "end");
    assert!(start.elapsed() > Duration::from_secs(1800));
    let path = format!("{MAPS}?watch=1&timeoutSeconds={}", u64::MAX);
    assert_eq!(Events::open(&ground.api, &path).await.short().await, "end");
}
