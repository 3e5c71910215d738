//! Faults in the middle: objects that are replaced, a control plane that dies, two controllers that both act.

use super::drains::FAST;
use super::nodes::replace;
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, SOON};
use crate::objects::{FINALIZER, is_cordoned, marks, merge, stays};
use crate::suite::{ALONE, EVERY_SECOND, QUICK};
use crate::trail::Trail;
use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use self_healing_e2e::wait::wait_for;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

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

/// The deletion hangs and nothing can come in its place, the API server dies and comes back, both go on.
pub(crate) async fn api_server_restarted(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    // A pod whose deletion hangs for longer than the outage is a trouble of its own, from the second check on.
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "30"), ("RETRY_INTERVAL", "2")]).await?;
    let trail = Trail::begin(ground)?;
    let pod = ground.pod(&shop, "web").await?;
    ground.mark_pod(&pod, json!({ "finalizers": [FINALIZER] })).await?;
    closed(ground, true).await?;
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
    closed(ground, false).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", SOON).await?;
    ensure!(ground.recovery_count().await? == 1, "the outage opened further Recoveries");
    let deletes = trail.granted("delete", "pods", &shop)?;
    ensure!(deletes.get(&pod.name_any()) == Some(&1) && deletes.len() == 1, "one delete was expected: {deletes:?}");
    controller.stop().await
}

/// Whether nodes take no new pods.
async fn closed(ground: &Ground, closed: bool) -> Result<()> {
    let nodes = ground.cluster.nodes();
    for node in nodes.list(&ListParams::default()).await?.items {
        merge(&nodes, &node.name_any(), json!({ "spec": { "unschedulable": closed } })).await?;
    }
    Ok(())
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
        ended(ground, pod).await?;
    }
    let collisions =
        trail.requests()?.iter().filter(|r| r.resource == "recoveries" && r.verb == "create" && r.code == 409).count();
    ensure!(collisions > 0, "the two never collided, so this proves nothing");
    let deleted = trail.granted("delete", "pods", &shop)?;
    ensure!(deleted == failed, "one delete of each of {failed:?} was expected, the audit log has {deleted:?}");
    for pod in failed.keys() {
        let names = ground.recoveries_of(pod).await?;
        ensure!(names.len() == 1, "one Recovery of {pod} was expected: {names:?}");
    }
    one.stop().await?;
    other.stop().await
}

/// Waits until the Recovery of that pod is over, and it is well. Who comes second may find the pod gone before it has touched it, and then
/// calls the trouble over; which of the two stores the end is chance.
async fn ended(ground: &Ground, pod: &str) -> Result<()> {
    let over = |data: &Value| data["status"]["phase"] == "Succeeded" || data["status"]["phase"] == "SelfRecovered";
    ground.recovery(pod, "that is over", QUICK, over).await.map(drop)
}
