//! What people and other tools do to the objects of a provider of machines.

use anyhow::Result;
use self_healing_sim::actor::{self, PLACE, UNTOUCHED};
use self_healing_sim::api::DeleteOptions;
use self_healing_sim::hand::Hand;
use self_healing_story::Ordered;
use serde_json::json;

/// The remediation objects of the provider `medik8s`.
pub(crate) const REMEDIATIONS: &str = "fenceagentsremediations.fence-agents-remediation.medik8s.io";
/// The machines of the provider `clusterapi`.
pub(crate) const MACHINES: &str = "machines.cluster.x-k8s.io";
/// The machines of the provider `karpenter`.
pub(crate) const CLAIMS: &str = "nodeclaims.karpenter.sh";
/// What attaches volumes to nodes.
const ATTACHMENTS: &str = "volumeattachments.storage.k8s.io";

pub(super) const fn ordered(how: Ordered) -> actor::Ordered {
    match how {
        Ordered::Reboots => actor::Ordered::Reboots,
        Ordered::PowersOff => actor::Ordered::PowersOff,
        Ordered::Replaces => actor::Ordered::Replaces,
        Ordered::Removes => actor::Ordered::Removes,
        Ordered::Assumes => actor::Ordered::Assumes,
        Ordered::Fails => actor::Ordered::Fails,
        Ordered::Stalls => actor::Ordered::Stalls,
    }
}

/// Another tool makes a remediation object for the node, on which nobody works.
pub(super) fn remediate(admin: &Hand, node: &str) -> Result<()> {
    let metadata = json!({ "name": node, "annotations": { UNTOUCHED: "true" } });
    admin.create(REMEDIATIONS, PLACE, &json!({ "metadata": metadata, "spec": {} }))?;
    Ok(())
}

/// A person deletes the node's remediation object.
pub(super) fn call_off(admin: &Hand, node: &str) -> Result<()> {
    admin.delete(REMEDIATIONS, PLACE, node, &DeleteOptions::default())?;
    Ok(())
}

/// A person stops all work on the node's machine.
pub(super) fn pause(admin: &Hand, node: &str) -> Result<()> {
    let paused = json!({ "metadata": { "annotations": { "cluster.x-k8s.io/paused": "true" } } });
    admin.patch(MACHINES, PLACE, node, &paused)?;
    Ok(())
}

/// A volume is attached to the node, and nobody detaches it.
pub(super) fn attach(admin: &Hand, volume: &str, node: &str) -> Result<()> {
    let source = json!({ "persistentVolumeName": volume });
    let spec = json!({ "attacher": "csi.example.com", "nodeName": node, "source": source });
    admin.create(ATTACHMENTS, "", &json!({ "metadata": { "name": volume }, "spec": spec }))?;
    Ok(())
}

/// It is detached.
pub(super) fn detach(admin: &Hand, volume: &str) -> Result<()> {
    admin.delete(ATTACHMENTS, "", volume, &DeleteOptions::default())?;
    Ok(())
}
