//! Notices: Receiver is told, whatever happens to it and to the controller.

use crate::controller::{Controller, eventually};
use crate::ground::{Ground, SOON};
use crate::receiver::{Message, Receiver, Reply};
use crate::suite::QUICK;
use anyhow::{Result, ensure};
use kube::ResourceExt;
use serde_json::Value;
use std::fs;
use std::time::Duration;

/// The words that a message holds, in this order.
const TEXT: [&str; 9] = [
    "Self-Healing Alert",
    "Failure Type",
    "Resource",
    "Namespace",
    "Severity",
    "Description",
    "Recovery Action",
    "Result",
    "Timestamp",
];
/// A part of the webhook's address that must be seen nowhere.
const SECRET: &str = "s3cr3t";

async fn controller(ground: &Ground, slack: &Receiver) -> Result<Controller> {
    let url = slack.url();
    let environment = [
        ("HEALTH_CHECK_INTERVAL", "1"),
        ("RETRY_INTERVAL", "2"),
        ("LEADER_ELECTION", "false"),
        ("NOTIFICATION_INSECURE", "true"),
        ("SLACK_WEBHOOK_URL", url.as_str()),
    ];
    ground.controller(&environment).await
}

pub(crate) async fn slack(ground: &Ground) -> Result<()> {
    const PAUSE: u64 = 2;
    let shop = ground.web(2, 1).await?;
    let slack = Receiver::start(Reply::Busy(PAUSE)).await?;
    let controller = controller(ground, &slack).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    let refused = slack.message("a first message", QUICK, |_| true).await?;
    ensure!(refused.reply == Reply::Busy(PAUSE), "the first message was not refused");
    slack.answer(Reply::Ok);
    // The recovery does not wait for Slack.
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    let again = slack.message("the same message again", QUICK, |message| message.reply == Reply::Ok).await?;
    let waited = again.at.duration_since(refused.at);
    ensure!(waited >= Duration::from_secs(PAUSE), "Retry-After was {PAUSE} s, tried again after {waited:?}");
    well_written(&again, &pod.name_any(), &shop)?;
    slack.message("a message about the outcome", SOON, |m| m.body["text"].to_string().contains("Succeeded")).await?;

    let sent = |data: &Value| states(data).iter().all(|state| state == "Sent") && !states(data).is_empty();
    let record = ground.recovery(&pod.name_any(), "whose messages are all Sent", QUICK, sent).await?;
    ensure!(!record.data.to_string().contains(SECRET), "the Recovery shows the webhook's address: {}", record.data);
    let log = fs::read_to_string(controller.process.log())?;
    ensure!(!log.contains(SECRET), "the log shows the webhook's address");
    let (_, metrics) = controller.text("/metrics").await?;
    ensure!(!metrics.contains(SECRET), "the metrics show the webhook's address");
    controller.stop().await
}

/// A message is refused, the controller dies, its successor delivers it.
pub(crate) async fn survives_a_crash(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let slack = Receiver::start(Reply::Broken).await?;
    let first = controller(ground, &slack).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    slack.message("a message that is refused", QUICK, |_| true).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    let pending = |data: &Value| states(data).iter().any(|state| state == "Pending");
    ground.recovery(&pod.name_any(), "with pending messages", QUICK, pending).await?;
    first.process.kill().await?;
    ensure!(first.process.exited()?.is_some(), "the controller survived SIGKILL");
    let before = slack.messages().len();

    slack.answer(Reply::Ok);
    let second = controller(ground, &slack).await?;
    let about = |message: &Message| message.reply == Reply::Ok && message.body.to_string().contains(&pod.name_any());
    slack.message("the pending message", SOON, about).await?;
    ensure!(slack.messages().len() > before, "nothing arrived after the crash");
    let all_sent = async || {
        let record = ground.recovery(&pod.name_any(), "to be there", QUICK, |_| true).await?;
        Ok(states(&record.data).iter().all(|state| state == "Sent").then_some(()))
    };
    eventually("all messages to be Sent", SOON, all_sent).await?;
    second.stop().await
}

fn states(data: &Value) -> Vec<String> {
    let list = data["status"]["notifications"].as_array().into_iter().flatten();
    list.filter_map(|notification| notification["state"].as_str().map(str::to_owned)).collect()
}

fn well_written(message: &Message, pod: &str, namespace: &str) -> Result<()> {
    let body = &message.body;
    ensure!(body["channel"] == "#monitoring", "a medium failure belongs to #monitoring: {body}");
    ensure!(body["username"] == "Self-Healing Bot" && body["icon_emoji"] == ":robot_face:", "wrong sender: {body}");
    ensure!(body["blocks"].as_array().is_some_and(|blocks| !blocks.is_empty()), "no blocks: {body}");
    let text = body["text"].as_str().unwrap_or_default();
    let mut rest = text;
    for word in TEXT {
        let at = rest.find(word);
        ensure!(at.is_some(), "{word:?} is missing, or not in its place, in:\n{text}");
        rest = &rest[at.unwrap_or_default()..];
    }
    ensure!(text.contains(pod) && text.contains(namespace), "the message does not name {namespace}/{pod}:\n{text}");
    Ok(())
}
