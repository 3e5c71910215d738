//! Kubelets and pods: start, crash, back-off, images, stop.

mod ground;

use ground::{Ground, condition, look};
use self_healing_sim::actor::{Behaviour, NodeSpec};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_deployment_becomes_ready_spread_over_the_nodes() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 3).await;
    let pods = ground.pods("web");
    let mut nodes: Vec<&str> = pods.iter().map(|pod| pod["spec"]["nodeName"].as_str().unwrap()).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, ["node-1", "node-2", "node-3"]);
    for pod in &pods {
        assert_eq!(look(pod), "Running ready 0 running");
        assert_eq!(condition(pod, "PodScheduled"), "True");
    }
    let web = ground.get("deployments.apps", "web");
    assert_eq!((&web["status"]["readyReplicas"], &web["status"]["updatedReplicas"]), (&json!(3), &json!(3)));
    assert_eq!((condition(&web, "Available"), condition(&web, "Progressing")), ("True".into(), "True".into()));
    assert_eq!(condition(&ground.get("nodes", "node-1"), "Ready"), "True");
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_backs_off_for_longer_and_longer() {
    let ground = Ground::with_nodes(1).await;
    ground.levers.workload("default", "web", Behaviour::CrashLoop { restarts: 0, exit: 3 });
    ground.deployment("web", 1).await;
    let looks = |ground: &Ground| look(&ground.pods("web")[0]);
    assert_eq!(looks(&ground), "Running unready 1 terminated Error");
    ground.pass(11).await;
    assert_eq!(looks(&ground), "Running unready 2 terminated Error");
    // That it waits is only seen for a moment before it is started again.
    let mut seen = None;
    for _ in 0..250 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let state = ground.pods("web")[0]["status"]["containerStatuses"][0]["state"].clone();
        seen = seen.or_else(|| state["waiting"]["message"].as_str().map(str::to_owned));
    }
    let message = seen.unwrap();
    assert!(message.starts_with("back-off 20s restarting failed container=main pod=web-"), "{message}");
    let last = ground.pods("web")[0]["status"]["containerStatuses"][0]["lastState"]["terminated"].clone();
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(3), &json!("Error")));
    ground.pass(3600).await;
    let restarts = ground.pods("web")[0]["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap();
    assert!((15..=17).contains(&restarts), "{restarts} restarts in an hour of five minutes' waits");
    ground.levers.workload("default", "web", Behaviour::Healthy);
    ground.pass(301).await;
    assert!(looks(&ground).starts_with("Running ready"), "well again at its next start");
}

#[tokio::test(start_paused = true)]
async fn a_story_breaks_pods_that_are_there() {
    let ground = Ground::with_nodes(1).await;
    ground.deployment("web", 1).await;
    let name = ground.first("web");
    for (how, expected) in [
        (Behaviour::Unready, "Running unready 0 running"),
        (Behaviour::CrashLoop { restarts: 6, exit: 1 }, "Running unready 6 terminated Error"),
        (Behaviour::OutOfMemory { restarts: 7 }, "Running unready 7 terminated OOMKilled"),
        (
            Behaviour::Waits { reason: "CreateContainerConfigError".into() },
            "Running unready 7 waiting CreateContainerConfigError",
        ),
        (Behaviour::Fails { exit: 1, reason: "Evicted".into() }, "Failed unready 7 terminated Error"),
    ] {
        ground.levers.pod("default", &name, how).unwrap();
        ground.pass(1).await;
        assert_eq!(look(&ground.get("pods", &name)), expected);
    }
    let status = ground.get("pods", &name)["status"].clone();
    assert_eq!(status["reason"], "Evicted");
    assert_eq!(status["containerStatuses"][0]["lastState"]["terminated"]["reason"], "OOMKilled");
    ground.pass(3).await;
    assert_eq!(ground.pods("web").len(), 2, "a failed pod is replaced and stays");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_cannot_be_pulled_is_tried_again() {
    let ground = Ground::with_nodes(1).await;
    ground.levers.image("app:1", Behaviour::Waits { reason: "ErrImagePull".into() });
    ground.workload("deployments.apps", "web", json!({ "replicas": 1 }));
    let looks = |ground: &Ground| look(&ground.pods("web")[0]);
    ground.pass(1).await;
    assert_eq!(looks(&ground), "Pending unready 0 waiting ContainerCreating");
    ground.pass(1).await;
    assert_eq!(looks(&ground), "Pending unready 0 waiting ErrImagePull");
    ground.pass(1).await;
    assert_eq!(looks(&ground), "Pending unready 0 waiting ImagePullBackOff");
    ground.levers.image("app:1", Behaviour::Healthy);
    ground.pass(10).await;
    assert_eq!(looks(&ground), "Running ready 0 running");
}

#[tokio::test(start_paused = true)]
async fn what_fits_nowhere_waits_and_is_told_why() {
    let ground = Ground::with_nodes(2).await;
    ground.patch("nodes", "node-1", json!({ "spec": { "unschedulable": true } }));
    let containers = json!([{ "name": "main", "image": "app:1", "resources": { "requests": { "cpu": "40" } } }]);
    ground.workload("deployments.apps", "web", json!({ "template": { "spec": { "containers": containers } } }));
    ground.pass(5).await;
    let pod = ground.pods("web")[0].clone();
    assert_eq!(pod["spec"]["nodeName"], Value::Null);
    let scheduled = pod["status"]["conditions"].as_array().unwrap()[0].clone();
    let expected = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.";
    assert_eq!((&scheduled["reason"], &scheduled["message"]), (&json!("Unschedulable"), &json!(expected)));
    ground.levers.add_node(NodeSpec { cpus: 64, ..NodeSpec::named("big") });
    ground.pass(5).await;
    assert_eq!(ground.pods("web")[0]["spec"]["nodeName"], "big");
}
