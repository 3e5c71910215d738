//! Cluster API's and Karpenter's part in the life of machines: one that is deleted ends with its node, and another comes.

use super::{Provider, resource, successor};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Node;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use self_healing_sim::actor::PLACE;
use self_healing_story::{Machines, Ordered};
use serde_json::{Value, json};

const GROUP: &str = "cluster.x-k8s.io";
/// From the deletion of a machine until it is gone: its provider drains it first.
const WORK: SignedDuration = SignedDuration::from_secs(90);
const FINALIZER: &str = "embedded.self-healing.dev/machine";

pub(super) fn machines() -> ApiResource {
    resource(GROUP, "v1beta1", "Machine")
}

pub(super) fn claims() -> ApiResource {
    resource("karpenter.sh", "v1", "NodeClaim")
}

impl Provider<'_> {
    /// A machine for each node that is there.
    pub(super) async fn make_pool(&self) -> Result<()> {
        let nodes = self.ground.cluster.nodes().list(&ListParams::default()).await?.items;
        let mut owner = Value::Null;
        if self.kind == Machines::ClusterApi {
            let cluster = json!({ "metadata": { "name": "main" }, "spec": {} });
            self.make(&resource(GROUP, "v1beta1", "Cluster"), cluster).await?;
            let spec = json!({ "clusterName": "main", "replicas": nodes.len() });
            let set = json!({ "metadata": { "name": "workers" }, "spec": spec });
            let set = self.make(&resource(GROUP, "v1beta1", "MachineSet"), set).await?;
            owner = json!([{
                "apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "MachineSet", "name": "workers",
                "uid": set.metadata.uid, "controller": true, "blockOwnerDeletion": true,
            }]);
        }
        for node in nodes {
            self.make_machine(node.metadata.name.as_deref().unwrap_or_default(), &owner).await?;
            self.join(&node).await?;
        }
        Ok(())
    }

    fn pool(&self) -> ApiResource {
        if self.kind == Machines::ClusterApi { machines() } else { claims() }
    }

    async fn make_machine(&self, name: &str, owner: &Value) -> Result<()> {
        let mut metadata = json!({ "name": name, "finalizers": [FINALIZER] });
        let mut spec = json!({});
        if self.kind == Machines::ClusterApi {
            metadata["ownerReferences"] = owner.clone();
            spec["clusterName"] = json!("main");
        } else {
            metadata["labels"] = json!({ "karpenter.sh/nodepool": "workers" });
        }
        self.make(&self.pool(), json!({ "metadata": metadata, "spec": spec })).await.map(drop)
    }

    /// A machine and its node know each other.
    async fn join(&self, node: &Node) -> Result<()> {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let id = node.spec.as_ref().and_then(|spec| spec.provider_id.clone());
        let id = id.with_context(|| format!("node {name} has no providerID"))?;
        let (api, none) = (self.api(&self.pool()), PatchParams::default());
        if self.kind == Machines::Karpenter {
            let status = json!({ "status": { "nodeName": name, "providerID": id } });
            api.patch_status(name, &none, &Patch::Merge(status)).await?;
            return Ok(());
        }
        api.patch(name, &none, &Patch::Merge(json!({ "spec": { "providerID": id } }))).await?;
        let reference = json!({ "apiVersion": "v1", "kind": "Node", "name": name, "uid": node.metadata.uid });
        let status = json!({ "status": { "nodeRef": reference, "phase": "Running" } });
        api.patch_status(name, &none, &Patch::Merge(status)).await?;
        let marks = json!({ "cluster.x-k8s.io/machine": name, "cluster.x-k8s.io/cluster-namespace": PLACE });
        let marks = Patch::Merge(json!({ "metadata": { "annotations": marks } }));
        self.ground.cluster.nodes().patch(name, &none, &marks).await?;
        Ok(())
    }

    /// Ends the machines that are being deleted, and lets new ones join whose nodes have come.
    pub(super) async fn end_machines(&self) -> Result<()> {
        for machine in self.api(&self.pool()).list(&ListParams::default()).await? {
            let name = machine.metadata.name.as_deref().unwrap_or_default();
            if machine.metadata.deletion_timestamp.is_some() {
                self.end(name, &machine).await?;
                continue;
            }
            let waits = ["spec", "status"].into_iter().all(|part| machine.data[part]["providerID"].is_null());
            if let Some(node) = self.ground.cluster.nodes().get_opt(name).await?.filter(|_| waits) {
                self.join(&node).await?;
            }
        }
        Ok(())
    }

    async fn end(&self, name: &str, machine: &DynamicObject) -> Result<()> {
        let asked = machine.metadata.deletion_timestamp.as_ref().context("it is being deleted")?.0;
        let how = self.told.get().unwrap_or(Ordered::Replaces);
        let waits = matches!(how, Ordered::Stalls | Ordered::Fails | Ordered::Assumes);
        if waits || Timestamp::now().duration_since(asked) < WORK || !self.ended.borrow_mut().insert(name.to_owned()) {
            return Ok(());
        }
        self.carry_out(name, how).await?;
        let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
        self.api(&self.pool()).patch(name, &PatchParams::default(), &free).await?;
        if how == Ordered::Replaces {
            let owner = serde_json::to_value(&machine.metadata.owner_references)?;
            self.make_machine(&successor(name), &owner).await?;
        }
        Ok(())
    }
}
