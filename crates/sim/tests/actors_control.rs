//! What hangs on workloads: budgets, endpoints, owners, namespaces.
#![allow(clippy::unwrap_used)] // also in helpers

mod ground;

use ground::Ground;
use self_healing_sim::actor::Behaviour;
use self_healing_sim::api::DeleteOptions;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_budget_counts_and_lets_one_pod_go_at_a_time() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 3).await;
    let spec = json!({ "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } });
    ground.create("poddisruptionbudgets.policy", json!({ "metadata": { "name": "web" }, "spec": spec }));
    ground.pass(1).await;
    let numbers = |ground: &Ground| {
        let status = ground.get("poddisruptionbudgets.policy", "web")["status"].clone();
        ["expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"]
            .map(|field| status[field].as_i64().unwrap())
    };
    assert_eq!(numbers(&ground), [3, 2, 3, 1]);
    let (one, other) = (ground.first("web"), ground.pods("web")[1]["metadata"]["name"].as_str().unwrap().to_owned());
    ground.hand.evict("default", &one, &DeleteOptions::default()).unwrap();
    let refused = ground.hand.evict("default", &other, &DeleteOptions::default()).unwrap_err();
    assert_eq!(refused.code, 429);
    ground.pass(1).await;
    assert_eq!(numbers(&ground), [3, 2, 2, 0]);
    ground.pass(5).await;
    assert_eq!(numbers(&ground), [3, 2, 3, 1]);
    assert_eq!(ground.get("poddisruptionbudgets.policy", "web")["status"]["disruptedPods"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_service_knows_its_ready_pods() {
    let ground = Ground::with_nodes(2).await;
    ground.deployment("web", 2).await;
    let spec = json!({ "selector": { "app": "web" }, "ports": [{ "port": 80, "targetPort": 8080 }] });
    ground.create("services", json!({ "metadata": { "name": "web" }, "spec": spec }));
    ground.levers.pod("default", &ground.first("web"), Behaviour::Unready).unwrap();
    ground.pass(1).await;
    let slice = ground.hand.list("endpointslices.discovery.k8s.io", "default")[0].clone();
    let ready: Vec<&Value> =
        slice["endpoints"].as_array().unwrap().iter().map(|one| &one["conditions"]["ready"]).collect();
    assert_eq!((ready, &slice["ports"][0]["port"]), (vec![&json!(false), &json!(true)], &json!(8080)));
    ground.delete("services", "web");
    ground.pass(1).await;
    assert_eq!(ground.hand.list("endpointslices.discovery.k8s.io", "default").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_owned_goes_with_its_owner_or_is_left_alone() {
    let ground = Ground::with_nodes(1).await;
    for (name, policy, sets, pods) in
        [("back", "Background", 0, 0), ("fore", "Foreground", 0, 0), ("orphan", "Orphan", 1, 1)]
    {
        ground.deployment(name, 1).await;
        let options = DeleteOptions { propagation_policy: Some(policy.into()), ..DeleteOptions::default() };
        ground.hand.delete("deployments.apps", "default", name, &options).unwrap();
        let there = *ground.get("deployments.apps", name) != Value::Null;
        ground.pass(0).await;
        assert_eq!(there, policy != "Background", "finalizers of {policy}");
        ground.pass(5).await;
        assert_eq!(*ground.get("deployments.apps", name), Value::Null);
        let left = (ground.hand.list("replicasets.apps", "default").len(), ground.pods(name).len());
        assert_eq!(left, (sets, pods), "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_in_the_foreground_goes_after_all_that_hangs_on_it() {
    let ground = Ground::with_nodes(1).await;
    ground.deployment("web", 1).await;
    let pod = ground.first("web");
    ground.patch("pods", &pod, json!({ "metadata": { "finalizers": ["example.com/keep"] } }));
    let options = DeleteOptions { propagation_policy: Some("Foreground".into()), ..DeleteOptions::default() };
    ground.hand.delete("deployments.apps", "default", "web", &options).unwrap();
    ground.pass(60).await;
    let going = |object: &Value| object["metadata"]["deletionTimestamp"].is_string();
    assert!(going(&ground.get("deployments.apps", "web")), "its ReplicaSet is there");
    assert!(going(&ground.hand.list("replicasets.apps", "default")[0]), "its pod is there");
    ground.patch("pods", &pod, json!({ "metadata": { "finalizers": null } }));
    ground.pass(5).await;
    assert_eq!(ground.hand.list("replicasets.apps", "default").len(), 0);
    assert_eq!(*ground.get("deployments.apps", "web"), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_wants_as_well_stays_and_holds_no_owner_up() {
    let ground = Ground::with_nodes(1).await;
    let owner = |name: &str| {
        let map = ground.create("configmaps", json!({ "metadata": { "name": name } }));
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": map["metadata"]["uid"],
            "blockOwnerDeletion": true,
        })
    };
    let owners = json!([owner("one"), owner("other")]);
    ground.create("configmaps", json!({ "metadata": { "name": "shared", "ownerReferences": owners } }));
    let options = DeleteOptions { propagation_policy: Some("Foreground".into()), ..DeleteOptions::default() };
    ground.hand.delete("configmaps", "default", "one", &options).unwrap();
    ground.pass(5).await;
    assert_eq!(*ground.get("configmaps", "one"), Value::Null);
    assert_eq!(ground.get("configmaps", "shared")["metadata"]["ownerReferences"], json!([owners[1]]));
}

#[tokio::test(start_paused = true)]
async fn pods_of_a_node_that_is_gone_go_too() {
    let ground = Ground::with_nodes(2).await;
    ground.deployment("web", 2).await;
    ground.levers.power_off("node-1");
    ground.delete("nodes", "node-1");
    ground.pass(60).await;
    let nodes: Vec<Value> = ground.pods("web").iter().map(|pod| pod["spec"]["nodeName"].clone()).collect();
    assert_eq!(nodes, ["node-2", "node-2"]);
    assert!(ground.hand.get("leases.coordination.k8s.io", "kube-node-lease", "node-1").is_err());
}

#[tokio::test(start_paused = true)]
async fn pods_of_a_node_out_of_service_are_ended_at_once() {
    let ground = Ground::with_nodes(2).await;
    ground.workload("statefulsets.apps", "db", json!({ "replicas": 2, "serviceName": "db" }));
    ground.pass(10).await;
    let node = ground.get("pods", "db-0")["spec"]["nodeName"].as_str().unwrap().to_owned();
    ground.levers.power_off(&node);
    ground.pass(70).await;
    let mut taints = ground.get("nodes", &node)["spec"]["taints"].as_array().unwrap().clone();
    taints.push(json!({ "key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute" }));
    ground.patch("nodes", &node, json!({ "spec": { "taints": taints } }));
    ground.pass(30).await;
    assert_ne!(ground.get("pods", "db-0")["spec"]["nodeName"], *node, "its identity lives elsewhere");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_takes_its_content_along() {
    let ground = Ground::with_nodes(1).await;
    ground.hand.create("namespaces", "", &json!({ "metadata": { "name": "shop" } })).unwrap();
    let labels = json!({ "app": "web" });
    let template =
        json!({ "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "main", "image": "app:1" }] } });
    let spec = json!({ "replicas": 2, "selector": { "matchLabels": labels }, "template": template });
    ground.hand.create("deployments.apps", "shop", &json!({ "metadata": { "name": "web" }, "spec": spec })).unwrap();
    ground.pass(5).await;
    ground.delete("namespaces", "shop");
    ground.pass(5).await;
    assert_eq!((*ground.get("namespaces", "shop") == Value::Null, ground.hand.list("pods", "shop").len()), (true, 0));
}
