//! Nodes: silence, drains, and what is given back.

use crate::ground::{Ground, SOON};
use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use self_healing_e2e::Answer;
use self_healing_e2e::wait::wait_for_all;
use std::time::{Duration, Instant};

pub(crate) async fn silent_with_stock_timings(ground: &Ground) -> Result<()> {
    ground.nodes(3).await?;
    ground.namespace("shop", &[]).await?;
    ground.deployment("shop", "web", 6).await?;
    let controller = ground.controller(&[]).await?;
    ground.cluster.silence("n1", Answer::Nothing).await?;
    let silenced = Instant::now();
    elsewhere(ground, "shop", "web", 6, "n1", Duration::from_secs(130)).await?;
    let after = silenced.elapsed();
    // The last heartbeat was at most the renewal interval of a quarter leaseDuration before the silence.
    ensure!(after <= Duration::from_secs(115), "pods were ready elsewhere after {after:?}, 115 s are allowed");
    ground.recovery_is("n1", "Succeeded", SOON).await?;
    controller.stop().await
}

/// Waits until that many pods of `app` are ready on other nodes than `node`.
pub(crate) async fn elsewhere(ground: &Ground, namespace: &str, app: &str, count: usize, node: &str, deadline: Duration) -> Result<()> {
    let good = |pod: &&Pod| {
        let elsewhere = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).is_some_and(|name| name != node);
        elsewhere && pod.metadata.deletion_timestamp.is_none() && is_ready(pod)
    };
    let enough = |pods: &[Pod]| pods.iter().filter(good).count() >= count;
    let params = ListParams::default().labels(&format!("app={app}"));
    let what = format!("{count} ready pods of {app} away from {node}");
    wait_for_all(&ground.cluster.pod_api(namespace), &params, &what, deadline, enough).await.map(drop)
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|list| list.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"))
}
