//! Switches: pause, the modes, and a person's word on a Recovery.

use crate::controller::Controller;
use crate::ground::{Ground, OWN};
use crate::records::guard_reason;
use crate::suite::QUICK;
use crate::trail::{Request, Trail};
use anyhow::{Result, bail, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use self_healing_e2e::NodeSpec;
use serde_json::{Value, json};
use std::time::Duration;

/// Long enough for several sweeps of a controller that checks every second.
const A_WHILE: Duration = Duration::from_secs(4);

pub(crate) async fn paused_and_resumed(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("WORKLOAD_BACKOFF", "0")]).await?;
    ground.configure(json!({ "paused": "true" })).await?;
    let pod = first_that_stays(ground, &shop).await?;
    ground.pod_stays(&pod, A_WHILE).await?;
    ground.configure(json!({ "paused": "false" })).await?;
    ground.pod_gone(&pod, QUICK).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    controller.stop().await
}

/// Fails pods until one is held by `Paused`: a change of the ConfigMap needs a moment to arrive.
async fn first_that_stays(ground: &Ground, namespace: &str) -> Result<Pod> {
    for _ in 0..5 {
        ground.cluster.deployment_ready(namespace, "web", QUICK).await?;
        let pod = ground.pod(namespace, "web").await?;
        ground.cluster.fail(namespace, &pod.name_any()).await?;
        let settled = |data: &Value| !guard_reason(data, "Paused").is_empty() || data["status"]["phase"] == "Succeeded";
        let record = ground.recovery(&pod.name_any(), "that is held by Paused, or done", QUICK, settled).await?;
        if record.data["status"]["phase"] == "Held" {
            return Ok(pod);
        }
    }
    bail!("paused=true in the ConfigMap did not stop recoveries")
}

/// A controller that has observed the failures of a node and of a pod of `shop`; and that pod.
pub(super) async fn observes(ground: &Ground, shop: &str) -> Result<(Controller, Pod)> {
    let environment = [("HEALTH_CHECK_INTERVAL", "1"), ("SETTLE_PERIOD", "1"), ("MODE", "Observe")];
    let controller = ground.controller(&environment).await?;
    let pod = ground.pod(shop, "web").await?;
    ground.cluster.fail(shop, &pod.name_any()).await?;
    ground.recovery_is(&pod.name_any(), "Observed", QUICK).await?;
    ground.sicken("n1").await?;
    ground.recovery_is("n1", "Observed", QUICK).await?;
    Ok((controller, pod))
}

pub(crate) async fn observe(ground: &Ground) -> Result<()> {
    ground.nodes(1).await?;
    let shop = ground.namespace().await?;
    ground.deployment(&shop, "web", 3).await?;
    ground.cluster.add_node(NodeSpec::named("n2")).await?;
    let trail = Trail::begin(ground)?;
    let (controller, pod) = observes(ground, &shop).await?;
    ground.pod_stays(&pod, A_WHILE).await?;
    controller.stop().await?;

    let requests = trail.requests()?;
    let writes: Vec<_> = requests.iter().filter(|request| request.granted() && request.writes()).collect();
    ensure!(!writes.is_empty(), "the audit log shows no write at all, not even of a Recovery");
    let others: Vec<_> = writes.iter().filter(|request| !allowed_in_observe(request)).collect();
    ensure!(others.is_empty(), "Observe wrote more than Recoveries and its Lease: {others:?}");
    Ok(())
}

fn allowed_in_observe(request: &Request) -> bool {
    // A question about rights has the form of a create and stores nothing.
    if request.resource == "selfsubjectaccessreviews" {
        return true;
    }
    let ours = request.namespace == OWN;
    let lease = request.resource == "leases" && ["", "self-healing-controller"].contains(&request.name.as_str());
    ours && (lease || ["recoveries", "recoveries/status"].contains(&request.resource.as_str()))
}

pub(crate) async fn approve(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("MODE", "Approve")]).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    let record = ground.recovery_is(&pod.name_any(), "AwaitingApproval", QUICK).await?;
    ensure!(!guard_reason(&record.data, "Mode").is_empty(), "the guard Mode gives no reason: {}", record.data);
    ground.pod_stays(&pod, A_WHILE).await?;
    ground.annotate_recovery(&record.name_any(), "self-healing.dev/approve", "alice").await?;
    ground.pod_gone(&pod, QUICK).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    controller.stop().await
}

pub(crate) async fn cancelled(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(&[("HEALTH_CHECK_INTERVAL", "1"), ("MODE", "Approve")]).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    let record = ground.recovery_is(&pod.name_any(), "AwaitingApproval", QUICK).await?;
    ground.annotate_recovery(&record.name_any(), "self-healing.dev/cancel", "bob").await?;
    let ended = ground.ended(&record, QUICK).await?;
    ensure!(ended.data["status"]["phase"] == "Cancelled", "wrong end: {}", ended.data["status"]);
    ensure!(ended.data["status"].to_string().contains("bob"), "nobody says who cancelled: {}", ended.data["status"]);
    ground.pod_stays(&pod, A_WHILE).await?;
    let names = ground.recoveries_of(&pod.name_any()).await?;
    ensure!(names.len() == 1, "the same failure was taken up again after the veto: {names:?}");
    controller.stop().await
}
