//! The embedded cluster of the demo: its machines, what runs on it, and the controller's own manifests.

use super::error::Error;
use crate::manifests::{self, CONFIG_MAP, NAMESPACE};
use self_healing_sim::actor::{Levers, NodeSpec};
use self_healing_sim::failure::Failure;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};

/// The zones, and machines in each.
pub(super) const ZONES: [&str; 3] = ["a", "b", "c"];
pub(super) const MACHINES: usize = 4;

/// What the demo sets besides the ConfigMap as shipped: a zone of four machines is more than a quarter of all twelve.
pub(super) const CONFIG: &[(&str, &str)] = &[("max_unhealthy_nodes", "25%")];

/// Resources that the script changes as well.
pub(super) const DEPLOYMENTS: &str = "deployments.apps";
pub(super) const BUDGETS: &str = "poddisruptionbudgets.policy";

/// Namespace of all workloads.
pub(super) const SHOP: &str = "shop";
/// A workload that gets a bad release; one pod at a time is replaced.
pub(super) const RELEASED: &str = "web";
/// Workloads of which a pod fails now and then.
pub(super) const FRAGILE: [&str; 5] = ["cart", "search", "mail", "checkout", "catalog"];
/// Workloads whose disruption budgets allow no disruption at all.
pub(super) const BUDGETED: [&str; 2] = ["ledger", "payments"];
/// A pod without a controller.
pub(super) const BARE: &str = "backup";
/// Replicas of every workload but the one that is released.
pub(super) const REPLICAS: u32 = 3;

/// The image of a workload in a version.
pub(super) fn image(app: &str, version: &str) -> String {
    format!("registry.example/{SHOP}/{app}:{version}")
}

/// Builds the machines and everything that runs on them; the controller itself is not part of it.
///
/// # Errors
/// What the API refused.
pub(super) fn build(hand: &Hand, levers: &Levers) -> Result<(), Error> {
    for zone in ZONES {
        for number in 1..=MACHINES {
            levers.add_node(NodeSpec::named(format!("node-{zone}{number}")).zone(zone));
        }
    }
    install(hand)?;
    namespace(hand, SHOP)?;
    create(hand, DEPLOYMENTS, &deployment(RELEASED, REPLICAS + 1))?;
    for app in FRAGILE.into_iter().chain(BUDGETED) {
        create(hand, DEPLOYMENTS, &deployment(app, REPLICAS))?;
    }
    for app in BUDGETED {
        let budget = json!({ "metadata": { "name": app }, "spec": budget(app, REPLICAS) });
        create(hand, BUDGETS, &budget)?;
    }
    let bare = json!({ "metadata": { "name": BARE, "labels": { "app": BARE } }, "spec": pod(BARE, "1.0") });
    create(hand, "pods", &bare)?;
    Ok(())
}

/// The manifests as shipped, with what the demo sets; without the Deployment, because the controller runs beside the
/// cluster, and without what only matters on a real network.
fn install(hand: &Hand) -> Result<(), Error> {
    for mut object in manifests::objects(manifests::Options::default())? {
        let resource = match object["kind"].as_str().unwrap_or_default() {
            "Namespace" => "namespaces",
            "CustomResourceDefinition" => "customresourcedefinitions.apiextensions.k8s.io",
            "ServiceAccount" => "serviceaccounts",
            "ClusterRole" => "clusterroles.rbac.authorization.k8s.io",
            "ClusterRoleBinding" => "clusterrolebindings.rbac.authorization.k8s.io",
            "Role" => "roles.rbac.authorization.k8s.io",
            "RoleBinding" => "rolebindings.rbac.authorization.k8s.io",
            "ConfigMap" => "configmaps",
            _ => continue,
        };
        if object["metadata"]["name"] == CONFIG_MAP && object["metadata"]["namespace"] == NAMESPACE {
            CONFIG.iter().for_each(|(key, value)| object["data"][*key] = json!(value));
        }
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        hand.create(resource, &namespace, &object)?;
    }
    Ok(())
}

fn create(hand: &Hand, resource: &str, object: &Value) -> Result<(), Failure> {
    hand.create(resource, SHOP, object).map(drop)
}

fn namespace(hand: &Hand, name: &str) -> Result<(), Failure> {
    hand.create("namespaces", "", &json!({ "metadata": { "name": name } })).map(drop)
}

fn deployment(app: &str, replicas: u32) -> Value {
    let labels = json!({ "app": app });
    json!({
        "metadata": { "name": app, "labels": labels },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 1 } },
            "template": { "metadata": { "labels": labels }, "spec": pod(app, "1.0") },
        },
    })
}

/// The spec of a pod that runs a version of a workload.
pub(super) fn pod(app: &str, version: &str) -> Value {
    let requests = json!({ "cpu": "250m", "memory": "256Mi" });
    json!({ "containers": [{ "name": app, "image": image(app, version), "resources": { "requests": requests } }] })
}

/// The spec of a budget that keeps so many pods of a workload.
pub(super) fn budget(app: &str, least: u32) -> Value {
    json!({ "minAvailable": least, "selector": { "matchLabels": { "app": app } } })
}
