//! The controller as users run it: as pods on the nodes that it takes care of.

use super::ground::RealGround;
use super::workload::{pod, server};
use crate::ground::{OWN, SOON};
use crate::objects::{is_ready, node_of};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt};
use self_healing_e2e::wait::wait_for;
use serde_json::json;
use std::time::Duration;

const NAME: &str = "self-healing-controller";
/// An election, the verdict about the node, and what is done.
const TAKEN_OVER: Duration = Duration::from_secs(120);

/// The node on which the leader runs loses its power; the other replica frees it, and what ran there, the leader included, is ready elsewhere.
pub(super) async fn leader_lost(real: &RealGround) -> Result<()> {
    real.ground.configure(json!({ "health_check_interval": "5", "settle_period": "1" })).await?;
    let deployment = format!("deployment/{NAME}");
    real.ground.cluster.kubectl(&["scale", &deployment, "-n", OWN, "--replicas=2"]).await?;
    let ready = |pods: &[Pod]| pods.iter().filter(|pod| is_ready(pod)).count() == 2;
    let pods = real.pods_are(OWN, NAME, "to be ready", SOON, ready).await?;
    // An identity is the pod's name with something behind it that makes each process another one. Until the Lease has expired it names
    // the process of an earlier scenario.
    let leader = leader(real, |holder| pods.iter().any(|pod| holder.starts_with(&pod.name_any()))).await?;
    let node = pods.iter().find(|pod| leader.starts_with(&pod.name_any())).and_then(node_of);
    let node = node.with_context(|| format!("the leader {leader} is on no node"))?;
    ensure!(pods.iter().any(|pod| node_of(pod) != Some(node)), "both replicas are on {node}");
    let shop = real.ground.namespace().await?;
    real.deploy_ready(&shop, "web", 3, &pod(&server())).await?;

    let mut machine = real.take(node)?;
    machine.cut_power().await?;
    real.ground.recovery(node, "to appear", TAKEN_OVER, |_| true).await?;
    real.elsewhere(&shop, "web", 3, node, SOON).await?;
    real.elsewhere(OWN, NAME, 2, node, SOON).await?;
    self::leader(real, |name| name != leader).await?;
    real.ground.recovery_is(node, "Succeeded", SOON).await?;

    real.switch_on(machine).await?;
    real.ground.cluster.kubectl(&["scale", &deployment, "-n", OWN, "--replicas=0"]).await?;
    real.tidy(&shop).await
}

/// Who leads, once that is somebody good.
async fn leader(real: &RealGround, good: impl Fn(&str) -> bool) -> Result<String> {
    let leases = Api::<Lease>::namespaced(real.ground.cluster.admin(), OWN);
    let holder = |lease: &Lease| lease.spec.as_ref()?.holder_identity.clone().filter(|name| !name.is_empty());
    let found = |lease: Option<&Lease>| lease.and_then(holder).is_some_and(|name| good(&name));
    let lease = wait_for(&leases, NAME, "a leader", TAKEN_OVER, found).await?;
    lease.as_ref().and_then(holder).context("the Lease is gone again")
}
