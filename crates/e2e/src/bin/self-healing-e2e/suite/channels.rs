//! Every channel at once, with a real mail server and a real Alertmanager: who is told, in which order, and how often.

use super::doctor::pretend_leader;
use super::drains::{FAST, loaded_node};
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, OWN, SOON};
use crate::receiver::{Receiver, Reply};
use crate::suite::QUICK;
use anyhow::{Context, Result, ensure};
use kube::ResourceExt;
use self_healing_e2e::receivers::{Alertmanager, LOGIN, MailServer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// All that is told, and what must be seen nowhere.
struct Everybody {
    slack: Receiver,
    pagerduty: Receiver,
    webhook: Receiver,
    mail: MailServer,
    alerts: Alertmanager,
    /// The user's own words for people.
    template: PathBuf,
}

const TEMPLATE: &str = "To whom it may concern, {{ state }}: {{ kind }} {{ name }} of {{ cluster }}\n{{ description }}";

const SECRETS: [&str; 4] = ["s3cr3t", "routing-k3y", "whsec_c2VjcmV0", LOGIN.1];

impl Everybody {
    async fn start(ground: &Ground, reply: Reply) -> Result<Self> {
        let dir = ground.cluster.dir();
        let template = dir.join("template");
        fs::write(&template, TEMPLATE)?;
        Ok(Self {
            template,
            slack: Receiver::start(reply).await?,
            pagerduty: Receiver::start(reply).await?,
            webhook: Receiver::start(reply).await?,
            mail: MailServer::start(dir).await?,
            alerts: Alertmanager::start(dir).await?,
        })
    }

    /// What a controller is given to reach them.
    fn environment(&self) -> Vec<(&'static str, String)> {
        [
            ("NOTIFICATION_INSECURE", "true".to_owned()),
            ("NOTIFICATION_CA_FILE", self.mail.authority.display().to_string()),
            ("NOTIFICATION_TEMPLATE_FILE", self.template.display().to_string()),
            ("SLACK_WEBHOOK_URL", self.slack.url()),
            ("PAGERDUTY_URL", self.pagerduty.url()),
            ("PAGERDUTY_ROUTING_KEY", SECRETS[1].to_owned()),
            ("WEBHOOK_URL", self.webhook.url()),
            ("WEBHOOK_SECRET", SECRETS[2].to_owned()),
            ("EMAIL_RECIPIENTS", "team@example.com,night@example.com".to_owned()),
            ("EMAIL_SMTP_SERVER", "127.0.0.1".to_owned()),
            ("EMAIL_SMTP_PORT", self.mail.port.to_string()),
            ("EMAIL_USERNAME", LOGIN.0.to_owned()),
            ("EMAIL_PASSWORD", LOGIN.1.to_owned()),
            ("ALERTMANAGER_URL", self.alerts.url.clone()),
            ("CLUSTER_NAME", "prod".to_owned()),
        ]
        .into()
    }

    async fn controller(&self, ground: &Ground) -> Result<Controller> {
        let own = self.environment();
        let own: Vec<(&str, &str)> = own.iter().map(|(key, value)| (*key, value.as_str())).collect();
        ground.controller(&[FAST, &[("LEADER_ELECTION", "false")], &own].concat()).await
    }

    /// What `doctor --notify` says of each channel, and its exit code.
    async fn doctor(&self, ground: &Ground) -> Result<(Option<i32>, BTreeMap<String, String>)> {
        let mut command = Command::new(ground.binary());
        command.args(["doctor", "--notify", "-o", "json", "--kubeconfig"]).arg(&ground.kubeconfig);
        command.env("POD_NAMESPACE", OWN).envs(self.environment()).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let secret = SECRETS.iter().find(|secret| text.contains(**secret));
        ensure!(secret.is_none(), "doctor shows {secret:?}: {text}");
        let checks: Vec<Value> = serde_json::from_str(&text).with_context(|| format!("doctor says {text:?}"))?;
        let word = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
        Ok((output.status.code(), checks.iter().map(|check| (word(check, "name"), word(check, "state"))).collect()))
    }

    /// All have been told the opening and the good end once, in one thread or incident each.
    async fn were_told_once(&self) -> Result<()> {
        let mails = self.mail.mails(2, SOON).await?;
        ensure!(mails.len() == 2, "{} mails came", mails.len());
        for mail in &mails {
            ensure!(mail.contains("\r\nSubject: Self-Healing Alert: "), "no such subject: {mail}");
            ensure!(mail.contains("team@example.com") && mail.contains("night@example.com"), "to whom? {mail}");
        }
        for (mail, state) in mails.iter().zip(["opened", "resolved"]) {
            let words = format!("To whom it may concern, {state}: Node n1 of prod");
            ensure!(mail.contains(&words) && !mail.contains("Failure Type:"), "not the user's words: {mail}");
        }
        let first = header(&mails[0], "Message-ID")?;
        ensure!(header(&mails[1], "In-Reply-To")? == first, "the second mail is in another thread: {}", mails[1]);

        let events = bodies(&self.pagerduty);
        let actions: Vec<&Value> = events.iter().map(|event| &event["event_action"]).collect();
        ensure!(actions == ["trigger", "resolve"], "PagerDuty got {actions:?}");
        ensure!(events[0]["dedup_key"] == events[1]["dedup_key"], "two incidents: {events:?}");
        let slack = bodies(&self.slack);
        ensure!(slack.len() == 2, "Slack got {} messages: {slack:?}", slack.len());
        let ids: BTreeSet<String> = bodies(&self.webhook).iter().map(|event| event["id"].to_string()).collect();
        ensure!(ids.len() == 2, "the webhook got {ids:?}");
        self.alerts.firing(0, SOON).await.map(drop)
    }

    /// Answers so from now on.
    fn answer(&self, reply: Reply) {
        for receiver in [&self.slack, &self.pagerduty, &self.webhook] {
            receiver.answer(reply);
        }
    }
}

/// What was taken.
fn bodies(receiver: &Receiver) -> Vec<Value> {
    let taken = receiver.messages().into_iter().filter(|message| message.reply == Reply::Ok);
    taken.map(|message| message.body).collect()
}

fn header<'a>(mail: &'a str, name: &str) -> Result<&'a str> {
    let line = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ");
    mail.lines().find_map(line).with_context(|| format!("no {name} in {mail}"))
}

pub(crate) async fn everybody(ground: &Ground) -> Result<()> {
    loaded_node(ground, 2).await?;
    let everybody = Everybody::start(ground, Reply::Ok).await?;
    let controller = everybody.controller(ground).await?;
    ground.sicken("n1").await?;
    let alerts = everybody.alerts.firing(1, QUICK).await?;
    ensure!(alerts[0]["labels"]["alertname"] == "SelfHealingNotReady", "another alert fires: {alerts:?}");
    let record = ground.recovery_is("n1", "Succeeded", QUICK).await?;
    everybody.were_told_once().await?;
    sent(ground, &record.name_any()).await?;
    hides_secrets(ground, &controller).await?;
    controller.stop().await
}

/// Nobody can be reached, the controller dies after the outcome, and its successor tells all that is owed, once.
pub(crate) async fn after_a_crash(ground: &Ground) -> Result<()> {
    loaded_node(ground, 2).await?;
    let everybody = Everybody::start(ground, Reply::Broken).await?;
    everybody.mail.stop().await?;
    let first = everybody.controller(ground).await?;
    ground.sicken("n1").await?;
    ground.recovery_is("n1", "Succeeded", QUICK).await?;
    let pending = |data: &Value| states(data).iter().filter(|state| **state == "Pending").count() >= 6;
    let record = ground.recovery("n1", "that owes everybody something", QUICK, pending).await?;
    first.process.kill().await?;
    ensure!(first.process.exited()?.is_some(), "the controller survived SIGKILL");
    ensure!(bodies(&everybody.pagerduty).is_empty(), "PagerDuty took something while it was broken");

    everybody.answer(Reply::Ok);
    everybody.mail.restart().await?;
    let second = everybody.controller(ground).await?;
    sent(ground, &record.name_any()).await?;
    everybody.were_told_once().await?;
    second.stop().await
}

/// Waits until nothing is owed any more.
async fn sent(ground: &Ground, name: &str) -> Result<()> {
    let all_sent = async || {
        let record = ground.recoveries().get(name).await?;
        Ok(states(&record.data).iter().all(|state| *state == "Sent").then_some(()))
    };
    eventually("all messages to be Sent", SOON, all_sent).await
}

fn states(data: &Value) -> Vec<&str> {
    let list = data["status"]["notifications"].as_array().into_iter().flatten();
    list.filter_map(|notification| notification["state"].as_str()).collect()
}

async fn hides_secrets(ground: &Ground, controller: &Controller) -> Result<()> {
    let records = ground.recoveries().list(&kube::api::ListParams::default()).await?.items;
    let records = serde_json::to_string(&records)?;
    let log = fs::read_to_string(controller.process.log())?;
    let (_, metrics) = controller.text("/metrics").await?;
    for (place, text) in [("a Recovery", &records), ("the log", &log), ("the metrics", &metrics)] {
        let seen = SECRETS.iter().find(|secret| text.contains(**secret));
        ensure!(seen.is_none(), "{place} shows {seen:?}");
    }
    Ok(())
}

/// A test message to each: what is well and what is broken, and no page that stays.
pub(crate) async fn doctor(ground: &Ground) -> Result<()> {
    const BROKEN: [&str; 5] = ["email", "pagerduty", "slack", "slack-incident", "webhook"];
    let everybody = Everybody::start(ground, Reply::Ok).await?;
    pretend_leader(ground).await?;
    let (code, found) = everybody.doctor(ground).await?;
    ensure!(code == Some(0) && !found.values().any(|state| state == "failed"), "exit code {code:?}: {found:?}");
    ensure!(found.contains_key("channel alertmanager") && found.contains_key("API server"), "too little: {found:?}");
    let actions: Vec<Value> = bodies(&everybody.pagerduty).iter().map(|event| event["event_action"].clone()).collect();
    ensure!(actions == ["trigger", "resolve"], "PagerDuty got {actions:?}");
    everybody.alerts.firing(0, QUICK).await?;
    ensure!(
        everybody.mail.mails(1, QUICK).await?[0].contains("test message"),
        "the mail does not say that it is a test"
    );

    fs::write(&everybody.template, "To {{ nobody }}")?;
    let (code, found) = everybody.doctor(ground).await?;
    ensure!(code == Some(0), "exit code {code:?} for a wrong template, which keeps nobody from being told: {found:?}");
    let mail = everybody.mail.mails(2, QUICK).await?.remove(1);
    ensure!(mail.contains("Failure Type: pod_failure") && !mail.contains("whom"), "not the built-in text: {mail}");

    everybody.answer(Reply::Broken);
    everybody.mail.stop().await?;
    let (code, found) = everybody.doctor(ground).await?;
    let failed: Vec<String> = found.into_iter().filter(|(_, state)| state == "failed").map(|(name, _)| name).collect();
    ensure!(code == Some(1), "exit code {code:?} although something is broken");
    ensure!(failed == BROKEN.map(|channel| format!("channel {channel}")), "failed: {failed:?}");
    Ok(())
}
