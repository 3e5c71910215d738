//! What a person finds in a Recovery when the failed object is long gone.

use crate::town::{SHOP, Town, name};
use crate::{after, judge};
use self_healing_sim::actor::{Behaviour, LAST_WORDS};
use serde_json::json;

/// The evidence of the only Recovery, as `name: value`.
fn evidence(town: &Town) -> Vec<String> {
    let recoveries = town.recoveries();
    assert_eq!(recoveries.len(), 1, "{recoveries:#?}");
    let items = recoveries[0]["status"]["evidence"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| format!("{}: {}", item["name"].as_str().unwrap(), item["value"].as_str().unwrap()))
        .collect()
}

fn of<'a>(evidence: &'a [String], name: &str) -> Vec<&'a str> {
    evidence.iter().filter_map(|item| item.strip_prefix(name)?.strip_prefix(": ")).collect()
}

/// An Event as kubelets write it.
fn told(town: &Town, pod: &str, reason: &str, message: &str, seconds: u32) {
    let about = town.hand.get("pods", SHOP, pod).unwrap();
    let at = format!("2026-01-01T00:00:{seconds:02}Z");
    let event = json!({
        "metadata": {"name": format!("{pod}.{}", reason.to_lowercase()), "namespace": SHOP},
        "involvedObject": {"kind": "Pod", "namespace": SHOP, "name": pod, "uid": about["metadata"]["uid"]},
        "type": "Warning", "reason": reason, "message": message, "count": 12, "firstTimestamp": at, "lastTimestamp": at,
        "source": {"component": "kubelet"},
    });
    town.hand.create("events", SHOP, &event).unwrap();
}

/// A new revision of `web` whose containers end with these last words.
async fn rolled_out(town: &Town, words: &str) {
    let template = json!({"metadata": {"annotations": {LAST_WORDS: words}},
        "spec": {"containers": [{"name": "web", "image": "registry.example/web:2"}]}});
    town.hand.patch("deployments.apps", SHOP, "web", &json!({"spec": {"template": template}})).unwrap();
    after(30).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_is_understood_after_its_pod_is_gone() {
    let town = Town::with(&[("mode", "Approve")]).await;
    rolled_out(&town, "\u{1b}[31mpanic\u{1b}[0m: no route to db\n\tat main").await;
    let pod = town.pod("web");
    told(&town, &pod, "BackOff", "Back-off restarting failed container web", 40);
    told(&town, &pod, "Unhealthy", "Readiness probe failed", 30);
    town.levers().pod(SHOP, &pod, Behaviour::CrashLoop { restarts: 7, exit: 137 }).unwrap();
    after(5).await;
    judge("crash-loop", &town.text("pod", &pod).await);
    let recovery = name(&town.recoveries()[0]);
    let yes = json!({"metadata": {"annotations": {"self-healing.dev/approve": "ann"}}});
    town.hand.patch("recoveries.self-healing.dev", "self-healing", &recovery, &yes).unwrap();
    after(30).await;
    assert!(town.hand.get("pods", SHOP, &pod).is_err(), "it was deleted");
    // The running controller does not keep it for ever; the record does, also without a controller.
    let brief = town.leader("pod", &town.pod("web")).await.ended;
    assert!(brief[0].evidence.iter().all(|seen| seen.name != "state"), "{brief:?}");
    town.ends().await;
    let found = evidence(&town);
    let state = of(&found, "state");
    assert_eq!(state.len(), 1);
    for words in
        ["web: ", "exit code 137", "panic: no route to db at main", "restarted 7 times", "image registry.example/web:2"]
    {
        assert!(state[0].contains(words), "{words}: {state:?}");
    }
    let events = of(&found, "event");
    let expected = [
        "2026-01-01T00:00:40Z Warning BackOff x12: Back-off restarting failed container web",
        "2026-01-01T00:00:30Z Warning Unhealthy x12: Readiness probe failed",
    ];
    assert_eq!(events, expected, "the newest first, and nothing that we said ourselves");
    let revision = of(&found, "revision");
    assert!(
        revision[0].starts_with(
            "2 since 2026-01-01T00:01:30Z of Deployment web, with registry.example/web:2; before: 1 since "
        )
    );
    assert!(revision[0].ends_with("with registry.example/web:1"), "{revision:?}");
    assert_eq!(of(&found, "gathered").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_named_and_the_pod_is_healed_all_the_same() {
    let town = Town::with(&[]).await;
    town.forbids("", "events");
    town.forbids("apps", "controllerrevisions");
    let pod = town.pod("web");
    town.levers().pod(SHOP, &pod, Behaviour::Fails { exit: 3, reason: String::new() }).unwrap();
    after(30).await;
    assert!(town.hand.get("pods", SHOP, &pod).is_err(), "it was deleted");
    assert_eq!(town.recoveries()[0]["status"]["phase"], "Succeeded");
    let found = evidence(&town);
    let refused = of(&found, "event");
    assert_eq!(refused.len(), 1);
    assert!(refused[0].starts_with("not readable: 403 Forbidden: events is forbidden: User"), "{refused:?}");
    assert!(refused[0].contains("the role needs list on events"), "{refused:?}");
    assert!(of(&found, "state")[0].contains("exit code 3"), "the other parts are there: {found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_node_shows_its_conditions_and_what_kubelets_said_of_it() {
    let town = Town::with(&[("mode", "Observe")]).await;
    let event = json!({
        "metadata": {"name": "node-1.hung", "namespace": "default"},
        // Kubelets put the node's name where its uid belongs.
        "involvedObject": {"kind": "Node", "name": "node-1", "uid": "node-1"},
        "type": "Warning", "reason": "ContainerGCFailed", "message": "rpc error", "lastTimestamp": "2026-01-01T00:01:00Z",
    });
    town.hand.create("events", "default", &event).unwrap();
    town.levers().power_off("node-1");
    after(300).await;
    let found = evidence(&town);
    assert!(of(&found, "condition").iter().any(|line| line.starts_with("Ready=Unknown since ")), "{found:#?}");
    assert_eq!(of(&found, "event")[0], "2026-01-01T00:01:00Z Warning ContainerGCFailed: rpc error");
    assert_eq!(town.recoveries()[0]["status"]["phase"], "Observed");
}
