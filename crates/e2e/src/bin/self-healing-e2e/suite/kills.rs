//! A controller that is killed again and again, at random moments of a drain: nothing is done twice, nothing is left undone.

use super::drains::{FAST, uncordoned};
use crate::chance::Chance;
use crate::ground::{Ground, SOON};
use crate::objects::is_ready;
use crate::records::is_over;
use crate::suite::{ALONE, QUICK};
use crate::trail::Trail;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use self_healing_e2e::NodeSpec;
use self_healing_e2e::wait::wait_for_all;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const ROUNDS: u32 = 20;
const PODS: usize = 5;
/// Deciding and cordoning take less; then the controller may wait for the node's next heartbeat.
const BEGINNING: Duration = Duration::from_millis(1500);

/// Twenty drains of five pods; in each the controller is killed and started again.
pub(crate) async fn during_drains(ground: &Ground) -> Result<()> {
    let mut chance = Chance::from_environment();
    println!("        seed {} for the moments of the kills", chance.seed());
    let environment = [FAST, &[ALONE, ("RECOVERIES_PER_MINUTE", "1000")]].concat();
    ground.cluster.add_node(NodeSpec::named("drain-0")).await?;
    let shop = ground.namespace().await?;
    ground.deployment(&shop, "web", i32::try_from(PODS)?).await?;

    let mut controller = ground.controller(&environment).await?;
    let undisturbed = Drain::begin(ground, &shop, 0).await?;
    undisturbed.evicts(ground).await?;
    let begin = Instant::now();
    undisturbed.end(ground).await?;
    let length = begin.elapsed();
    let mut in_the_middle = 0;
    for round in 1..=ROUNDS {
        let drain = Drain::begin(ground, &shop, round).await?;
        // Every other kill comes between the first eviction and the end, the others before.
        if round % 2 == 0 {
            sleep(chance.below(BEGINNING)).await;
        } else {
            drain.evicts(ground).await?;
            sleep(chance.below(length)).await;
        }
        controller.process.kill().await?;
        ensure!(controller.process.exited()?.is_some(), "the controller survived SIGKILL");
        in_the_middle += u32::from(drain.goes_on(ground).await?);
        controller = ground.controller(&environment).await?;
        drain.end(ground).await.with_context(|| format!("round {round}, seed {}", chance.seed()))?;
    }
    println!("        {in_the_middle} of {ROUNDS} kills came before the end; evictions took {length:?} undisturbed");
    ensure!(in_the_middle >= ROUNDS / 4, "only {in_the_middle} of {ROUNDS} kills came before the end");
    controller.stop().await
}

/// One drain of all pods of `web` from one node to the next.
struct Drain {
    shop: String,
    node: String,
    pods: Vec<String>,
    trail: Trail,
}

impl Drain {
    /// The pods' node fails; returns when the Recovery has appeared.
    async fn begin(ground: &Ground, shop: &str, round: u32) -> Result<Self> {
        let node = format!("drain-{round}");
        ground.elsewhere(shop, "web", PODS, "", QUICK).await?;
        let pods = ground.pods(shop, "web").await?;
        let pods = pods.iter().filter(|pod| is_ready(pod)).map(ResourceExt::name_any).collect();
        ground.cluster.add_node(NodeSpec::named(format!("drain-{}", round + 1))).await?;
        let trail = Trail::begin(ground)?;
        ground.sicken(&node).await?;
        ground.recovery(&node, "to appear", QUICK, |_| true).await?;
        Ok(Self { shop: shop.to_owned(), node, pods, trail })
    }

    /// Waits until the first pod is leaving.
    async fn evicts(&self, ground: &Ground) -> Result<()> {
        let stays = |pod: &&Pod| self.pods.contains(&pod.name_any()) && pod.metadata.deletion_timestamp.is_none();
        let left = |pods: &[Pod]| pods.iter().filter(stays).count() < PODS;
        let params = ListParams::default().labels("app=web");
        wait_for_all(&ground.cluster.pod_api(&self.shop), &params, "a first eviction", QUICK, left).await.map(drop)
    }

    /// Whether the Recovery has not ended.
    async fn goes_on(&self, ground: &Ground) -> Result<bool> {
        let record = ground.recovery(&self.node, "to be there", QUICK, |_| true).await?;
        Ok(!is_over(&record))
    }

    /// Waits for the good end, checks that each pod was evicted once, and removes the node.
    async fn end(self, ground: &Ground) -> Result<()> {
        ground.recovery_is(&self.node, "Succeeded", SOON).await?;
        ground.elsewhere(&self.shop, "web", PODS, &self.node, QUICK).await?;
        self.trail.evicted_once(&self.shop, &self.pods)?;
        uncordoned(ground, &self.node).await?;
        ground.cluster.delete_node(&self.node).await
    }
}
