//! Ten nodes of a hundred fall silent at once: how long until everything that ran there is ready elsewhere, with the controller and with what
//! Kubernetes does alone.

use super::report::{Section, Table};
use crate::ground::{Ground, SOON};
use crate::objects::{is_ready, node_of};
use anyhow::Result;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::pods::deployment;
use self_healing_e2e::wait::wait_for_all;
use self_healing_e2e::{Answer, NodeSpec, Options};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const NODES: usize = 100;
/// Every tenth node falls silent.
const SILENT_EVERY: usize = 10;
const DEPLOYMENTS: usize = 20;
const REPLICAS: i32 = 20;
const PODS: usize = 400;
/// Nodes that are added at once.
const BATCH: usize = 10;
/// Kubernetes alone: 50 s until a node is Unknown, one node tainted per ten seconds, 300 s of toleration; and as much again.
const PATIENCE: Duration = Duration::from_secs(900);
/// Seconds after the last heartbeat; what we ask of ourselves.
const TARGET: f64 = 150.0;

pub(super) async fn run(binary: &Path) -> Result<Section> {
    let ours = silence(binary, true).await?.as_secs_f64();
    let stock = silence(binary, false).await?.as_secs_f64();
    let mut table = Table::new(["who", "until all are ready again, s", "target s"]);
    table.row(["Kubernetes alone".to_owned(), format!("{stock:.1}"), String::new()]);
    table.row(["with the controller".to_owned(), format!("{ours:.1}"), TARGET.to_string()]);
    let silent = NODES / SILENT_EVERY;
    let text = format!(
        "{silent} of {NODES} nodes fall silent at once; {PODS} pods of {DEPLOYMENTS} Deployments have to be ready elsewhere."
    );
    Ok(Section { bench: "mass-failure", title: "Mass failure", text, tables: vec![table] })
}

/// Time from the silence to the last pod that is ready on a node that lives.
async fn silence(binary: &Path, healed: bool) -> Result<Duration> {
    let ground = Ground::start(binary, Options::default()).await?;
    let names: Vec<String> = (0..NODES).map(|number| format!("n{number}")).collect();
    let nodes = futures::stream::iter(&names).map(|name| Ok(ground.cluster.add_node(NodeSpec::named(name))));
    nodes.try_buffer_unordered(BATCH).try_collect::<()>().await?;
    let namespace = ground.namespace().await?;
    let api = Api::<Deployment>::namespaced(ground.cluster.admin(), &namespace);
    for number in 0..DEPLOYMENTS {
        api.create(&PostParams::default(), &deployment(&namespace, &format!("web-{number}"), REPLICAS)?).await?;
    }
    let pods = ground.cluster.pod_api(&namespace);
    let all = ListParams::default();
    wait_for_all(&pods, &all, "all pods to be ready", SOON * 3, |pods| ready(pods, &BTreeSet::new()) == PODS).await?;
    let controller = if healed { Some(ground.controller(&[]).await?) } else { None };
    let silent: BTreeSet<&str> = names.iter().step_by(SILENT_EVERY).map(String::as_str).collect();
    for name in &silent {
        ground.cluster.silence(name, Answer::Nothing).await?;
    }
    // A node's last heartbeat was before its silence, so this is the shorter time of the two.
    let start = Instant::now();
    let back = |pods: &[Pod]| ready(pods, &silent) == PODS;
    wait_for_all(&pods, &all, "all pods to be ready elsewhere", PATIENCE, back).await?;
    let took = start.elapsed();
    if let Some(controller) = controller {
        controller.stop().await?;
    }
    Ok(took)
}

/// Pods that are ready, and on none of these nodes.
fn ready(pods: &[Pod], but: &BTreeSet<&str>) -> usize {
    let counts = |pod: &&Pod| is_ready(pod) && pod.metadata.deletion_timestamp.is_none();
    let names: BTreeSet<String> = pods
        .iter()
        .filter(counts)
        .filter(|pod| node_of(pod).is_some_and(|node| !but.contains(node)))
        .map(ResourceExt::name_any)
        .collect();
    names.len()
}
