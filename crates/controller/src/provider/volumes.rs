//! Volumes that are still attached to a node. They are read from the VolumeAttachments: the node's own `status.volumesAttached` loses a
//! volume before it is detached.

use super::text;
use crate::act::call::{Calls, segment};
use crate::act::look::{all, find};
use crate::objects::needs::claims;
use self_healing_core::effect::Outcome;
use serde_json::Value;
use std::collections::BTreeSet;

/// Names of the attachments in an error or a record.
const NAMED: usize = 5;

/// What is attached to `node` and will be detached, as the PersistentVolumes' names: at most five. Volumes of a DaemonSet's pods are left out,
/// because these pods stay until the node goes.
pub(super) async fn attached(calls: &Calls, node: &str) -> Result<Vec<String>, Outcome> {
    let attachments = all(calls, "/apis/storage.k8s.io/v1/volumeattachments", "").await?;
    let here = attachments.iter().filter(|one| text(one, "/spec/nodeName") == node);
    let mut volumes: BTreeSet<String> = here.map(|one| volume(one).to_owned()).collect();
    if !volumes.is_empty() {
        for stays in of_daemon_sets(calls, node).await? {
            volumes.remove(&stays);
        }
    }
    Ok(volumes.into_iter().take(NAMED).collect())
}

/// The volume of an attachment; one that is written into the pod has no name but the attachment's.
fn volume(attachment: &Value) -> &str {
    match text(attachment, "/spec/source/persistentVolumeName") {
        "" => text(attachment, "/metadata/name"),
        name => name,
    }
}

async fn of_daemon_sets(calls: &Calls, node: &str) -> Result<Vec<String>, Outcome> {
    let node = segment("node name", node)?;
    let pods = all(calls, "/api/v1/pods", &format!("spec.nodeName={node}")).await?;
    let mut volumes = Vec::new();
    for pod in pods.iter().filter(|pod| is_of_daemon_set(pod)) {
        let namespace = segment("namespace", text(pod, "/metadata/namespace"))?;
        for claim in claims(pod) {
            let claim = segment("claim", &claim)?;
            let path = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}");
            let claim = find(calls, &path).await?;
            volumes.extend(claim.map(|claim| text(&claim, "/spec/volumeName").to_owned()));
        }
    }
    Ok(volumes)
}

fn is_of_daemon_set(pod: &Value) -> bool {
    let owners = pod["metadata"]["ownerReferences"].as_array();
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["kind"] == "DaemonSet" && owner["controller"] == true))
}
