use super::{deployment, hand, pod, said};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn an_old_version_conflicts() {
    let hand = hand();
    let mut known = (*hand.create("pods", "default", &pod("a")).unwrap()).clone();
    hand.patch("pods", "default", "a", &json!({ "metadata": { "labels": { "x": "y" } } })).unwrap();
    known["metadata"]["labels"]["z"] = "z".into();
    let failure = hand.update("pods", "default", "a", &known).unwrap_err();
    let words = "the object has been modified; please apply your changes to the latest version and try again";
    assert_eq!(failure.to_string(), format!(r#"409 Conflict: Operation cannot be fulfilled on pods "a": {words}"#));
}

#[tokio::test(start_paused = true)]
async fn another_uid_conflicts() {
    let hand = hand();
    hand.create("pods", "default", &pod("a")).unwrap();
    let mut other = pod("a");
    other["metadata"]["uid"] = "other".into();
    assert_eq!(hand.update("pods", "default", "a", &other).unwrap_err().code, 409);
    let failure = hand.patch("pods", "default", "a", &json!({ "metadata": { "uid": "other" } })).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["metadata.uid"]), "a patch says it in another way");
}

#[tokio::test(start_paused = true)]
async fn nothing_changed_makes_no_version() {
    let hand = hand();
    let old =
        hand.create("configmaps", "default", &json!({ "metadata": { "name": "c" }, "data": { "a": "b" } })).unwrap();
    let mut changes = hand.watch("configmaps");
    let same = hand
        .update("configmaps", "default", "c", &json!({ "metadata": { "name": "c" }, "data": { "a": "b" } }))
        .unwrap();
    assert_eq!(old, same);
    let other = hand.patch("configmaps", "default", "c", &json!({ "data": { "a": "c" } })).unwrap();
    assert_ne!(old["metadata"]["resourceVersion"], other["metadata"]["resourceVersion"]);
    assert_eq!(changes.next().await.unwrap().shown, other, "the first change that anybody hears of");
}

#[tokio::test(start_paused = true)]
async fn status_and_the_rest_have_a_door_each() {
    let hand = hand();
    hand.create("deployments.apps", "default", &deployment("d")).unwrap();
    let both = json!({ "spec": { "replicas": 3 }, "status": { "replicas": 5 } });
    let object = hand.patch("deployments.apps", "default", "d", &both).unwrap();
    assert_eq!((&object["spec"]["replicas"], &object["status"]), (&json!(3), &json!({})));
    let both = json!({ "spec": { "replicas": 7 }, "status": { "replicas": 5 } });
    let object = hand.patch_status("deployments.apps", "default", "d", &both).unwrap();
    assert_eq!((&object["spec"]["replicas"], &object["status"]["replicas"]), (&json!(3), &json!(5)));
}

#[tokio::test(start_paused = true)]
async fn some_of_a_status_is_the_servers() {
    let hand = hand();
    hand.create("pods", "default", &pod("a")).unwrap();
    let told = json!({ "metadata": { "name": "a" }, "status": { "phase": "Running" } });
    assert_eq!(hand.update_part("pods", "default", "status", &told).unwrap()["status"]["qosClass"], "BestEffort");
    hand.create("poddisruptionbudgets.policy", "default", &json!({ "metadata": { "name": "b" } })).unwrap();
    let negative = json!({ "status": { "disruptionsAllowed": -1 } });
    let failure = hand.patch_status("poddisruptionbudgets.policy", "default", "b", &negative).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["status.disruptionsAllowed"]));
}

#[tokio::test(start_paused = true)]
async fn generation_counts_changes_of_what_is_wanted() {
    let hand = hand();
    hand.create("deployments.apps", "default", &deployment("d")).unwrap();
    let generation = |object: &Value| object["metadata"]["generation"].as_i64();
    let patch = |change| hand.patch("deployments.apps", "default", "d", &change).unwrap();
    assert_eq!(generation(&patch(json!({ "metadata": { "labels": { "a": "b" } } }))), Some(1));
    assert_eq!(generation(&patch(json!({ "spec": { "replicas": 2 } }))), Some(2));
    assert_eq!(
        generation(&patch(json!({ "metadata": { "annotations": { "a": "b" } } }))),
        Some(3),
        "of Deployments only"
    );
    let status = json!({ "status": { "replicas": 2 } });
    assert_eq!(generation(&hand.patch_status("deployments.apps", "default", "d", &status).unwrap()), Some(3));
    let node = hand.create("nodes", "", &json!({ "metadata": { "name": "n" } })).unwrap();
    assert_eq!(generation(&node), None);
}

#[tokio::test(start_paused = true)]
async fn leases_come_with_an_update_but_do_not_go_without_a_version() {
    let hand = hand();
    let lease = json!({ "metadata": { "name": "l" }, "spec": { "holderIdentity": "a" } });
    let kept = hand.update("leases.coordination.k8s.io", "default", "l", &lease).unwrap();
    let failure = hand.update("leases.coordination.k8s.io", "default", "l", &lease).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["metadata.resourceVersion"]));
    let mut renewed = (*kept).clone();
    renewed["spec"]["holderIdentity"] = "b".into();
    hand.update("leases.coordination.k8s.io", "default", "l", &renewed).unwrap();
    assert_eq!(hand.update("pods", "default", "a", &pod("a")).unwrap_err().code, 404);
}

#[tokio::test(start_paused = true)]
async fn what_is_fixed_stays() {
    let hand = hand();
    hand.create("pods", "default", &pod("a")).unwrap();
    let patch = |change| hand.patch("pods", "default", "a", &change);
    assert_eq!(said(&patch(json!({ "spec": { "nodeName": "n" } })).unwrap_err()), (422, "Invalid", vec!["spec"]));
    assert!(patch(json!({ "spec": { "containers": [{ "name": "c", "image": "i:2", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent" }] } })).is_ok());
    let fields = vec!["spec.containers", "spec.containers"];
    assert_eq!(said(&patch(json!({ "spec": { "containers": [] } })).unwrap_err()), (422, "Invalid", fields));
    assert_eq!(patch(json!({ "metadata": { "name": "b" } })).unwrap_err().code, 400);
    let object =
        patch(json!({ "metadata": { "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 9 } })).unwrap();
    assert_eq!(object["metadata"]["creationTimestamp"], "2030-01-01T00:00:00Z");
    hand.create("deployments.apps", "default", &deployment("d")).unwrap();
    let other = json!({ "spec": { "selector": { "matchLabels": { "app": "other" } } } });
    let failure = hand.patch("deployments.apps", "default", "d", &other).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["spec.template.metadata.labels", "spec.selector"]));
}

#[tokio::test(start_paused = true)]
async fn a_version_is_a_number() {
    let hand = hand();
    let lease = json!({ "metadata": { "name": "l", "resourceVersion": "never" }, "spec": {} });
    let failure = hand.update("leases.coordination.k8s.io", "default", "l", &lease).unwrap_err();
    assert_eq!(failure.to_string(), r#"500 : strconv.ParseUint: parsing "never": invalid syntax"#);
}

#[tokio::test(start_paused = true)]
async fn a_uid_that_is_not_the_objects_is_told_with_its_place_in_etcd() {
    let hand = hand();
    hand.create("nodes", "", &json!({ "metadata": { "name": "n" } })).unwrap();
    let other = json!({ "metadata": { "name": "n", "uid": "u" } });
    let failure = hand.update("nodes", "", "n", &other).unwrap_err();
    assert!(failure.code == 409 && failure.message.contains("/registry/minions/n,"), "{failure}");
}
