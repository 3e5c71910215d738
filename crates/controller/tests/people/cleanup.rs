//! `cleanup`: what the controller has left on objects is shown, and given back as the controller gives it back.

use crate::ground::Ground;
use self_healing_controller::manifests::{CONFIG_MAP, NAMESPACE};
use serde_json::{Value, json};

const OWNER: &str = "self-healing.dev/owner";
const SUSPECT: &str = "self-healing.dev/suspect";

/// A node of each mark, a Service that is switched, and a Deployment with one pod more.
fn leave_marks(ground: &Ground) {
    let hand = &ground.hand;
    let node = |name: &str, annotations: Value, spec: Value| {
        let metadata = json!({ "name": name, "annotations": annotations });
        hand.create("nodes", "", &json!({ "metadata": metadata, "spec": spec })).unwrap();
    };
    let cordoned = json!({ OWNER: "node-1", "self-healing.dev/original-unschedulable": "false" });
    node("cordoned", cordoned, json!({ "unschedulable": true }));
    let fence = json!({ "key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute" });
    let suspect = json!({ "key": SUSPECT, "value": "pod-1", "effect": "PreferNoSchedule" });
    node("tainted", json!({ "self-healing.dev/out-of-service": "node-2" }), json!({ "taints": [fence, suspect] }));
    node("by-a-person", json!({}), json!({ "unschedulable": true }));

    let switched = json!({
        OWNER: "service-1",
        "self-healing.dev/original-selector": r#"{"app":"web"}"#,
        "self-healing.dev/switched-selector": r#"{"app":"spare"}"#,
    });
    let port = json!({ "port": 80 });
    let service = json!({
        "metadata": { "name": "web", "annotations": switched },
        "spec": { "selector": { "app": "spare" }, "ports": [port] },
    });
    hand.create("services", "shop", &service).unwrap();

    let deployment = |name: &str, annotations: Value, template: Value, replicas: u32| {
        let labels = json!({ "app": name });
        let pods = json!({ "containers": [{ "name": "web", "image": "web:1" }] });
        let template = json!({ "metadata": { "labels": labels, "annotations": template }, "spec": pods });
        let spec = json!({ "replicas": replicas, "selector": { "matchLabels": labels }, "template": template });
        let object = json!({ "metadata": { "name": name, "annotations": annotations }, "spec": spec });
        hand.create("deployments.apps", "shop", &object).unwrap();
    };
    let scaled = json!({
        OWNER: "pod-2", "self-healing.dev/original-replicas": "3", "self-healing.dev/scaled-replicas": "4",
    });
    deployment("web", scaled.clone(), json!({}), 4);
    deployment("changed", scaled, json!({}), 9);
    deployment("restarted", json!({}), json!({ "self-healing.dev/restarted-by": "service-2" }), 1);
}

#[tokio::test]
async fn marks_are_shown_first_and_undone_when_told_to() {
    let ground = Ground::new("cleanup");
    let said = ground.run("self-healing-controller", &["cleanup"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "no mark of the controller is on any object\n"),
        "{}",
        said.err
    );

    leave_marks(&ground);
    let said = ground.run("self-healing-controller", &["cleanup", "-o", "json"]).await;
    let rows: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    let states: Vec<&str> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["found", "found", "found", "found", "found", "stays", "found"], "{}", said.out);
    assert_eq!(said.code, Some(1), "there is something to undo");
    let node = |name: &str| ground.hand.get("nodes", "", name).unwrap();
    assert_eq!(node("cordoned")["spec"]["unschedulable"], true, "it only looked");

    let said = ground.run("self-healing-controller", &["cleanup", "--yes"]).await;
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("undone  node/cordoned"), "{}", said.out);
    assert!(said.out.contains("somebody set 9 pods meanwhile, and that number stays"), "{}", said.out);
    assert_ne!(node("cordoned")["spec"]["unschedulable"], true);
    assert_eq!(node("cordoned")["metadata"]["annotations"][OWNER], Value::Null);
    let taints = node("tainted")["spec"]["taints"].to_string();
    assert!(!taints.contains(SUSPECT) && !taints.contains("out-of-service"), "{taints}");
    assert_eq!(node("by-a-person")["spec"]["unschedulable"], true, "what a person did stays");
    let shop = |resource: &str, name: &str| ground.hand.get(resource, "shop", name).unwrap();
    assert_eq!(shop("services", "web")["spec"]["selector"], json!({ "app": "web" }));
    assert_eq!(shop("deployments.apps", "web")["spec"]["replicas"], 3);
    assert_eq!(shop("deployments.apps", "changed")["spec"]["replicas"], 9);
    assert_eq!(shop("deployments.apps", "changed")["metadata"]["annotations"][OWNER], Value::Null);

    let said = ground.run("self-healing-controller", &["cleanup"]).await;
    assert_eq!(said.code, Some(0), "nothing is left to undo: {}", said.out);
    assert!(said.out.starts_with("stays   deployment/restarted in shop"), "{}", said.out);
}

#[tokio::test]
async fn nothing_is_undone_under_a_controller_that_acts() {
    let ground = Ground::new("cleanup-led");
    leave_marks(&ground);
    let lease =
        json!({ "metadata": { "name": "self-healing-controller" }, "spec": { "holderIdentity": "controller-1_abc" } });
    ground.hand.create("leases.coordination.k8s.io", NAMESPACE, &lease).unwrap();
    let said = ground.run("self-healing-controller", &["cleanup", "--yes"]).await;
    assert_eq!((said.code, said.err.lines().count()), (Some(1), 1), "{}", said.err);
    assert!(said.err.contains("controller-1 leads in namespace self-healing and is not paused"), "{}", said.err);
    assert_eq!(ground.hand.get("nodes", "", "cordoned").unwrap()["spec"]["unschedulable"], true);

    let paused = json!({ "data": { "paused": "true" } });
    ground.hand.patch("configmaps", NAMESPACE, CONFIG_MAP, &paused).unwrap();
    let said = ground.run("self-healing-controller", &["cleanup", "--yes"]).await;
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}
