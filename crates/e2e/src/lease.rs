//! The Leases of fake nodes, renewed as a kubelet renews its own.
//!
//! kwok can renew them as well, but where a node leaves and comes back while a renewal of it is under way, its queue holds two turns of that
//! node, of which it only ever takes one away; from then on no Lease is renewed (kwok 0.8, `pkg/utils/heap`).

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Where Kubernetes keeps the Leases of nodes.
const NAMESPACE: &str = "kube-node-lease";
/// After a renewal that failed, as a kubelet's first retry.
const RETRY: Duration = Duration::from_millis(200);

/// Renews one node's Lease until it is dropped.
#[derive(Debug)]
pub(crate) struct Renewal(JoinHandle<()>);

impl Renewal {
    /// Renews the Lease of the node of this name and uid once, and then four times within `seconds`, its duration.
    ///
    /// # Errors
    /// When the first renewal fails.
    pub(crate) async fn start(client: Client, name: &str, uid: &str, seconds: u64) -> Result<Self> {
        let node = Node { leases: Api::namespaced(client, NAMESPACE), name: name.into(), uid: uid.into(), seconds };
        node.renew().await.with_context(|| format!("cannot renew the Lease of node {name}"))?;
        Ok(Self(tokio::spawn(node.go_on())))
    }

    /// Returns when nothing more is sent.
    pub(crate) async fn stop(mut self) {
        self.0.abort();
        // It ends at its next turn; what it ends with is of no interest.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Node {
    leases: Api<Lease>,
    name: String,
    uid: String,
    seconds: u64,
}

impl Node {
    async fn go_on(self) {
        let mut turns = interval(Duration::from_secs(self.seconds) / 4);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        turns.tick().await;
        loop {
            turns.tick().await;
            while self.renew().await.is_err() {
                sleep(RETRY).await;
            }
        }
    }

    async fn renew(&self) -> kube::Result<()> {
        let lease = self.lease();
        match self.leases.patch(&self.name, &PatchParams::default(), &Patch::Merge(&lease)).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {
                let lease = serde_json::from_value(lease).map_err(kube::Error::SerdeError)?;
                self.leases.create(&PostParams::default(), &lease).await.map(drop)
            }
            patched => patched.map(drop),
        }
    }

    fn lease(&self) -> Value {
        let owner = json!({ "apiVersion": "v1", "kind": "Node", "name": self.name, "uid": self.uid });
        json!({
            "metadata": { "name": self.name, "ownerReferences": [owner] },
            "spec": {
                "holderIdentity": self.name,
                "leaseDurationSeconds": self.seconds,
                "renewTime": MicroTime(Timestamp::now()),
            },
        })
    }
}
