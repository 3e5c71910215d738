//! Time from the acknowledged status write that makes a pod Failed to its deletion as another watch sees it.

use super::floor::Floor;
use super::report::{Section, Table, percentile};
use super::sightings::Sightings;
use crate::ground::{Ground, SOON};
use crate::objects::is_ready;
use crate::trail::{Request, Trail};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::Options;
use self_healing_e2e::pods::deployment;
use self_healing_e2e::wait::wait_for_all;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

const REPEATS: usize = 200;
/// A node has room for 110 pods.
const NODES: usize = 5;
/// Deployments that are created at once.
const BATCH: usize = 20;
/// Milliseconds above the floor: p50 and p99.
const TARGETS: [f64; 2] = [0.5, 2.0];

pub(super) async fn run(binary: &Path) -> Result<Section> {
    let ground = Ground::start(binary, Options::default()).await?;
    ground.nodes(NODES).await?;
    let (plain, healed) = (workloads(&ground, REPEATS).await?, workloads(&ground, REPEATS).await?);
    let mut floor = Floor::start(ground.cluster.admin_kubeconfig().to_owned(), plain.clone()).await?;
    let environment = [
        ("RECOVERIES_PER_MINUTE", "6000"),
        ("WORKLOAD_BACKOFF", "0"),
        // What the floor deletes is none of the controller's business.
        ("WATCH_NAMESPACES", healed.as_str()),
    ];
    let controller = ground.controller(&environment).await?;
    let mut lowest = Series::begin(&ground, &plain).await?;
    let mut ours = Series::begin(&ground, &healed).await?;
    let trail = Trail::begin(&ground)?;
    // In turn, so that whatever else the machine does hits both alike.
    for number in 0..REPEATS {
        lowest.repeat(&ground, number).await.context("the floor")?;
        let pod = ours.repeat(&ground, number).await.context("the controller")?;
        ground.recovery_is(&pod, "Succeeded", SOON).await?;
    }
    let requests = trail.kinds(Request::is_of_a_failure)?;
    floor.end()?;
    controller.stop().await?;
    Ok(section(&lowest.sorted(), &ours.sorted(), &requests))
}

/// A namespace with that many Deployments of one pod, so that no failure is the history of another.
pub(super) async fn workloads(ground: &Ground, count: usize) -> Result<String> {
    let namespace = ground.namespace().await?;
    let api = Api::<Deployment>::namespaced(ground.cluster.admin(), &namespace);
    let create = async |number: usize| -> Result<()> {
        let workload = deployment(&namespace, &format!("web-{number}"), 1)?;
        Ok(api.create(&PostParams::default(), &workload).await.map(drop)?)
    };
    futures::stream::iter(0..count)
        .map(|number| Ok::<_, anyhow::Error>(create(number)))
        .try_buffer_unordered(BATCH)
        .try_collect::<()>()
        .await?;
    let ready = |pods: &[Pod]| pods.iter().filter(|pod| is_ready(pod)).count() == count;
    let all = ListParams::default();
    wait_for_all(&ground.cluster.pod_api(&namespace), &all, "a ready pod per Deployment", SOON * 5, ready).await?;
    Ok(namespace)
}

/// One namespace's repeats.
struct Series {
    namespace: String,
    deletions: Sightings,
    milliseconds: Vec<f64>,
}

impl Series {
    async fn begin(ground: &Ground, namespace: &str) -> Result<Self> {
        let deletions = Sightings::of_deletions(&ground.cluster.pod_api(namespace)).await?;
        Ok(Self { namespace: namespace.to_owned(), deletions, milliseconds: Vec::with_capacity(REPEATS) })
    }

    /// Fails the pod of one workload, and returns its name when it has been replaced.
    async fn repeat(&mut self, ground: &Ground, number: usize) -> Result<String> {
        let workload = format!("web-{number}");
        let pod = ground.pod(&self.namespace, &workload).await?.name_any();
        ground.cluster.fail(&self.namespace, &pod).await?;
        let acknowledged = Instant::now();
        let seen = self.deletions.of_one(&pod).await?;
        self.milliseconds.push(seen.saturating_duration_since(acknowledged).as_secs_f64() * 1000.0);
        ground.cluster.deployment_ready(&self.namespace, &workload, SOON).await?;
        Ok(pod)
    }

    fn sorted(mut self) -> Vec<f64> {
        self.milliseconds.sort_by(f64::total_cmp);
        std::mem::take(&mut self.milliseconds)
    }
}

fn section(floor: &[f64], ours: &[f64], requests: &BTreeMap<String, usize>) -> Section {
    let mut table = Table::new(["who", "p50 ms", "p99 ms", "max ms"]);
    let row = |sorted: &[f64]| [50, 99, 100].map(|percent| percentile(sorted, percent));
    let (low, our) = (row(floor), row(ours));
    for (who, row) in [("floor: watch and delete", low), ("self-healing-controller", our)] {
        let [p50, p99, max] = row.map(|value| format!("{value:.2}"));
        table.row([who.to_owned(), p50, p99, max]);
    }
    let above = [0, 1].map(|at| format!("+{:.2} (target +{})", our[at] - low[at], TARGETS[at]));
    let [p50, p99] = above;
    table.row(["controller above the floor".to_owned(), p50, p99, String::new()]);
    let mut asked = Table::new(["requests of", "per failure"]);
    for (what, count) in requests {
        asked.row([what.clone(), format!("{:.2}", *count as f64 / REPEATS as f64)]);
    }
    let text = format!(
        "From the acknowledged status write that makes a pod Failed to its deletion as another watch sees it; {REPEATS} times each, in turn, on an otherwise idle cluster. The floor deletes without a record, a guard or a second look."
    );
    Section { bench: "latency", title: "Latency", text, tables: vec![table, asked] }
}
