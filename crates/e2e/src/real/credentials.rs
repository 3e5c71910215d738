//! What a cluster gives to its real nodes, and what it knows about them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;

use super::network::CONTROL_PLANE;
use crate::cluster::Cluster;
use crate::kubeconfig;
use crate::nodes::has_condition;
use crate::wait::wait_for;

impl Cluster {
    /// Writes the CA and the kubeconfigs of a node's kubelet and kube-proxy into `folder`.
    pub(super) fn node_credentials(&self, node: &str, folder: &Path) -> Result<()> {
        let plane = self.plane()?;
        let cluster = kubeconfig::cluster_at(CONTROL_PLANE, plane.port, &plane.certs.ca);
        let kubelet = plane.certs.client(&format!("system:node:{node}"), Some("system:nodes"))?;
        let proxy = plane.certs.client("system:kube-proxy", None)?;
        for (name, identity) in [("kubelet", &kubelet), ("kube-proxy", &proxy)] {
            let user = kubeconfig::certificate(identity);
            kubeconfig::write(&folder.join(format!("{name}.kubeconfig")), &cluster, &user)?;
        }
        fs::write(folder.join("ca.crt"), &plane.certs.ca).context("cannot write the node's ca.crt")
    }

    /// Waits until the node is Ready in that boot: what it said before it was switched off still stands there for a while.
    pub(super) async fn node_runs(&self, name: &str, boot_id: &str, deadline: Duration) -> Result<()> {
        let good = |node: Option<&Node>| node.is_some_and(|node| runs(node, boot_id));
        let what = format!("node {name} to be Ready in boot {boot_id}");
        wait_for(&self.nodes(), name, &what, deadline, good).await.map(drop)
    }
}

fn runs(node: &Node, boot_id: &str) -> bool {
    let info = node.status.as_ref().and_then(|status| status.node_info.as_ref());
    info.is_some_and(|info| info.boot_id == boot_id) && has_condition(node, "Ready", "True")
}
