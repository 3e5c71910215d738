//! Fake nodes: how a test adds, silences, wakes, sickens and deletes them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::kubelet::{Answer, FakeKubelet};
use crate::lease::Renewal;
use crate::wait::wait_for;

/// A node with this label set to `kwok` has a fake kubelet; without it the node is silent.
pub const KUBELET_LABEL: &str = "e2e.self-healing.dev/kubelet";
/// A node or pod with this annotation keeps the status that the test gave it.
pub const HOLD: &str = "e2e.self-healing.dev/hold";

const READY_DEADLINE: Duration = Duration::from_secs(60);

/// A node to add. It has 32 CPUs, 64 GiB and room for 110 pods.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    name: String,
    labels: BTreeMap<String, String>,
    provider_id: Option<String>,
}

impl NodeSpec {
    /// A node of that name with the host name label only.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let labels = BTreeMap::from([("kubernetes.io/hostname".into(), name.clone())]);
        Self { name, labels, provider_id: None }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Puts it into a zone.
    #[must_use]
    pub fn zone(self, zone: impl Into<String>) -> Self {
        self.label("topology.kubernetes.io/zone", zone)
    }

    /// Sets `spec.providerID`.
    #[must_use]
    pub fn provider_id(mut self, id: impl Into<String>) -> Self {
        self.provider_id = Some(id.into());
        self
    }
}

impl Cluster {
    /// Adds a node with a kubelet that accepts connections at `127.0.0.1` and a port of its own, and waits until it is Ready.
    ///
    /// # Errors
    /// When the node exists already, or is not Ready in a minute.
    pub async fn add_node(&self, spec: NodeSpec) -> Result<()> {
        let name = &spec.name;
        let kubelet = FakeKubelet::start(Answer::Accepts).await?;
        let node: Node = serde_json::from_value(json!({
            "metadata": { "name": name, "labels": spec.labels },
            "spec": { "providerID": spec.provider_id },
        }))?;
        self.nodes()
            .create(&PostParams::default(), &node)
            .await
            .with_context(|| format!("cannot create node {name}"))?;
        self.renew_lease(name).await?;
        self.patch_node_status(name, initial_status(name, kubelet.port())).await?;
        self.kubelets.lock().await.insert(name.clone(), kubelet);
        // Only now kwok may see the node: it would otherwise call it Ready before it has an address.
        self.label_kubelet(name, Some("kwok")).await?;
        self.node_becomes(name, "Ready", "True", READY_DEADLINE).await.map(drop)
    }

    /// Stops the node's heartbeats and Lease renewals, and sets what its kubelet's port answers from now on: [`Answer::Nothing`] is a dead
    /// machine, [`Answer::Refuses`] a dead kubelet, [`Answer::Accepts`] a kubelet cut off from the API server. Its pods are left as they are.
    ///
    /// # Errors
    /// When the node does not exist.
    pub async fn silence(&self, name: &str, answer: Answer) -> Result<()> {
        self.kubelet_answers(name, answer).await?;
        if let Some(renewal) = self.leases.lock().await.remove(name) {
            renewal.stop().await;
        }
        self.label_kubelet(name, None).await
    }

    /// The node's heartbeats and Lease renewals go on, and its kubelet accepts connections.
    ///
    /// # Errors
    /// When the node does not exist.
    pub async fn wake(&self, name: &str) -> Result<()> {
        self.kubelet_answers(name, Answer::Accepts).await?;
        self.renew_lease(name).await?;
        self.label_kubelet(name, Some("kwok")).await
    }

    /// Changes only what the port of the node's kubelet answers.
    ///
    /// # Errors
    /// When the node was not added by this test.
    pub async fn kubelet_answers(&self, name: &str, answer: Answer) -> Result<()> {
        let mut kubelets = self.kubelets.lock().await;
        let kubelet = kubelets.get_mut(name).with_context(|| format!("node {name} was not added by add_node"))?;
        kubelet.set(answer).await
    }

    /// Sets a condition that kwok leaves as it is, until [`Cluster::release_node`]; heartbeats go on.
    ///
    /// # Errors
    /// When the node does not exist.
    pub async fn set_condition(&self, name: &str, kind: &str, status: &str, reason: &str) -> Result<()> {
        self.annotate_node(name, Some("true")).await?;
        let now = Timestamp::now().to_string();
        let condition = json!({
            "type": kind, "status": status, "reason": reason, "message": format!("{reason}, set by the test"),
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        });
        self.patch_node_status(name, json!({ "conditions": [condition] })).await
    }

    /// Gives a node's conditions back to kwok: if the node is not Ready it soon is again.
    ///
    /// # Errors
    /// When the node does not exist.
    pub async fn release_node(&self, name: &str) -> Result<()> {
        self.annotate_node(name, None).await
    }

    /// Deletes a node, and closes its kubelet's port.
    ///
    /// # Errors
    /// When the node does not exist.
    pub async fn delete_node(&self, name: &str) -> Result<()> {
        self.nodes()
            .delete(name, &DeleteParams::default())
            .await
            .with_context(|| format!("cannot delete node {name}"))?;
        self.kubelets.lock().await.remove(name);
        self.leases.lock().await.remove(name);
        Ok(())
    }

    /// Waits until a condition of the node has a status, and returns the node.
    ///
    /// # Errors
    /// At the deadline, with what was last seen.
    pub async fn node_becomes(&self, name: &str, kind: &str, status: &str, deadline: Duration) -> Result<Node> {
        let what = format!("node {name} to have {kind}={status}");
        let good = |node: Option<&Node>| node.is_some_and(|node| has_condition(node, kind, status));
        wait_for(&self.nodes(), name, &what, deadline, good).await?.context("the node is gone again")
    }

    /// All nodes, as admin.
    pub fn nodes(&self) -> Api<Node> {
        Api::all(self.admin())
    }

    async fn renew_lease(&self, name: &str) -> Result<()> {
        let uid = self.nodes().get(name).await?.metadata.uid.with_context(|| format!("node {name} has no uid"))?;
        let renewal = Renewal::start(self.admin(), name, &uid, self.lease_seconds).await?;
        self.leases.lock().await.insert(name.to_owned(), renewal);
        Ok(())
    }

    async fn label_kubelet(&self, name: &str, value: Option<&str>) -> Result<()> {
        self.patch_node(name, json!({ "metadata": { "labels": { KUBELET_LABEL: value } } })).await
    }

    async fn annotate_node(&self, name: &str, value: Option<&str>) -> Result<()> {
        self.patch_node(name, json!({ "metadata": { "annotations": { HOLD: value } } })).await
    }

    async fn patch_node(&self, name: &str, patch: Value) -> Result<()> {
        let patched = self.nodes().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.map(drop).with_context(|| format!("cannot patch node {name}"))
    }

    async fn patch_node_status(&self, name: &str, status: Value) -> Result<()> {
        let patch = Patch::Strategic(json!({ "status": status }));
        let patched = self.nodes().patch_status(name, &PatchParams::default(), &patch).await;
        patched.map(drop).with_context(|| format!("cannot patch the status of node {name}"))
    }
}

/// What a kubelet knows about its machine from the start.
fn initial_status(name: &str, port: u16) -> Value {
    let resources = json!({ "cpu": "32", "memory": "64Gi", "pods": "110" });
    json!({
        "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }, { "type": "Hostname", "address": name }],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": port } },
        "capacity": resources,
        "allocatable": resources,
        "nodeInfo": {
            "architecture": "amd64", "bootID": format!("boot-{name}"), "containerRuntimeVersion": "fake://1",
            "kernelVersion": "fake", "kubeProxyVersion": "", "kubeletVersion": "fake", "machineID": format!("machine-{name}"),
            "operatingSystem": "linux", "osImage": "fake", "systemUUID": format!("system-{name}"),
        },
    })
}

/// Whether a condition of the node has this status.
pub fn has_condition(node: &Node, kind: &str, status: &str) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == kind && condition.status == status)
}
