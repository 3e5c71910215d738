//! Faults in the middle: objects that are replaced, a control plane and a controller that die.

use super::drains::{FAST, uncordoned};
use super::nodes::replace;
use crate::chance::Chance;
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, SOON};
use crate::objects::{FINALIZER, is_cordoned, is_ready, marks, stays};
use crate::records::is_over;
use crate::suite::{EVERY_SECOND, QUICK};
use crate::trail::Trail;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use self_healing_e2e::NodeSpec;
use self_healing_e2e::wait::wait_for;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The controller sees the old object failing, then, at once, a new one and the approval for the old.
pub(crate) async fn recreated_pod(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    let old = ground.bare_pod(&shop, "db", &[]).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("MODE", "Approve")]).await?;
    let trail = Trail::begin(ground)?;
    ground.cluster.fail(&shop, "db").await?;
    let record = ground.recovery_is("db", "AwaitingApproval", QUICK).await?;

    controller.process.pause()?;
    let now = DeleteParams { grace_period_seconds: Some(0), ..Default::default() };
    ground.cluster.pod_api(&shop).delete("db", &now).await?;
    ground.pod_gone(&old, QUICK).await?;
    let new = ground.bare_pod(&shop, "db", &[]).await?;
    ensure!(new.uid() != old.uid(), "the new pod has the old uid");
    ground.annotate_recovery(&record.name_any(), "self-healing.dev/approve", "alice").await?;
    controller.process.resume()?;

    ground.ended(&record, QUICK).await?;
    ground.pod_stays(&new, Duration::from_secs(4)).await?;
    let writes = trail.writes_on_others()?;
    ensure!(writes.is_empty(), "the new pod is not what failed, but the controller wrote: {writes:?}");
    controller.stop().await
}

pub(crate) async fn recreated_node(ground: &Ground) -> Result<()> {
    ground.nodes(3).await?;
    let environment = [FAST, &[("MODE", "Approve")]].concat();
    let controller = ground.controller(&environment).await?;
    let trail = Trail::begin(ground)?;
    ground.sicken("n1").await?;
    let record = ground.recovery_is("n1", "AwaitingApproval", QUICK).await?;

    controller.process.pause()?;
    replace(ground, "n1").await?;
    ground.annotate_recovery(&record.name_any(), "self-healing.dev/approve", "alice").await?;
    controller.process.resume()?;

    ground.ended(&record, QUICK).await?;
    let untouched = |nodes: &[Node]| nodes.iter().all(|node| !is_cordoned(node) && marks(node).is_empty());
    let (nodes, all) = (ground.cluster.nodes(), ListParams::default());
    stays(&nodes, &all, "nodes without cordon and marks", Duration::from_secs(4), untouched).await?;
    let writes = trail.writes_on_others()?;
    ensure!(writes.is_empty(), "the new node is not what failed, but the controller wrote: {writes:?}");
    controller.stop().await
}

/// The deletion hangs, the API server dies and comes back, the deletion ends.
pub(crate) async fn api_server_restarted(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("RETRY_INTERVAL", "2")]).await?;
    let trail = Trail::begin(ground)?;
    let pod = ground.pod(&shop, "web").await?;
    ground.mark_pod(&pod, json!({ "finalizers": [FINALIZER] })).await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    let deleted = |pod: Option<&Pod>| pod.is_some_and(|pod| pod.metadata.deletion_timestamp.is_some());
    wait_for(&ground.cluster.pod_api(&shop), &pod.name_any(), "the failed pod to be deleted", QUICK, deleted).await?;

    let server = ground.cluster.apiserver()?;
    server.kill().await?;
    ready_is(&controller, 503).await?;
    let (code, _) = controller.get("/health").await?;
    ensure!(code == 200, "/health answered {code} while the API server is down; that would restart every controller");
    server.restart().await?;
    ready_is(&controller, 200).await?;

    let api = ground.cluster.pod_api(&shop);
    wait_for(&api, &pod.name_any(), "the API server to answer", SOON, |pod| pod.is_some()).await?;
    ground.mark_pod(&pod, json!({ "finalizers": null })).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", SOON).await?;
    ensure!(ground.recovery_count().await? == 1, "the outage opened further Recoveries");
    let deletes = trail.granted("delete", "pods", &shop)?;
    ensure!(deletes.get(&pod.name_any()) == Some(&1) && deletes.len() == 1, "one delete was expected: {deletes:?}");
    controller.stop().await
}

async fn ready_is(controller: &Controller, code: u16) -> Result<()> {
    let answers = async || {
        controller.process.must_run()?;
        Ok(controller.get("/ready").await.ok().filter(|(found, _)| *found == code))
    };
    eventually(&format!("/ready to answer {code}"), SOON + QUICK, answers).await.map(drop)
}

/// Two controllers that both believe to lead collide on the Recovery's name, and each pod is deleted once.
pub(crate) async fn two_leaders(ground: &Ground) -> Result<()> {
    const WORKLOADS: u32 = 8;
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    for number in 0..WORKLOADS {
        ground.deployment(&shop, &format!("web-{number}"), 1).await?;
    }
    let environment = [EVERY_SECOND, &[ALONE]].concat();
    let (one, other) = (ground.controller(&environment).await?, ground.controller(&environment).await?);
    let trail = Trail::begin(ground)?;
    let mut failed = BTreeMap::new();
    for number in 0..WORKLOADS {
        let pod = ground.pod(&shop, &format!("web-{number}")).await?.name_any();
        ground.cluster.fail(&shop, &pod).await?;
        failed.insert(pod, 1);
    }
    for pod in failed.keys() {
        ground.recovery_is(pod, "Succeeded", QUICK).await?;
    }
    let collisions =
        trail.requests()?.iter().filter(|r| r.resource == "recoveries" && r.verb == "create" && r.code == 409).count();
    ensure!(collisions > 0, "the two never collided, so this proves nothing");
    let deleted = trail.granted("delete", "pods", &shop)?;
    ensure!(deleted == failed, "one delete of each of {failed:?} was expected, the audit log has {deleted:?}");
    ensure!(ground.recovery_count().await? == failed.len(), "one Recovery for each pod was expected");
    one.stop().await?;
    other.stop().await
}

const ROUNDS: u32 = 20;
const PODS: usize = 5;
/// Without an election a successor need not wait until the Lease of the killed one has expired; one controller runs at a time.
const ALONE: (&str, &str) = ("LEADER_ELECTION", "false");

/// Twenty drains of five pods, in each of which the controller is killed at a random moment and started again.
pub(crate) async fn killed_during_drains(ground: &Ground) -> Result<()> {
    let mut chance = Chance::from_environment();
    let environment = [FAST, &[ALONE, ("RECOVERIES_PER_MINUTE", "1000")]].concat();
    ground.cluster.add_node(NodeSpec::named("drain-0")).await?;
    let shop = ground.namespace().await?;
    ground.deployment(&shop, "web", i32::try_from(PODS)?).await?;

    let mut controller = ground.controller(&environment).await?;
    let undisturbed = Drain::begin(ground, &shop, 0).await?;
    let length = undisturbed.end(ground).await?;
    let mut in_the_middle = 0;
    for round in 1..=ROUNDS {
        let drain = Drain::begin(ground, &shop, round).await?;
        tokio::time::sleep(chance.below(length)).await;
        controller.process.kill().await?;
        ensure!(controller.process.exited()?.is_some(), "the controller survived SIGKILL");
        in_the_middle += u32::from(drain.goes_on(ground).await?);
        controller = ground.controller(&environment).await?;
        drain.end(ground).await.with_context(|| format!("round {round}, seed {}", chance.seed()))?;
    }
    println!(
        "        seed {}: {in_the_middle} of {ROUNDS} kills hit a drain of {length:?} before its end",
        chance.seed()
    );
    ensure!(
        in_the_middle >= ROUNDS / 4,
        "only {in_the_middle} of {ROUNDS} kills came before the end, seed {}",
        chance.seed()
    );
    controller.stop().await
}

/// One drain of all pods of `web` from one node to the next.
struct Drain {
    shop: String,
    node: String,
    pods: Vec<String>,
    trail: Trail,
    begin: Instant,
}

impl Drain {
    /// The pods' node fails; returns when the Recovery has appeared.
    async fn begin(ground: &Ground, shop: &str, round: u32) -> Result<Self> {
        let node = format!("drain-{round}");
        ground.elsewhere(shop, "web", PODS, "", QUICK).await?;
        let pods =
            ground.pods(shop, "web").await?.iter().filter(|pod| is_ready(pod)).map(ResourceExt::name_any).collect();
        ground.cluster.add_node(NodeSpec::named(format!("drain-{}", round + 1))).await?;
        let trail = Trail::begin(ground)?;
        ground.sicken(&node).await?;
        ground.recovery(&node, "to appear", QUICK, |_| true).await?;
        Ok(Self { shop: shop.to_owned(), node, pods, trail, begin: Instant::now() })
    }

    /// Whether the Recovery has not ended.
    async fn goes_on(&self, ground: &Ground) -> Result<bool> {
        let record = ground.recovery(&self.node, "to be there", QUICK, |_| true).await?;
        Ok(!is_over(&record))
    }

    /// Waits for the good end, checks that each pod was evicted once, and removes the node. Returns how long it took.
    async fn end(self, ground: &Ground) -> Result<Duration> {
        ground.recovery_is(&self.node, "Succeeded", SOON).await?;
        let length = self.begin.elapsed();
        ground.elsewhere(&self.shop, "web", PODS, &self.node, QUICK).await?;
        self.trail.evicted_once(&self.shop, &self.pods)?;
        uncordoned(ground, &self.node).await?;
        ground.cluster.delete_node(&self.node).await?;
        Ok(length)
    }
}
