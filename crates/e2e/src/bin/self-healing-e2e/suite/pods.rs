//! Pods: what is restarted, how, and what is left alone.

use crate::ground::{Ground, SOON};
use anyhow::{Result, ensure};
use kube::ResourceExt;
use std::time::Duration;

/// A healing that needs no waiting time of its own.
const QUICK: Duration = Duration::from_secs(20);

pub(crate) async fn failed(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    ground.namespace("shop", &[]).await?;
    ground.deployment("shop", "web", 2).await?;
    let controller = ground.controller(&[]).await?;
    let pod = ground.pod("shop", "web").await?;
    ground.cluster.fail("shop", &pod.name_any()).await?;
    ground.pod_gone(&pod, QUICK).await?;
    let record = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    ensure!(record.data["spec"]["target"]["uid"] == pod.uid().unwrap_or_default(), "wrong target: {}", record.data);
    ensure!(record.data["spec"]["workload"]["kind"] == "Deployment", "wrong workload: {}", record.data);
    ground.cluster.deployment_ready("shop", "web", SOON).await?;
    controller.stop().await
}
