//! Nodes that fall silent: how soon they are called dead, and when they are not.

use crate::ground::{Ground, SOON};
use crate::objects::{is_cordoned, marks};
use crate::records::text_of;
use crate::suite::QUICK;
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use self_healing_e2e::wait::wait_for_all;
use self_healing_e2e::{Answer, NodeSpec};
use std::time::{Duration, Instant};

/// Of a stock kubelet: after this its Lease is silent.
const LEASE: Duration = Duration::from_secs(40);

pub(crate) async fn silent_with_stock_timings(ground: &Ground) -> Result<()> {
    // The last heartbeat was at most the renewal interval of a quarter leaseDuration before the silence.
    silent(ground, &[], Duration::from_secs(115)).await
}

pub(crate) async fn silent_with_short_checks(ground: &Ground) -> Result<()> {
    silent(ground, &[("HEALTH_CHECK_INTERVAL", "10")], Duration::from_secs(45)).await
}

/// A node with pods goes silent; they are ready elsewhere within `allowed`.
async fn silent(ground: &Ground, environment: &[(&str, &str)], allowed: Duration) -> Result<()> {
    let shop = ground.web(3, 6).await?;
    let controller = ground.controller(environment).await?;
    ground.cluster.silence("n1", Answer::Nothing).await?;
    let silenced = Instant::now();
    ground.elsewhere(&shop, "web", 6, "n1", allowed + Duration::from_secs(20)).await?;
    let after = silenced.elapsed();
    ensure!(after <= allowed, "pods were ready elsewhere after {after:?}, {allowed:?} are allowed");
    let record = ground.recovery_is("n1", "Succeeded", SOON).await?;
    let spec = &record.data["spec"];
    ensure!(spec["type"] == "node_failure" && spec["cause"] == "Unreachable", "wrong verdict: {spec}");
    ground.node("n1", "to carry no mark of ours", QUICK, |node| marks(node).is_empty()).await?;
    controller.stop().await
}

pub(crate) async fn kubelet_down(ground: &Ground) -> Result<()> {
    let shop = ground.web(3, 6).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("SETTLE_PERIOD", "1")]).await?;
    ground.cluster.silence("n1", Answer::Refuses).await?;
    let record = ground.recovery("n1", "to appear", LEASE + QUICK, |_| true).await?;
    let spec = &record.data["spec"];
    ensure!(spec["cause"] == "KubeletDown", "a refused connection means that the host is up: {spec}");
    ground.elsewhere(&shop, "web", 6, "n1", QUICK).await?;
    ground.recovery_is("n1", "Succeeded", QUICK).await?;
    controller.stop().await
}

/// Until the control plane has given the node up, an answer of its kubelet clears it of its silent Lease.
pub(crate) async fn kubelet_answers(ground: &Ground) -> Result<()> {
    ground.nodes(3).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("SETTLE_PERIOD", "1")]).await?;
    ground.cluster.silence("n1", Answer::Accepts).await?;
    let recoveries = ground.recoveries();
    let params = ListParams::default();
    let accused =
        wait_for_all(&recoveries, &params, "a Recovery", SOON + LEASE, |all: &[DynamicObject]| !all.is_empty());
    tokio::select! {
        biased;
        unknown = ground.cluster.node_becomes("n1", "Ready", "Unknown", SOON + LEASE) => {
            let node = unknown?;
            ensure!(!is_cordoned(&node), "the node was cordoned although its kubelet answers");
        }
        accused = accused => {
            // The verdict may follow the control plane's so fast that it is seen first.
            let detected: Timestamp = text_of(&accused?[0].data["spec"]["detectedAt"]).parse()?;
            let given_up = unknown_since(&ground.cluster.nodes().get("n1").await?);
            let given_up = given_up.context("a Recovery was opened although the kubelet answers and the node is not Unknown")?;
            ensure!(detected >= given_up, "called dead at {detected}, before the control plane did at {given_up}");
        }
    }
    let silent = renewed_before(ground, "n1").await?;
    ensure!(silent > LEASE + Duration::from_secs(3), "the Lease was silent for {silent:?} only, that proves nothing");
    ground.cluster.wake("n1").await?;
    ground.cluster.node_becomes("n1", "Ready", "True", SOON).await?;
    ground
        .node("n1", "to be schedulable without a mark of ours", SOON, |n| !is_cordoned(n) && marks(n).is_empty())
        .await?;
    controller.stop().await
}

fn unknown_since(node: &Node) -> Option<Timestamp> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status == "Unknown")?;
    ready.last_transition_time.as_ref().map(|time| time.0)
}

/// How long ago the node's Lease was renewed.
async fn renewed_before(ground: &Ground, node: &str) -> Result<Duration> {
    let lease = Api::<Lease>::namespaced(ground.cluster.admin(), "kube-node-lease").get(node).await?;
    let renewed = lease.spec.and_then(|spec| spec.renew_time).context("the node's Lease was never renewed")?;
    Ok(Timestamp::now().duration_since(renewed.0).try_into()?)
}

/// A node of that name with a fresh uid.
pub(crate) async fn replace(ground: &Ground, name: &str) -> Result<()> {
    ground.cluster.delete_node(name).await?;
    ground.cluster.add_node(NodeSpec::named(name)).await
}
