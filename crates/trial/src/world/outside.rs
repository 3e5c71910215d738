//! What a process of the controller reaches beside the API server: kubelets' ports and the receiver of messages.

use super::record::RECOVERIES;
use crate::check::{Note, Told};
use crate::look;
use crate::net::Link;
use futures::future::BoxFuture;
use http::StatusCode;
use self_healing_controller::manifests::NAMESPACE;
use self_healing_controller::outside::{Answer, Kubelets, NoAnswer, Post};
use self_healing_core::effect::KubeletLook;
use self_healing_sim::actor::{Levers, Look};
use self_healing_sim::cluster::Cluster;
use self_healing_sim::store::Key;
use serde_json::Value;
use std::future::pending;
use std::io;
use std::net::SocketAddr;

/// Where messages of low and medium severity go, and those of high and critical severity.
pub(super) const ADDRESSES: [(&str, &str); 2] =
    [("slack", "https://receiver.example/monitoring"), ("slack-incident", "https://receiver.example/incidents")];

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
    fn post<'a>(&'a self, url: &'a str, body: &'a Value) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        Box::pin(async move {
            self.link.gate().await;
            let channel = ADDRESSES.iter().find(|(_, address)| *address == url).map_or("?", |(channel, _)| channel);
            let text = body["text"].as_str().unwrap_or_default();
            let recovery = look::line(text, "Recovery");
            self.link.net().note(Note::Told(Told {
                channel: channel.to_owned(),
                key: self.key(recovery, text),
                recovery: recovery.to_owned(),
                text: body.to_string(),
            }));
            self.link.gate().await;
            Ok(Answer { status: StatusCode::OK, retry_after: None, start: b"ok".to_vec() })
        })
    }
}

impl Receiver {
    fn key(&self, recovery: &str, text: &str) -> String {
        let record = self.cluster.get(&Key::new(RECOVERIES, NAMESPACE, recovery)).ok();
        look::told(text, record.as_ref().and_then(|record| record["spec"]["detectedAt"].as_str()))
    }
}
