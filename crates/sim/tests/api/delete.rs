use super::{hand, pod, said, scheduled};
use self_healing_sim::api::DeleteOptions;
use self_healing_sim::hand::Hand;
use serde_json::json;
use std::time::Duration;

fn seconds(seconds: i64) -> DeleteOptions {
    DeleteOptions { grace_period_seconds: Some(seconds), ..DeleteOptions::default() }
}

fn there(hand: &Hand, name: &str) -> bool {
    hand.get("pods", "default", name).is_ok()
}

#[tokio::test(start_paused = true)]
async fn preconditions_hold_or_conflict() {
    let hand = hand();
    let pod = hand.create("pods", "default", &pod("a")).unwrap();
    let other = DeleteOptions { uid: Some("other".into()), ..DeleteOptions::default() };
    let failure = hand.delete("pods", "default", "a", &other).unwrap_err();
    let words = "does not match the UID in record (00000000-0000-4000-8000-000000000005). The object might have been deleted and then recreated";
    assert_eq!(
        failure.message,
        format!(r#"Operation cannot be fulfilled on Pod "a": the UID in the precondition (other) {words}"#)
    );
    let old = DeleteOptions { resource_version: Some("1".into()), ..DeleteOptions::default() };
    assert_eq!(hand.delete("pods", "default", "a", &old).unwrap_err().code, 409);
    let text = |field: &str| pod["metadata"][field].as_str().map(str::to_owned);
    let both =
        DeleteOptions { uid: text("uid"), resource_version: text("resourceVersion"), ..DeleteOptions::default() };
    hand.delete("pods", "default", "a", &both).unwrap();
    assert!(!there(&hand, "a"));
    assert_eq!(hand.delete("pods", "default", "a", &both).unwrap_err().code, 404);
}

#[tokio::test(start_paused = true)]
async fn a_pod_on_a_node_ends_with_grace_and_may_be_hurried() {
    let hand = hand();
    hand.create("pods", "default", &scheduled("a")).unwrap();
    let ending = hand.delete("pods", "default", "a", &DeleteOptions::default()).unwrap();
    assert_eq!(ending["metadata"]["deletionTimestamp"], "2030-01-01T00:00:30Z");
    assert_eq!(
        (&ending["metadata"]["deletionGracePeriodSeconds"], &ending["metadata"]["generation"]),
        (&json!(30), &json!(2))
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(hand.delete("pods", "default", "a", &seconds(60)).unwrap(), ending, "longer is no news");
    let hurried = hand.delete("pods", "default", "a", &seconds(10)).unwrap();
    assert_eq!(hurried["metadata"]["deletionTimestamp"], "2030-01-01T00:00:10Z");
    let late = hand.delete("pods", "default", "a", &seconds(1)).unwrap();
    assert_eq!(late["metadata"]["deletionTimestamp"], "2030-01-01T00:00:05Z", "not into the past");
    hand.delete("pods", "default", "a", &seconds(0)).unwrap();
    assert!(!there(&hand, "a"));
}

#[tokio::test(start_paused = true)]
async fn a_forced_delete_is_seen_as_two_changes() {
    let hand = hand();
    hand.create("pods", "default", &scheduled("a")).unwrap();
    let mut changes = hand.watch("pods");
    hand.delete("pods", "default", "a", &seconds(0)).unwrap();
    let marked = changes.next().await.unwrap();
    assert_eq!(marked.new.as_ref().unwrap()["metadata"]["deletionGracePeriodSeconds"], 0);
    assert!(changes.next().await.unwrap().new.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_runs_nowhere_goes_at_once() {
    let hand = hand();
    hand.create("pods", "default", &pod("unscheduled")).unwrap();
    hand.create("pods", "default", &scheduled("finished")).unwrap();
    hand.patch_status("pods", "default", "finished", &json!({ "status": { "phase": "Failed" } })).unwrap();
    for name in ["unscheduled", "finished"] {
        hand.delete("pods", "default", name, &DeleteOptions::default()).unwrap();
        assert!(!there(&hand, name), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_finalizer_lets_go() {
    let hand = hand();
    let mut held = pod("a");
    held["metadata"]["finalizers"] = json!(["x.io/one", "x.io/two"]);
    hand.create("pods", "default", &held).unwrap();
    hand.delete("pods", "default", "a", &DeleteOptions::default()).unwrap();
    let more = json!({ "metadata": { "finalizers": ["x.io/one", "x.io/three"] } });
    assert_eq!(hand.patch("pods", "default", "a", &more).unwrap_err().code, 422, "none can be added any more");
    hand.patch("pods", "default", "a", &json!({ "metadata": { "finalizers": ["x.io/one"] } })).unwrap();
    assert!(there(&hand, "a"));
    hand.patch("pods", "default", "a", &json!({ "metadata": { "finalizers": null } })).unwrap();
    assert!(!there(&hand, "a"));
}

#[tokio::test(start_paused = true)]
async fn a_grace_period_outlives_the_last_finalizer() {
    let hand = hand();
    let mut held = scheduled("a");
    held["metadata"]["finalizers"] = json!(["x.io/one"]);
    hand.create("pods", "default", &held).unwrap();
    hand.delete("pods", "default", "a", &DeleteOptions::default()).unwrap();
    hand.patch("pods", "default", "a", &json!({ "metadata": { "finalizers": null } })).unwrap();
    assert!(there(&hand, "a"), "its kubelet is not done");
}

#[tokio::test(start_paused = true)]
async fn the_policy_becomes_a_finalizer_for_the_garbage_collector() {
    let hand = hand();
    let policy = |policy: &str| DeleteOptions { propagation_policy: Some(policy.into()), ..DeleteOptions::default() };
    for (name, asked, finalizer) in [("d1", "Foreground", "foregroundDeletion"), ("d2", "Orphan", "orphan")] {
        hand.create("deployments.apps", "default", &super::deployment(name)).unwrap();
        let ending = hand.delete("deployments.apps", "default", name, &policy(asked)).unwrap();
        assert_eq!(ending["metadata"]["finalizers"], json!([finalizer]));
        assert_eq!(ending["metadata"]["generation"], 2);
    }
    hand.create("deployments.apps", "default", &super::deployment("d3")).unwrap();
    hand.delete("deployments.apps", "default", "d3", &policy("Background")).unwrap();
    assert_eq!(hand.get("deployments.apps", "default", "d3").unwrap_err().code, 404);
    assert_eq!(hand.delete("deployments.apps", "default", "d1", &policy("Sometimes")).unwrap_err().code, 422);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_policy_is_refused_before_anything_else() {
    let hand = hand();
    let sideways = DeleteOptions { propagation_policy: Some("Sideways".to_owned()), ..DeleteOptions::default() };
    let failure = hand.delete("pods", "default", "nobody", &sideways).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["propagationPolicy"]));
}
