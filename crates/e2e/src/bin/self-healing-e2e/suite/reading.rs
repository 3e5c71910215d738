//! What a person reads with kubectl.

use super::drains::{FAST, loaded_node};
use crate::ground::{Ground, OWN};
use crate::suite::QUICK;
use anyhow::{Result, ensure};
use kube::ResourceExt;
use self_healing_story::Policy;

const COLUMNS: [&str; 10] =
    ["NAME", "TYPE", "TARGET", "NAMESPACE", "CAUSE", "SEVERITY", "STRATEGY", "PHASE", "DURATION", "AGE"];

pub(crate) async fn kubectl(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 2).await?;
    let controller = ground.controller(FAST).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    let healed = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    ground.sicken("n1").await?;
    let drained = ground.recovery_is("n1", "Succeeded", QUICK).await?;

    for words in [["get", "recoveries"], ["get", "rec"], ["get", "healing"]] {
        let text = ask(ground, &[words[0], words[1], "-n", OWN]).await?;
        ensure!(columns(&text) == COLUMNS, "kubectl {words:?} shows {:?}:\n{text}", columns(&text));
        let rows = [
            vec![
                healed.name_any(),
                "pod_failure".into(),
                pod.name_any(),
                shop.clone(),
                "Failed".into(),
                "medium".into(),
                "restart".into(),
                "Succeeded".into(),
            ],
            vec![
                drained.name_any(),
                "node_failure".into(),
                "n1".into(),
                "NotReady".into(),
                "critical".into(),
                "emergency_replace".into(),
                "Succeeded".into(),
            ],
        ];
        for row in rows {
            // In a list of several kinds each name begins with its kind.
            let name = |line: &str| line.trim_start_matches("recovery.self-healing.dev/").starts_with(&row[0]);
            let line = text.lines().find(|line| name(line)).unwrap_or_default();
            let missing: Vec<&String> = row.iter().filter(|word| !line.contains(word.as_str())).collect();
            ensure!(missing.is_empty(), "the row of {} lacks {missing:?}:\n{text}", row[0]);
        }
    }
    let wide = ask(ground, &["get", "recoveries", "-n", OWN, "-o", "wide"]).await?;
    let missing: Vec<&str> =
        COLUMNS.into_iter().chain(["WORKLOAD", "POLICY", "REASON"]).filter(|c| !columns(&wide).contains(c)).collect();
    ensure!(missing.is_empty(), "-o wide lacks {missing:?}:\n{wide}");

    ground.event(&healed.uid().unwrap_or_default(), "RecoverySucceeded", QUICK).await?;
    let text = ask(ground, &["describe", "recovery", &healed.name_any(), "-n", OWN]).await?;
    let expected = [
        "Reasons:",
        "Attempts:",
        "Steps:",
        "Verification:",
        "Events:",
        "FailureDetected",
        "RecoveryStarted",
        "RecoverySucceeded",
    ];
    let missing: Vec<&str> = expected.into_iter().filter(|word| !text.contains(word)).collect();
    ensure!(missing.is_empty(), "kubectl describe lacks {missing:?}:\n{text}");
    // The same story stands on the object that it is about.
    let pod_events = ground.events(&pod.uid().unwrap_or_default()).await?;
    let told = |reason: &str| pod_events.iter().any(|event| event.reason.as_deref() == Some(reason));
    ensure!(told("FailureDetected") && told("RecoverySucceeded"), "the pod's Events do not tell it: {pod_events:?}");
    controller.stop().await
}

/// A policy is judged by the controller, and says so.
pub(crate) async fn policies(ground: &Ground) -> Result<()> {
    let controller = ground.controller(FAST).await?;
    for (name, expression, ready) in
        [("right", "failure.cause == 'Failed'", "True"), ("wrong", "failure.cause ==", "False")]
    {
        let spec = format!("  match:\n    types: [pod_failure]\n    when: \"{expression}\"\n");
        ground.apply_policy(&Policy { name: name.into(), version: 1, spec }).await?;
        let condition = format!("--for=condition=Ready={ready}");
        ask(ground, &["wait", &condition, &format!("healingpolicy/{name}"), "--timeout=20s"]).await?;
    }
    let text = ask(ground, &["get", "hp", "wrong", "-o", "yaml"]).await?;
    ensure!(text.contains("spec.match.when"), "the field that is wrong is not named:\n{text}");
    controller.stop().await
}

async fn ask(ground: &Ground, args: &[&str]) -> Result<String> {
    Ok(String::from_utf8(ground.cluster.kubectl(args).await?.stdout)?)
}

fn columns(text: &str) -> Vec<&str> {
    text.lines().next().unwrap_or_default().split_whitespace().collect()
}
