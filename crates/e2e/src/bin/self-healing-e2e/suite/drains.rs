//! Drains of a node that reports Ready=False: what is evicted, what blocks, and what is given back.

use crate::controller::eventually;
use crate::ground::{Ground, SOON};
use crate::objects::{is_cordoned, marks, merge, owner};
use crate::records::{guard_reason, holds};
use crate::suite::QUICK;
use crate::trail::Trail;
use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::NodeSpec;
use self_healing_e2e::pods::deployment;
use serde_json::json;
use std::time::Duration;

/// A node is failed after a second of trouble, a blocked eviction is tried again every second.
pub(crate) const FAST: &[(&str, &str)] =
    &[("HEALTH_CHECK_INTERVAL", "1"), ("NODE_FAILURE_THRESHOLD", "1"), ("SETTLE_PERIOD", "1"), ("RETRY_INTERVAL", "1")];

/// All pods of `web` are on n1, and n2 and n3 have room for them. Returns the namespace.
pub(crate) async fn loaded_node(ground: &Ground, replicas: i32) -> Result<String> {
    let shop = ground.web(1, replicas).await?;
    for name in ["n2", "n3"] {
        ground.cluster.add_node(NodeSpec::named(name)).await?;
    }
    Ok(shop)
}

pub(crate) async fn not_ready(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 4).await?;
    let names: Vec<String> = ground.pods(&shop, "web").await?.iter().map(ResourceExt::name_any).collect();
    let trail = Trail::begin(ground)?;
    let controller = ground.controller(FAST).await?;
    ground.sicken("n1").await?;
    let node =
        ground.node("n1", "to be cordoned by us", QUICK, |node| is_cordoned(node) && owner(node).is_some()).await?;
    let record = ground.recovery_is("n1", "Succeeded", QUICK).await?;
    ensure!(owner(&node) == Some(record.name_any().as_str()), "the cordon names {:?} as owner", owner(&node));
    ground.elsewhere(&shop, "web", 4, "n1", QUICK).await?;
    trail.evicted_once(&shop, &names)?;
    uncordoned(ground, "n1").await?;
    controller.stop().await
}

/// A pod whose volume only this node reaches can be nowhere else, so the node is not even cordoned.
pub(crate) async fn volume_keeps(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 1).await?;
    let (volume, only_here) =
        (format!("{shop}-disk"), json!([{ "key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"] }]));
    let about = json!({ "storageClassName": "", "accessModes": ["ReadWriteOnce"] });
    let mut disk = json!({
        "metadata": { "name": volume },
        "spec": {
            "capacity": { "storage": "1Gi" }, "local": { "path": "/disk" }, "claimRef": { "namespace": shop, "name": "data" },
            "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": only_here }] } },
        },
    });
    let mut claim = json!({
        "metadata": { "name": "data" },
        "spec": { "volumeName": volume, "resources": { "requests": { "storage": "1Gi" } } },
    });
    for (key, value) in about.as_object().into_iter().flatten() {
        disk["spec"][key] = value.clone();
        claim["spec"][key] = value.clone();
    }
    let volumes = Api::<PersistentVolume>::all(ground.cluster.admin());
    volumes.create(&PostParams::default(), &serde_json::from_value(disk)?).await?;
    let claims = Api::<PersistentVolumeClaim>::namespaced(ground.cluster.admin(), &shop);
    claims.create(&PostParams::default(), &serde_json::from_value(claim)?).await?;
    let mut db = serde_json::to_value(deployment(&shop, "db", 1)?)?;
    db["spec"]["template"]["spec"]["volumes"] =
        json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "data" } }]);
    let deployments = Api::<Deployment>::namespaced(ground.cluster.admin(), &shop);
    deployments.create(&PostParams::default(), &serde_json::from_value(db)?).await?;
    ground.cluster.deployment_ready(&shop, "db", SOON).await?;
    let pod = ground.pod(&shop, "db").await?.name_any();

    let controller = ground.controller(FAST).await?;
    ground.sicken("n1").await?;
    let record = ground.recovery_held("n1", "Plan", QUICK).await?;
    let reason = guard_reason(&record.data, "Plan");
    ensure!(reason.contains(&pod), "the plan does not name the pod {pod} that has to stay: {reason}");
    ensure!(!is_cordoned(&ground.cluster.nodes().get("n1").await?), "cordoned although its drain cannot succeed");
    volumes.delete(&volume, &DeleteParams::default()).await?;
    controller.stop().await
}

pub(crate) async fn node_comes_back(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 2).await?;
    ground.strict_budget(&shop).await?;
    let controller = ground.controller(FAST).await?;
    ground.sicken("n1").await?;
    let record = ground.recovery_held("n1", "Plan", QUICK).await?;
    ensure!(!is_cordoned(&ground.cluster.nodes().get("n1").await?), "cordoned although its drain cannot succeed");
    ground.cluster.release_node("n1").await?;
    let ended = ground.ended(&record, QUICK).await?;
    ensure!(ended.data["status"]["phase"] == "SelfRecovered", "wrong end: {}", ended.data["status"]);
    uncordoned(ground, "n1").await?;
    controller.stop().await
}

pub(crate) async fn foreign_cordon(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 2).await?;
    ground.strict_budget(&shop).await?;
    ground.cluster.kubectl(&["cordon", "n1"]).await?;
    let controller = ground.controller(FAST).await?;
    ground.sicken("n1").await?;
    let record = ground.recovery_held("n1", "Plan", QUICK).await?;
    ground.cluster.release_node("n1").await?;
    let ended = ground.ended(&record, QUICK).await?;
    ensure!(ended.data["status"]["phase"] == "SelfRecovered", "wrong end: {}", ended.data["status"]);
    let node = ground.cluster.nodes().get("n1").await?;
    ensure!(is_cordoned(&node), "the cordon of somebody else was taken back");
    ensure!(marks(&node).is_empty(), "marks of ours are left: {:?}", marks(&node));
    controller.stop().await
}

pub(crate) async fn budget_blocks(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 2).await?;
    let names: Vec<String> = ground.pods(&shop, "web").await?.iter().map(ResourceExt::name_any).collect();
    ground.strict_budget(&shop).await?;
    let trail = Trail::begin(ground)?;
    let controller = ground.controller(FAST).await?;
    ground.sicken("n1").await?;
    let record = ground
        .recovery("n1", "held by the budget's name", QUICK, |data| guard_reason(data, "Plan").contains("web-budget"))
        .await?;
    let message = record.data["status"]["message"].as_str().unwrap_or_default().to_owned();
    ensure!(message.contains("web-budget"), "the status does not name the budget: {message:?}");
    let event = ground.event(&record.uid().unwrap_or_default(), "RecoveryHeld", QUICK).await?;
    ensure!(event.type_.as_deref() == Some("Warning"), "no Warning: {event:?}");

    // It is planned again and again, and told once; nothing is tried.
    planned_again(&trail, &shop).await?;
    ensure!(!is_cordoned(&ground.cluster.nodes().get("n1").await?), "cordoned although its drain cannot succeed");
    let events = ground.events(&record.uid().unwrap_or_default()).await?;
    let plan = |event: &&Event| {
        event.reason.as_deref() == Some("RecoveryHeld")
            && event.message.as_deref().unwrap_or_default().contains("web-budget")
    };
    let told: i32 = events.iter().filter(plan).map(times).sum();
    ensure!(told == 1, "one Warning was expected, it was told {told} times: {events:?}");
    ensure!(
        ground.pods(&shop, "web").await?.iter().all(|pod| names.contains(&pod.name_any())),
        "a protected pod is gone"
    );

    let budgets = Api::<PodDisruptionBudget>::namespaced(ground.cluster.admin(), &shop);
    budgets.delete("web-budget", &DeleteParams::default()).await?;
    ground.recovery_is("n1", "Succeeded", QUICK).await?;
    ground.elsewhere(&shop, "web", 2, "n1", QUICK).await?;
    trail.evicted_once(&shop, &names)?;
    uncordoned(ground, "n1").await?;
    controller.stop().await
}

/// How often an Event was told: a series counts.
fn times(event: &Event) -> i32 {
    event.series.as_ref().and_then(|series| series.count).or(event.count).unwrap_or(1)
}

/// Waits until the budgets have been read three times, and sees that nothing was evicted meanwhile.
async fn planned_again(trail: &Trail, namespace: &str) -> Result<()> {
    let planned = async || {
        let requests = trail.requests()?;
        let of = |resource: &str| {
            requests.iter().filter(|request| request.resource == resource && request.namespace == namespace).count()
        };
        ensure!(of("pods/eviction") == 0, "a pod was evicted although the drain cannot succeed");
        Ok((of("poddisruptionbudgets") >= 3).then_some(()))
    };
    eventually("three plans of the drain", Duration::from_secs(60), planned).await
}

pub(crate) async fn cancelled(ground: &Ground) -> Result<()> {
    let shop = loaded_node(ground, 2).await?;
    ground.strict_budget(&shop).await?;
    let controller = ground.controller(FAST).await?;
    ground.sicken("n1").await?;
    let record = ground.recovery("n1", "held by Plan", QUICK, |data| holds(data, "Plan")).await?;
    ground.annotate_recovery(&record.name_any(), "self-healing.dev/cancel", "bob").await?;
    let ended = ground.ended(&record, QUICK).await?;
    ensure!(ended.data["status"]["phase"] == "Cancelled", "wrong end: {}", ended.data["status"]);
    uncordoned(ground, "n1").await?;
    let budgets = Api::<PodDisruptionBudget>::namespaced(ground.cluster.admin(), &shop);
    merge(&budgets, "web-budget", json!({ "spec": { "maxUnavailable": 2 } })).await?;
    for pod in ground.pods(&shop, "web").await? {
        ground.pod_stays(&pod, Duration::from_secs(2)).await?;
    }
    controller.stop().await
}

/// Waits until the node is schedulable again and carries no mark of ours.
pub(crate) async fn uncordoned(ground: &Ground, node: &str) -> Result<()> {
    let clean = |node: &Node| !is_cordoned(node) && marks(node).is_empty();
    ground.node(node, "to be schedulable without a mark of ours", QUICK, clean).await.map(drop)
}
