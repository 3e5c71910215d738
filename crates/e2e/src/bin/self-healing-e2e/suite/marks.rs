//! Opt-outs: what is marked, or protected, is reported and never touched.

use crate::ground::Ground;
use crate::objects::merge;
use crate::records::guard_reason;
use crate::suite::{EVERY_SECOND, QUICK};
use crate::trail::Trail;
use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) async fn excluded_pod(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.mark_pod(&pod, json!({ "labels": mark(true) })).await?;
    let unmark = async || ground.mark_pod(&pod, json!({ "labels": mark(false) })).await;
    left_alone(ground, &shop, "Excluded", unmark).await
}

pub(crate) async fn excluded_workload(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let api = Api::<Deployment>::namespaced(ground.cluster.admin(), &shop);
    let annotate = async |marked| merge(&api, "web", json!({ "metadata": { "annotations": mark(marked) } })).await;
    annotate(true).await?;
    left_alone(ground, &shop, "Excluded", async || annotate(false).await).await
}

pub(crate) async fn excluded_namespace(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let api = Api::<Namespace>::all(ground.cluster.admin());
    let annotate = async |marked| merge(&api, &shop, json!({ "metadata": { "annotations": mark(marked) } })).await;
    annotate(true).await?;
    left_alone(ground, &shop, "Excluded", async || annotate(false).await).await
}

pub(crate) async fn protected_namespace(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    ground.deployment("kube-system", "web", 1).await?;
    let unprotect = async || ground.configure(json!({ "protected_namespaces": "kube-public,kube-node-lease" })).await;
    left_alone(ground, "kube-system", "ProtectedNamespace", unprotect).await
}

fn mark(marked: bool) -> Value {
    json!({ "self-healing.dev/exclude": if marked { Some("true") } else { None } })
}

/// The failed pod of `web` is held by `guard` and not touched until `allow` was called.
async fn left_alone(ground: &Ground, namespace: &str, guard: &str, allow: impl AsyncFn() -> Result<()>) -> Result<()> {
    let controller = ground.controller(EVERY_SECOND).await?;
    let trail = Trail::begin(ground)?;
    let pod = ground.pod(namespace, "web").await?;
    ground.cluster.fail(namespace, &pod.name_any()).await?;
    let record = ground.recovery_held(&pod.name_any(), guard, QUICK).await?;
    ensure!(record.data["status"]["phase"] == "Held", "wrong phase: {}", record.data["status"]);
    ensure!(!guard_reason(&record.data, guard).is_empty(), "{guard} gives no reason: {}", record.data["status"]);
    ground.pod_stays(&pod, Duration::from_secs(4)).await?;
    let writes = trail.writes_on_others()?;
    ensure!(writes.is_empty(), "the controller wrote although {guard} holds: {writes:?}");

    let record_uid = record.uid().unwrap_or_default();
    let event = ground.event(&record_uid, "RecoveryHeld", QUICK).await?;
    ensure!(event.type_.as_deref() == Some("Warning"), "no Warning: {event:?}");
    let events = ground.events(&record_uid).await?;
    let held = events.iter().filter(|event| event.reason.as_deref() == Some("RecoveryHeld")).count();
    ensure!(held == 1, "told {held} times instead of once: {events:?}");

    allow().await?;
    ground.pod_gone(&pod, QUICK).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    controller.stop().await
}
