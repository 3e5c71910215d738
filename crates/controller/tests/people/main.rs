//! The commands for people, as a shell sees them.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cleanup;
mod doctor;
mod ground;

use ground::{Ground, RECOVERIES};
use self_healing_controller::manifests::{self, NAMESPACE};
use serde_json::{Value, json};

#[tokio::test]
async fn explain_answers_with_a_status() {
    let ground = Ground::new("explain");
    let said = ground.run("self-healing-controller", &["explain", "pod/web-1"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    assert!(said.out.contains("pod-failed-1 waits for a person to approve it"), "{}", said.out);
    assert!(said.out.contains("Not asked of the running controller: nobody leads"), "{}", said.out);
    let said = ground.plugin(&["explain", "po", "web-1", "-n", "shop", "-o", "json"]).await;
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &answer["standing"]), (Some(0), &json!("AwaitingApproval")));
    let said = ground.plugin(&["explain", "pod/web-2"]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("did you mean web-1?"), "{}", said.out);
    for wrong in [&["explain"] as &[&str], &["explain", "web-1"], &["explain", "pod/web-1", "-o", "yaml"]] {
        let said = ground.plugin(wrong).await;
        assert_eq!((said.code, said.err.lines().count()), (Some(2), 1), "{}", said.err);
    }
}

#[tokio::test]
async fn a_person_approves_and_cancels_with_a_name() {
    let ground = Ground::new("orders");
    let said = ground.plugin(&["approve", "pod-failed-1", "--dry-run"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "recovery.self-healing.dev/pod-failed-1 approved (server dry run)\n"),
        "{}",
        said.err
    );
    assert_eq!(ground.annotation("self-healing.dev/approve"), Value::Null);
    let said = ground.plugin(&["approve", "pod-failed-1"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "recovery.self-healing.dev/pod-failed-1 approved\n"),
        "{}",
        said.err
    );
    assert_ne!(ground.annotation("self-healing.dev/approve"), Value::Null);
    let said = ground.plugin(&["cancel", "recovery/pod-failed-1"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "recovery.self-healing.dev/pod-failed-1 cancelled\n"),
        "{}",
        said.err
    );
    assert_ne!(ground.annotation("self-healing.dev/cancel"), Value::Null);
    let over = json!({ "status": { "phase": "Cancelled" } });
    ground.hand.patch_status(RECOVERIES, NAMESPACE, "pod-failed-1", &over).unwrap();
    let said = ground.plugin(&["approve", "pod-failed-1"]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("is Cancelled already: there is nothing to approve"), "{}", said.err);
    let said = ground.plugin(&["cancel", "nothing"]).await;
    assert_eq!((said.code, said.err.lines().count()), (Some(1), 1), "{}", said.err);
}

#[tokio::test]
async fn the_kill_switch_is_turned_and_shadowing_is_said() {
    let ground = Ground::new("switch");
    let said = ground.plugin(&["pause", "--dry-run"]).await;
    assert_eq!((said.code, ground.paused()), (Some(0), Value::Null), "{}", said.err);
    let said = ground.plugin(&["pause"]).await;
    assert_eq!((said.code, ground.paused(), said.err.as_str()), (Some(0), json!("true"), ""), "{}", said.out);
    let said = ground.plugin(&["status"]).await;
    assert!(said.out.contains("Paused   YES"), "{}", said.out);
    let container = json!({ "name": "controller", "image": "c", "env": [{ "name": "PAUSED", "value": "true" }] });
    let labels = json!({ "app": "c" });
    let template = json!({ "metadata": { "labels": labels }, "spec": { "containers": [container] } });
    let deployment = json!({
        "metadata": { "name": manifests::NAME },
        "spec": { "selector": { "matchLabels": labels }, "template": template },
    });
    ground.hand.create("deployments.apps", NAMESPACE, &deployment).unwrap();
    let said = ground.plugin(&["resume"]).await;
    assert_eq!((said.code, ground.paused()), (Some(0), json!("false")));
    assert!(said.err.contains("warning: it has no effect: the environment variable PAUSED"), "{}", said.err);
}

#[tokio::test]
async fn status_fits_on_a_screen() {
    let ground = Ground::new("status");
    let said = ground.plugin(&["status"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    for words in ["Leader   nobody", "Mode     Enforce", "under way or held: 1", "Pod shop/web-1", "mode is Approve"] {
        assert!(said.out.contains(words), "{words:?} is not in\n{}", said.out);
    }
    let said = ground.plugin(&["status", "-o", "json"]).await;
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["active"][0]["held"]["name"], "Mode");
}

#[tokio::test]
async fn the_plugin_speaks_as_kubectl_heal() {
    let ground = Ground::new("plugin");
    let help = ground.plugin(&["status", "--help"]).await;
    assert!(help.out.contains("Usage: kubectl heal status"), "{}", help.out);
    let run = ground.plugin(&["run"]).await;
    assert_eq!(run.code, Some(2), "the plugin runs no controller: {}", run.err);
}
