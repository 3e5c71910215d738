//! What Kubernetes alone does about a node without power, measured in the same run.

use super::ground::RealGround;
use super::workload::{pod, server};
use crate::objects::node_of;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::{Duration, Instant};

/// The control plane gives the node up, and its pods' tolerations last for five minutes more.
const DEADLINE: Duration = Duration::from_secs(420);

/// How long it takes until pods with default tolerations are ready elsewhere; nothing when nobody asked.
pub(super) async fn power_cut(binary: &Path, asked: bool) -> Result<Option<Duration>> {
    if !asked {
        return Ok(None);
    }
    let real = RealGround::start(binary, 21, 2).await?;
    let shop = real.ground.namespace().await?;
    real.deploy_ready(&shop, "web", 3, &pod(&server())).await?;
    let first = real.ground.pod(&shop, "web").await?;
    let node = node_of(&first).context("the pod is nowhere")?.to_owned();
    let mut machine = real.take(&node)?;
    let begin = Instant::now();
    machine.cut_power().await?;
    real.elsewhere(&shop, "web", 3, &node, DEADLINE).await?;
    let after = begin.elapsed();
    real.end().await?;
    Ok(Some(after))
}
