//! Nodes that fall silent, come back, boot, are slow or replaced.
#![allow(clippy::unwrap_used)] // also in helpers

mod ground;

use ground::{Ground, condition, look};
use self_healing_sim::actor::Look;
use serde_json::{Value, json};
use std::time::Duration;

fn taints(node: &Value) -> Vec<String> {
    let all = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let text = |taint: &Value| format!("{}:{}", taint["key"].as_str().unwrap(), taint["effect"].as_str().unwrap());
    let mut all: Vec<String> = all.iter().map(text).collect();
    all.sort();
    all
}

/// The node of the first pod of `app`.
fn node_of(ground: &Ground, app: &str) -> String {
    ground.pods(app)[0]["spec"]["nodeName"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_silent_node_becomes_unknown_and_loses_its_pods() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 1).await;
    let (node, first) = (node_of(&ground, "web"), ground.first("web"));
    ground.levers.power_off(&node);
    ground.pass(38).await;
    assert_eq!(condition(&ground.get("nodes", &node), "Ready"), "True", "within the grace of 50 s");
    ground.pass(20).await;
    let sick = ground.get("nodes", &node);
    assert_eq!((condition(&sick, "Ready"), condition(&sick, "DiskPressure")), ("Unknown".into(), "Unknown".into()));
    let expected = ["node.kubernetes.io/unreachable:NoExecute", "node.kubernetes.io/unreachable:NoSchedule"];
    assert_eq!(taints(&sick), expected);
    assert_eq!(condition(&ground.get("pods", &first), "Ready"), "False");
    ground.pass(290).await;
    assert_eq!(ground.pods("web").len(), 1, "tolerated for five minutes");
    ground.pass(20).await;
    assert_eq!(condition(&ground.get("pods", &first), "DisruptionTarget"), "True");
    let well = ground.pods("web").into_iter().find(|pod| condition(pod, "Ready") == "True").unwrap();
    assert_ne!(well["spec"]["nodeName"], *node);
    ground.levers.power_on(&node);
    ground.pass(70).await;
    assert_eq!(taints(&ground.get("nodes", &node)), [""; 0]);
    assert_eq!(ground.pods("web").len(), 1, "the kubelet that is back ends what was deleted meanwhile");
}

#[tokio::test(start_paused = true)]
async fn without_a_single_ready_node_nobody_is_evicted() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 3).await;
    (1..=3).for_each(|number| ground.levers.silence(&format!("node-{number}"), Look::Silent));
    ground.pass(1000).await;
    assert_eq!(ground.pods("web").iter().filter(|pod| condition(pod, "DisruptionTarget") == "True").count(), 0);
    assert_eq!(taints(&ground.get("nodes", "node-1")), ["node.kubernetes.io/unreachable:NoSchedule"]);
    (1..=3).for_each(|number| ground.levers.wake(&format!("node-{number}")));
    ground.pass(5).await;
    assert!(ground.pods("web").iter().all(|pod| look(pod) == "Running ready 0 running"));
    assert_eq!(taints(&ground.get("nodes", "node-1")), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_zone_loses_its_pods_node_by_node_and_not_at_all_while_most_of_it_is_sick() {
    let ground = Ground::with_nodes(15).await;
    let zone = ["node-1", "node-4", "node-7", "node-10", "node-13"];
    let evicting = |ground: &Ground| {
        let unreachable = "node.kubernetes.io/unreachable:NoExecute".to_owned();
        zone.iter().filter(|node| taints(&ground.get("nodes", node)).contains(&unreachable)).count()
    };
    zone[..3].iter().for_each(|node| ground.levers.power_off(node));
    ground.pass(300).await;
    assert_eq!(evicting(&ground), 1, "the first to be missed, and none since three of five are sick");
    zone[3..].iter().for_each(|node| ground.levers.power_off(node));
    ground.pass(61).await;
    let so_far = evicting(&ground);
    assert!((2..=3).contains(&so_far), "the whole zone is lost: one more in ten seconds, {so_far} so far");
    ground.pass(40).await;
    assert_eq!(evicting(&ground), 5);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_restarts_containers_under_a_new_boot_id() {
    let ground = Ground::with_nodes(1).await;
    ground.deployment("web", 1).await;
    let boot = |ground: &Ground| ground.get("nodes", "node-1")["status"]["nodeInfo"]["bootID"].clone();
    let before = boot(&ground);
    ground.levers.reboot("node-1");
    ground.pass(1).await;
    assert_eq!((ground.levers.running().len(), ground.levers.look("10.0.0.1", 10250)), (0, Look::Silent));
    ground.pass(70).await;
    assert_ne!(boot(&ground), before);
    assert_eq!(look(&ground.pods("web")[0]), "Running ready 1 running");
}

#[tokio::test(start_paused = true)]
async fn a_dead_kubelet_refuses_while_containers_run_on() {
    let ground = Ground::with_nodes(2).await;
    ground.deployment("web", 1).await;
    let node = node_of(&ground, "web");
    let address = ground.get("nodes", &node)["status"]["addresses"][0]["address"].as_str().unwrap().to_owned();
    assert_eq!(ground.levers.look(&address, 10250), Look::Answers);
    ground.levers.silence(&node, Look::Refused);
    assert_eq!(ground.levers.look(&address, 10250), Look::Refused);
    ground.pass(600).await;
    let running = ground.levers.running();
    assert_eq!(running.iter().filter(|pod| pod.node == node).count(), 1, "nobody has stopped it");
    assert_eq!(running.len(), 2, "and another one runs elsewhere");
}

#[tokio::test(start_paused = true)]
async fn conditions_cordons_and_slowness_show_as_on_a_real_node() {
    let ground = Ground::with_nodes(3).await;
    ground.levers.condition("node-1", "MemoryPressure", "True", "KubeletHasInsufficientMemory");
    ground.levers.condition("node-2", "Ready", "False", "KubeletNotReady");
    ground.patch("nodes", "node-3", json!({ "spec": { "unschedulable": true } }));
    ground.pass(1).await;
    assert_eq!(taints(&ground.get("nodes", "node-1")), ["node.kubernetes.io/memory-pressure:NoSchedule"]);
    let expected = ["node.kubernetes.io/not-ready:NoExecute", "node.kubernetes.io/not-ready:NoSchedule"];
    assert_eq!(taints(&ground.get("nodes", "node-2")), expected);
    assert_eq!(taints(&ground.get("nodes", "node-3")), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    ground.levers.slow("node-3", Duration::from_secs(90));
    ground.pass(80).await;
    let changed = ground.get("nodes", "node-3");
    assert_eq!(condition(&changed, "Ready"), "Unknown", "heartbeats come too late");
    ground.levers.slow("node-3", Duration::ZERO);
    ground.pass(5).await;
    assert_eq!(condition(&ground.get("nodes", "node-3"), "Ready"), "True");
}

#[tokio::test(start_paused = true)]
async fn a_kubelet_that_is_not_ready_goes_on_telling_of_its_pods() {
    let ground = Ground::with_nodes(1).await;
    ground.deployment("web", 1).await;
    let pod = ground.first("web");
    let before = ground.get("pods", &pod);
    ground.levers.condition("node-1", "Ready", "False", "KubeletNotReady");
    ground.pass(60).await;
    assert_eq!(*ground.get("pods", &pod), *before, "nobody wrote to it");
    ground.levers.silence("node-1", Look::Refused);
    ground.levers.condition("node-1", "Ready", "True", "KubeletReady");
    ground.levers.wake("node-1");
    ground.pass(1).await;
    ground.levers.silence("node-1", Look::Refused);
    ground.pass(60).await;
    assert_eq!(condition(&ground.get("pods", &pod), "Ready"), "False", "nobody tells of it");
}

#[tokio::test(start_paused = true)]
async fn a_replaced_node_is_another_one_even_under_its_name() {
    let ground = Ground::with_nodes(2).await;
    let before = ground.get("nodes", "node-1")["metadata"]["uid"].clone();
    ground.levers.replace("node-1", "node-1").unwrap();
    ground.pass(1).await;
    assert_eq!(*ground.get("nodes", "node-1"), Value::Null);
    ground.pass(65).await;
    let node = ground.get("nodes", "node-1");
    assert_eq!(condition(&node, "Ready"), "True");
    assert_ne!(node["metadata"]["uid"], before);
    assert_eq!(node["metadata"]["labels"]["topology.kubernetes.io/zone"], "a");
}
