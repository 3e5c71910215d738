use super::{hand, scheduled};
use self_healing_sim::api::DeleteOptions;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};

const BUDGETS: &str = "poddisruptionbudgets.policy";

/// A running pod, ready or not, under a budget with that status.
fn guarded(ready: bool, status: Value) -> Hand {
    let hand = hand();
    hand.create("pods", "default", &scheduled("a")).unwrap();
    let conditions = json!([{ "type": "Ready", "status": if ready { "True" } else { "False" } }]);
    hand.patch_status("pods", "default", "a", &json!({ "status": { "phase": "Running", "conditions": conditions } }))
        .unwrap();
    budget(&hand, "b", status);
    hand
}

fn budget(hand: &Hand, name: &str, status: Value) {
    let spec = json!({ "minAvailable": 1, "selector": { "matchLabels": { "app": "web" } } });
    hand.create(BUDGETS, "default", &json!({ "metadata": { "name": name }, "spec": spec })).unwrap();
    hand.patch_status(BUDGETS, "default", name, &json!({ "status": status })).unwrap();
}

fn evict(hand: &Hand) -> Result<(), self_healing_sim::failure::Failure> {
    hand.evict("default", "a", &DeleteOptions::default())
}

#[tokio::test(start_paused = true)]
async fn an_allowed_disruption_is_taken_and_noted() {
    let hand = guarded(
        true,
        json!({ "observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1 }),
    );
    evict(&hand).unwrap();
    let pod = hand.get("pods", "default", "a").unwrap();
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 30);
    let condition = &pod["status"]["conditions"][1];
    assert_eq!(
        (&condition["type"], &condition["reason"]),
        (&json!("DisruptionTarget"), &json!("EvictionByEvictionAPI"))
    );
    let budget = hand.get(BUDGETS, "default", "b").unwrap();
    assert_eq!(budget["status"]["disruptionsAllowed"], 0);
    assert_eq!(budget["status"]["disruptedPods"], json!({ "a": "2030-01-01T00:00:00Z" }));
    assert_eq!(budget["status"]["conditions"][0]["reason"], "InsufficientPods");
}

#[tokio::test(start_paused = true)]
async fn no_allowed_disruption_is_a_429_without_a_time() {
    let hand = guarded(
        true,
        json!({ "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1 }),
    );
    let failure = evict(&hand).unwrap_err();
    assert_eq!((failure.code, failure.reason, failure.retry_after), (429, "TooManyRequests", None));
    assert_eq!(failure.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    let cause = json!({ "reason": "DisruptionBudget", "message": "The disruption budget b needs 1 healthy pods and has 1 currently" });
    assert_eq!(failure.details, json!({ "causes": [cause] }));
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_its_controller_has_not_seen_is_a_429_with_a_time() {
    let hand = guarded(true, json!({ "observedGeneration": 0, "disruptionsAllowed": 1 }));
    let failure = evict(&hand).unwrap_err();
    assert_eq!((failure.code, failure.retry_after, &failure.details["retryAfterSeconds"]), (429, Some(10), &json!(10)));
}

#[tokio::test(start_paused = true)]
async fn two_budgets_are_a_500() {
    let hand = guarded(true, json!({}));
    budget(&hand, "c", json!({}));
    let failure = evict(&hand).unwrap_err();
    assert_eq!((failure.code, failure.reason), (500, ""));
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_not_ready_needs_no_budget_while_enough_others_are() {
    let hand = guarded(
        false,
        json!({ "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1 }),
    );
    evict(&hand).unwrap();
    let hand = guarded(
        false,
        json!({ "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 1 }),
    );
    assert_eq!(evict(&hand).unwrap_err().code, 429);
    hand.patch(BUDGETS, "default", "b", &json!({ "spec": { "unhealthyPodEvictionPolicy": "AlwaysAllow" } })).unwrap();
    evict(&hand).unwrap();
}

#[tokio::test(start_paused = true)]
async fn pods_that_disturb_nobody_pass() {
    for phase in ["Pending", "Succeeded", "Failed"] {
        let hand = guarded(true, json!({ "observedGeneration": 1, "disruptionsAllowed": 0 }));
        hand.patch_status("pods", "default", "a", &json!({ "status": { "phase": phase } })).unwrap();
        evict(&hand).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_precondition_that_fails_costs_a_disruption_all_the_same() {
    let hand = guarded(
        true,
        json!({ "observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1 }),
    );
    let other = DeleteOptions { uid: Some("other".into()), ..DeleteOptions::default() };
    assert_eq!(hand.evict("default", "a", &other).unwrap_err().code, 409);
    assert!(hand.get("pods", "default", "a").unwrap()["metadata"]["deletionTimestamp"].is_null());
    assert_eq!(hand.get(BUDGETS, "default", "b").unwrap()["status"]["disruptionsAllowed"], 0, "as on the real server");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_not_ready_and_another_one_than_meant_is_asked_for_again() {
    let hand = guarded(
        false,
        json!({ "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1 }),
    );
    let other = DeleteOptions { uid: Some("another".to_owned()), ..DeleteOptions::default() };
    let failure = hand.evict("default", "a", &other).unwrap_err();
    assert_eq!((failure.code, failure.retry_after), (429, Some(10)), "as if the budget was not counted yet");
    let old = DeleteOptions { resource_version: Some("1".to_owned()), ..other };
    assert_eq!(hand.evict("default", "a", &old).unwrap_err().code, 409);
    let old = DeleteOptions { uid: None, ..old };
    hand.evict("default", "a", &old).unwrap();
}
