use super::{deployment, hand, pod};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn scale_changes_the_replicas_only() {
    let hand = hand();
    hand.create("deployments.apps", "default", &deployment("d")).unwrap();
    let scale = hand.scale("deployments.apps", "default", "d", 3).unwrap();
    assert_eq!(
        (&scale["kind"], &scale["spec"], &scale["status"]["selector"]),
        (&json!("Scale"), &json!({ "replicas": 3 }), &json!("app=web"))
    );
    let deployment = hand.get("deployments.apps", "default", "d").unwrap();
    assert_eq!((&deployment["spec"]["replicas"], &deployment["metadata"]["generation"]), (&json!(3), &json!(2)));
    assert_eq!(hand.scale("deployments.apps", "default", "d", -1).unwrap_err().code, 422);
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_bound_once() {
    let hand = hand();
    hand.create("pods", "default", &pod("a")).unwrap();
    hand.bind("default", "a", "n1").unwrap();
    let bound = hand.get("pods", "default", "a").unwrap();
    assert_eq!(
        (&bound["spec"]["nodeName"], &bound["status"]["conditions"][0]["type"]),
        (&json!("n1"), &json!("PodScheduled"))
    );
    assert_eq!(bound["metadata"]["generation"], 1);
    let failure = hand.bind("default", "a", "n2").unwrap_err();
    assert_eq!(
        failure.message,
        r#"Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1""#
    );
}
