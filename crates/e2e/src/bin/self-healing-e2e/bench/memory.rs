//! Resident memory of a controller that has just become ready on a cluster of 100 nodes and 1,000 pods.

use super::verdict;
use crate::ground::{Ground, SOON};
use crate::objects::is_ready;
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, PostParams};
use self_healing_e2e::pods::deployment;
use self_healing_e2e::wait::wait_for_all;
use self_healing_e2e::{NodeSpec, Options};
use std::fs;
use std::path::Path;

const NODES: usize = 100;
const DEPLOYMENTS: usize = 10;
const REPLICAS: i32 = 100;
const PODS: usize = 1000;
/// Nodes that are added at once.
const BATCH: usize = 10;
const MIB: f64 = 1024.0 * 1024.0;
const TARGET: f64 = 24.0;

pub(super) async fn run(binary: &Path) -> Result<()> {
    let ground = Ground::start(binary, Options::default()).await?;
    let nodes = futures::stream::iter(1..=NODES)
        .map(|number| Ok(ground.cluster.add_node(NodeSpec::named(format!("n{number}")))));
    nodes.try_buffer_unordered(BATCH).try_collect::<()>().await?;
    let namespace = ground.namespace().await?;
    let api = Api::<Deployment>::namespaced(ground.cluster.admin(), &namespace);
    for number in 0..DEPLOYMENTS {
        api.create(&PostParams::default(), &deployment(&namespace, &format!("web-{number}"), REPLICAS)?).await?;
    }
    let ready = |pods: &[Pod]| pods.iter().filter(|pod| is_ready(pod)).count() == PODS;
    wait_for_all(&ground.cluster.pod_api(&namespace), &ListParams::default(), "1,000 ready pods", SOON * 5, ready)
        .await?;

    let controller = ground.controller(&[]).await?;
    let resident = resident(controller.process.pid())?;
    let (_, metrics) = controller.text("/metrics").await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    let metric: f64 = line.context("/metrics has no process_resident_memory_bytes")?.trim().parse()?;
    controller.stop().await?;
    println!("memory with {NODES} nodes and {PODS} pods, just ready");
    println!("VmRSS                         {resident:>8.1} MiB");
    println!("process_resident_memory_bytes {:>8.1} MiB", metric / MIB);
    println!("target {TARGET} MiB                 {}", verdict(resident, TARGET));
    Ok(())
}

/// Of a process, in MiB.
pub(super) fn resident(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line.context("no VmRSS")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
