//! Pods without a controller: nobody but us brings them back.

use crate::ground::{Ground, SOON};
use crate::objects::{FINALIZER, stays};
use crate::suite::{EVERY_SECOND, QUICK};
use crate::trail::Trail;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use self_healing_e2e::wait::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) async fn restarted(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    let old = ground.bare_pod(&shop, "db", &[]).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    ground.cluster.fail(&shop, "db").await?;
    let new = ground.successor(&old, QUICK).await?;
    same_pod(&old, &new)?;
    let record = ground.recovery_is("db", "Succeeded", QUICK).await?;
    ensure!(record.data["spec"]["workload"]["kind"] == "Pod", "wrong workload: {}", record.data["spec"]);
    controller.stop().await
}

pub(crate) async fn crash_between_delete_and_create(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    let old = ground.bare_pod(&shop, "db", &[FINALIZER]).await?;
    let trail = Trail::begin(ground)?;
    let first = ground.controller(EVERY_SECOND).await?;
    ground.cluster.fail(&shop, "db").await?;
    let deleted = |pod: Option<&Pod>| pod.is_some_and(|pod| pod.metadata.deletion_timestamp.is_some());
    wait_for(&ground.cluster.pod_api(&shop), "db", "the failed pod to be deleted", QUICK, deleted).await?;
    first.process.kill().await?;
    ensure!(first.process.exited()?.is_some(), "the controller survived SIGKILL");
    ensure!(created(&trail, &shop)? == 0, "the new pod was created while the old one was still there");

    ground.mark_pod(&old, json!({ "finalizers": null })).await?;
    let pods = ground.cluster.pod_api(&shop);
    wait_for(&pods, "db", "the deleted pod to be gone", SOON, |pod| pod.is_none()).await?;
    let second = ground.replica(EVERY_SECOND).await?;
    let new = ground.successor(&old, SOON).await?;
    same_pod(&old, &new)?;
    let record = ground.recovery_is("db", "Succeeded", QUICK).await?;
    stays(&pods, &ListParams::default(), "exactly the new pod", Duration::from_secs(3), |all| {
        all.len() == 1 && all.iter().all(|pod| pod.uid() == new.uid())
    })
    .await?;
    ensure!(created(&trail, &shop)? == 1, "the pod was created {} times", created(&trail, &shop)?);
    ensure!(ground.recovery_count().await? == 1, "one Recovery was expected beside {}", record.name_any());
    second.stop().await
}

/// Pods that the controller created in the namespace.
fn created(trail: &Trail, namespace: &str) -> Result<usize> {
    Ok(trail.granted("create", "pods", namespace)?.values().sum())
}

/// What a person wrote is the same in both.
fn same_pod(old: &Pod, new: &Pod) -> Result<()> {
    let (before, after) = (wish(old)?, wish(new)?);
    ensure!(before == after, "the new pod is another one; before:\n{before}\nafter:\n{after}");
    Ok(())
}

/// Spec, labels and annotations without what the API server and the scheduler add anew.
fn wish(pod: &Pod) -> Result<Value> {
    let mut spec = serde_json::to_value(pod.spec.as_ref().context("a pod without spec")?)?;
    spec["nodeName"] = Value::Null;
    // The name of the injected token's volume ends in random letters.
    let token = |value: &Value| value["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    let containers = spec["containers"].as_array_mut().into_iter().flatten();
    let mounts = containers.filter_map(|container| container["volumeMounts"].as_array_mut());
    mounts.for_each(|mounts| mounts.retain(|mount| !token(mount)));
    if let Some(volumes) = spec["volumes"].as_array_mut() {
        volumes.retain(|volume| !token(volume));
    }
    let mut annotations = pod.annotations().clone();
    annotations.retain(|key, _| !key.starts_with("e2e.self-healing.dev/"));
    Ok(json!({ "spec": spec, "labels": pod.labels(), "annotations": annotations }))
}
