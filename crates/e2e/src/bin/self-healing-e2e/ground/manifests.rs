//! The shipped manifests, applied as `kubectl apply --server-side` does, without a process for each: other lanes need the processor.

use super::{FILES, MANIFESTS, OWN};
use anyhow::{Context, Result, ensure};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, ResourceExt};
use self_healing_e2e::Cluster;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The line that says how many pods the shipped Deployment has.
const REPLICAS: &str = "  replicas: 1\n";

/// Applies the shipped manifests, and gives the controller's kubeconfig.
pub(super) async fn install(cluster: &Cluster) -> Result<PathBuf> {
    apply_shipped(cluster).await?;
    let definitions = ["crd/recoveries.self-healing.dev", "crd/healingpolicies.self-healing.dev"];
    let args = [&["wait", "--for=condition=Established", "--timeout=30s"][..], &definitions].concat();
    cluster.kubectl(&args).await?;
    cluster.service_account_kubeconfig(OWN, "self-healing-sa").await
}

/// Applies the shipped manifests. The Deployment's own pod is not wanted here, not for a moment.
pub(super) async fn apply_shipped(cluster: &Cluster) -> Result<()> {
    for file in FILES {
        let text = fs::read_to_string(format!("{MANIFESTS}/{file}")).with_context(|| format!("cannot read {file}"))?;
        ensure!(file != "deployment.yaml" || text.matches(REPLICAS).count() == 1, "{file} has no {REPLICAS:?}");
        apply(cluster, &text.replace(REPLICAS, "  replicas: 0\n"))
            .await
            .with_context(|| format!("cannot apply {file}"))?;
    }
    Ok(())
}

/// Applies every object of a text.
pub(super) async fn apply(cluster: &Cluster, text: &str) -> Result<()> {
    for value in serde_saphyr::from_multiple::<Value>(text)? {
        apply_one(cluster, value).await?;
    }
    Ok(())
}

/// Applies one object.
pub(super) async fn apply_one(cluster: &Cluster, value: Value) -> Result<()> {
    let object: DynamicObject = serde_json::from_value(value)?;
    let kind = GroupVersionKind::try_from(object.types.as_ref().context("an object without a kind")?)?;
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = match object.namespace() {
        Some(namespace) => Api::namespaced_with(cluster.admin(), &namespace, &resource),
        None => Api::all_with(cluster.admin(), &resource),
    };
    let name = object.name_any();
    let applied = api.patch(&name, &PatchParams::apply("kubectl").force(), &Patch::Apply(&object)).await;
    applied.map(drop).with_context(|| format!("{} {name}", kind.kind))
}
