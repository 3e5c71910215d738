//! What a process of the controller reaches beside the API server: kubelets' ports and the receiver of messages.

use super::record::RECOVERIES;
use crate::check::{Note, Told};
use crate::look;
use crate::net::Link;
use futures::future::BoxFuture;
use http::StatusCode;
use self_healing_controller::manifests::NAMESPACE;
use self_healing_controller::outside::{Answer, Kubelets, NoAnswer, Parcel, Post};
use self_healing_core::effect::KubeletLook;
use self_healing_sim::actor::{Levers, Look};
use self_healing_sim::cluster::Cluster;
use self_healing_sim::select::Selector;
use self_healing_sim::store::Key;
use self_healing_story::Reception;
use self_healing_story::story::BUSY;
use serde_json::Value;
use std::future::pending;
use std::io;
use std::net::SocketAddr;

/// Where messages of each channel go.
pub(super) const ADDRESSES: [(&str, &str); 4] = [
    ("slack", "https://receiver.example/monitoring"),
    ("slack-incident", "https://receiver.example/incidents"),
    ("pagerduty", "https://events.pagerduty.com/v2/enqueue"),
    ("email", "smtp://mail.example:587"),
];
/// What is secret about them: who knows it may send.
pub(super) const KEYS: [&str; 3] = ["routing-key-canary", "mail-password-canary", ADDRESSES[0].1];

/// Phases in which a Recovery is over and its failure may not be.
const ENDED_BADLY: [&str; 3] = ["Failed", "Escalated", "Cancelled"];

/// The network between one process and the kubelets.
pub(super) struct Ports {
    pub(super) link: Link,
    pub(super) levers: Levers,
}

impl Kubelets for Ports {
    fn look(&self, kubelet: SocketAddr) -> BoxFuture<'_, io::Result<KubeletLook>> {
        Box::pin(async move {
            self.link.gate().await;
            match self.levers.look(&kubelet.ip().to_string(), kubelet.port()) {
                Look::Answers => Ok(KubeletLook::Answers),
                Look::Refused => Ok(KubeletLook::Refused),
                Look::Silent => pending().await,
            }
        })
    }
}

/// Receives every message of one process, and tells what it got.
pub(super) struct Receiver {
    pub(super) link: Link,
    pub(super) cluster: Cluster,
}

impl Post for Receiver {
    fn post<'a>(&'a self, url: &'a str, parcel: &'a Parcel) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        Box::pin(async move {
            self.link.gate().await;
            let channel = ADDRESSES.iter().find(|(_, address)| *address == url).map_or("?", |(channel, _)| channel);
            if let Some(answer) = unwell(self.link.net().reception(channel)).await {
                return answer;
            }
            let body = String::from_utf8_lossy(&parcel.body).into_owned();
            let (recovery, key) = self.read(channel, &body);
            // The key that PagerDuty is given is its to see.
            let text = body.replace(KEYS[0], "");
            self.link.net().note(Note::Told(Told { channel: channel.to_owned(), key, recovery, text }));
            self.link.gate().await;
            Ok(Answer { status: StatusCode::OK, retry_after: None, start: b"ok".to_vec() })
        })
    }
}

/// What a receiver says that does not take a message; `None` of one that does.
async fn unwell(reception: Reception) -> Option<Result<Answer, NoAnswer>> {
    let says = |status, pause: Option<u32>| {
        Ok(Answer { status, retry_after: pause.map(|seconds| seconds.to_string()), start: Vec::new() })
    };
    Some(match reception {
        Reception::Well => return None,
        Reception::Busy => says(StatusCode::TOO_MANY_REQUESTS, Some(BUSY)),
        Reception::Fails => says(StatusCode::INTERNAL_SERVER_ERROR, None),
        Reception::Refuses => says(StatusCode::BAD_REQUEST, None),
        Reception::Hangs => pending().await,
        Reception::Closes => Err(NoAnswer::Broken("the connection was closed".to_owned())),
    })
}

impl Receiver {
    /// Of which Recovery a message tells, and what.
    fn read(&self, channel: &str, body: &str) -> (String, String) {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        match channel {
            "email" => self.of_mail(body),
            "pagerduty" => self.of_event(&json),
            _ => {
                let text = json["text"].as_str().unwrap_or_default();
                let recovery = look::line(text, "Recovery");
                let record = self.cluster.get(&Key::new(RECOVERIES, NAMESPACE, recovery)).ok();
                let detected = record.as_ref().and_then(|record| record["spec"]["detectedAt"].as_str());
                (recovery.to_owned(), look::told(text, detected))
            }
        }
    }

    /// By the name of the mail, which holds the uid of the record and what it tells.
    fn of_mail(&self, body: &str) -> (String, String) {
        let id = body.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap_or_default();
        let (uid, key) = id.split_once('@').unwrap_or_default().0.rsplit_once('-').unwrap_or_default();
        (self.named(|record| record["metadata"]["uid"] == uid), key.to_owned())
    }

    /// By the name of the incident; a resolve says no more than that.
    fn of_event(&self, event: &Value) -> (String, String) {
        let incident = event["dedup_key"].as_str().unwrap_or_default();
        let name = self.named(|record| {
            let spec = &record["spec"];
            let parts = [&spec["target"]["uid"], &spec["cause"]].map(|part| part.as_str().unwrap_or_default());
            incident.ends_with(&parts.join("/"))
        });
        let record = self.cluster.get(&Key::new(RECOVERIES, NAMESPACE, &name)).ok();
        let field = |pointer: &str| record.as_deref().map(|record| look::text(record, pointer).to_owned());
        if event["event_action"] == "resolve" {
            let helped = field("/status/phase").is_none_or(|phase| !ENDED_BADLY.contains(&&*phase));
            return (name, if helped { "outcome" } else { "resolved" }.to_owned());
        }
        let details = event["payload"]["custom_details"].as_object().into_iter().flatten();
        let text: String =
            details.map(|(label, value)| format!("{label}: {}\n", value.as_str().unwrap_or_default())).collect();
        let key = look::told(&text, field("/spec/detectedAt").as_deref());
        (name, key)
    }

    fn named(&self, is_it: impl Fn(&Value) -> bool) -> String {
        let records = self.cluster.list(RECOVERIES, NAMESPACE, &Selector::default());
        let found = records.iter().rev().find(|record| is_it(record));
        found.map(|record| look::text(record, "/metadata/name").to_owned()).unwrap_or_default()
    }
}
