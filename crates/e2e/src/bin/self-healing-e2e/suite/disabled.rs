//! Installations that have left out the rights of a remedy: the controller finds that out, says so, and heals the rest.

use super::drains::{FAST, uncordoned};
use super::hands::{ON_STANDBY, apply, service};
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, SOON};
use crate::objects::node_of;
use crate::suite::QUICK;
use crate::trail::Trail;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

const ROLE: &str = "self-healing-role";

/// Takes the rules away that give this verb on this resource, and gives what was there.
async fn take(ground: &Ground, rights: &[(&str, &str)]) -> Result<Vec<PolicyRule>> {
    let roles = Api::<ClusterRole>::all(ground.cluster.admin());
    let all = roles.get(ROLE).await?.rules.unwrap_or_default();
    let gives = |rule: &PolicyRule, (verb, resource): &(&str, &str)| {
        rule.verbs.iter().any(|known| known == verb) && rule.resources.iter().flatten().any(|known| known == resource)
    };
    let left: Vec<&PolicyRule> = all.iter().filter(|rule| !rights.iter().any(|right| gives(rule, right))).collect();
    ensure!(left.len() + rights.len() == all.len(), "not one rule for each of {rights:?}");
    give(ground, &json!(left)).await?;
    Ok(all)
}

async fn give(ground: &Ground, rules: &Value) -> Result<()> {
    let roles = Api::<ClusterRole>::all(ground.cluster.admin());
    let patch = Patch::Merge(json!({ "rules": rules }));
    roles.patch(ROLE, &PatchParams::default(), &patch).await.map(drop).context("the role cannot be changed")
}

/// Waits until the controller's log has these words.
async fn logged(controller: &Controller, words: &str) -> Result<()> {
    let log = async || Ok(std::fs::read_to_string(controller.process.log())?.contains(words).then_some(()));
    eventually(&format!("the log to say {words:?}"), 2 * SOON, log).await
}

pub(crate) async fn drains(ground: &Ground) -> Result<()> {
    let shop = ground.web(4, 4).await?;
    let all = take(ground, &[("create", "pods/eviction"), ("list", "poddisruptionbudgets")]).await?;
    let controller = ground.controller(FAST).await?;
    let trail = Trail::begin(ground)?;
    ground.cluster.set_condition("n1", "KernelDeadlock", "True", "ForTheTest").await?;
    let says =
        |data: &Value| data["status"].to_string().contains("Disabled: this installation has no right for drains");
    ground.recovery("n1", "that says what is missing", SOON, says).await?;
    logged(&controller, "Disabled: this installation has no right for it").await?;
    uncordoned(ground, "n1").await?;
    let pods = ground.pods(&shop, "web").await?;
    let pod = pods.iter().find(|pod| node_of(pod) != Some("n1")).context("all pods are on n1")?.name_any();
    ground.cluster.fail(&shop, &pod).await?;
    ground.recovery_is(&pod, "Succeeded", QUICK).await?;
    let evicted = trail.granted("create", "pods/eviction", &shop)?;
    ensure!(evicted.is_empty(), "evicted: {evicted:?}");
    // What is granted is taken up without a restart.
    give(ground, &json!(all)).await?;
    logged(&controller, "its rights are there again").await?;
    controller.stop().await
}

pub(crate) async fn services(ground: &Ground) -> Result<()> {
    let shop = ground.web(1, 1).await?;
    ground.deployment(&shop, "spare", 1).await?;
    take(ground, &[("patch", "services")]).await?;
    apply(ground, &service(&shop, "web", json!({ "self-healing.dev/failover-selector": "app=spare" }))).await?;
    let controller = ground.controller(ON_STANDBY).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.not_ready(&shop, &pod.name_any()).await?;
    logged(&controller, "Disabled: this installation has no right for it").await?;
    ground.recovery_is("web", "Succeeded", SOON).await?;
    let services = Api::<Service>::namespaced(ground.cluster.admin(), &shop);
    let selector = services.get("web").await?.spec.and_then(|spec| spec.selector).unwrap_or_default();
    ensure!(selector["app"] == "web", "it was switched: {selector:?}");
    let path = "jsonpath={.spec.template.metadata.annotations}";
    let output = ground.cluster.kubectl(&["get", "deployment", "web", "-n", &shop, "-o", path]).await?;
    let annotations = String::from_utf8_lossy(&output.stdout);
    ensure!(annotations.contains("kubectl.kubernetes.io/restartedAt"), "it was not restarted: {annotations}");
    controller.stop().await
}
