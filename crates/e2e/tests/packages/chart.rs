//! The chart: the same objects as the manifests by default, what values change, and which values it refuses.

use super::{Objects, assert_same, by_name, get, shipped, verbs};
use anyhow::{Context, Result, ensure};
use self_healing_e2e::packages::{CHART, OVERLAYS, Packages, objects, text};
use serde_json::{Value, json};
use std::path::Path;

/// What the chart adds to every object: who manages it and from which release it is.
const ADDED_LABELS: [&str; 4] =
    ["app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"];
/// What it adds to a custom resource definition, whose own labels are fewer.
const ADDED_TO_DEFINITIONS: [&str; 2] = ["app", "app.kubernetes.io/name"];
const NAMESPACE: &str = "Namespace//self-healing";
const DEPLOYMENT: &str = "Deployment/self-healing/self-healing-controller";
const CONFIG: &str = "ConfigMap/self-healing/self-healing-config";
const CLUSTER_ROLE: &str = "ClusterRole//self-healing-role";

async fn render(packages: &Packages, sets: &[&str]) -> Result<Objects> {
    let arguments: Vec<&str> = sets.iter().flat_map(|set| ["--set-json", *set]).collect();
    by_name(objects(&packages.chart(&arguments).await?)?)
}

/// The same objects as if they were applied from files.
fn without_additions(mut all: Objects) -> Objects {
    for object in all.values_mut() {
        let definition = object["kind"] == "CustomResourceDefinition";
        let labels = ADDED_LABELS.iter().chain(ADDED_TO_DEFINITIONS.iter().filter(|_| definition));
        for label in labels {
            remove(&mut object["metadata"]["labels"], label);
            if object["kind"] == "Deployment" {
                remove(&mut object["spec"]["template"]["metadata"]["labels"], label);
            }
        }
        if definition && object["metadata"]["annotations"] == json!({ "helm.sh/resource-policy": "keep" }) {
            remove(&mut object["metadata"], "annotations");
        }
    }
    with_sorted_variables(all)
}

/// The order of variables, by name in the chart, means nothing: none refers to another.
fn with_sorted_variables(mut all: Objects) -> Objects {
    for object in all.values_mut().filter(|object| object["kind"] == "Deployment") {
        if let Some(variables) = object["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut() {
            variables.sort_by_key(|variable| variable["name"].to_string());
        }
    }
    all
}

fn remove(object: &mut Value, key: &str) {
    object.as_object_mut().and_then(|object| object.remove(key));
}

/// Without the Namespace, which Helm makes.
fn for_helm(mut all: Objects) -> Objects {
    all.remove(NAMESPACE);
    with_sorted_variables(all)
}

#[tokio::test]
async fn helm_has_nothing_to_complain_of() -> Result<()> {
    let packages = Packages::ready()?;
    text(packages.helm(Path::new(""), &["lint", "--strict", CHART]).await?).map(drop)
}

#[tokio::test]
async fn by_default_it_is_the_manifests() -> Result<()> {
    let packages = Packages::ready()?;
    let rendered = render(&packages, &[]).await?;
    for (name, object) in &rendered {
        for label in ADDED_LABELS {
            ensure!(object["metadata"]["labels"][label].is_string(), "{name} has no label {label}");
        }
    }
    assert_same(&without_additions(rendered), &for_helm(shipped()?));
    Ok(())
}

#[tokio::test]
async fn two_replicas_are_the_overlay_ha() -> Result<()> {
    let packages = Packages::ready()?;
    let overlay = by_name(objects(&packages.kustomize(&format!("{OVERLAYS}/ha")).await?)?)?;
    let rendered = render(&packages, &["replicaCount=2"]).await?;
    assert_same(&without_additions(rendered), &for_helm(overlay));
    Ok(())
}

#[tokio::test]
async fn watched_namespaces_get_the_roles_of_the_overlay_namespaced() -> Result<()> {
    let packages = Packages::ready()?;
    let overlay = by_name(objects(&packages.kustomize(&format!("{OVERLAYS}/namespaced")).await?)?)?;
    let rendered = render(&packages, &["config.watch_namespaces=\"shop\""]).await?;
    assert_same(&without_additions(rendered), &for_helm(overlay));
    let two = render(&packages, &["config.watch_namespaces=\"shop, web\""]).await?;
    for namespace in ["shop", "web"] {
        let role = get(&two, &format!("Role/{namespace}/self-healing-role-watched"))?;
        ensure!(verbs(role, "pods").contains(&"delete"), "{role}");
    }
    Ok(())
}

#[tokio::test]
async fn values_reach_their_objects() -> Result<()> {
    let packages = Packages::ready()?;
    let digest = format!("image.digest=\"sha256:{}\"", "0".repeat(64));
    let sets = [
        digest.as_str(),
        "config.recovery_ttl=1000000",
        "config.health_check_interval=0.5",
        "config.paused=true",
        "config.email_recipients=null",
        "config.node_replacement=\"clusterapi\"",
        "rbac.nodeProviders=[\"karpenter\"]",
        "rbac.recreateBarePods=false",
        "rbac.remedies.nodes=false",
        "rbac.aggregateToView=true",
        "secrets.WEBHOOK_URL={\"secretRef\":\"own\",\"key\":\"url\"}",
        "secrets.PAGERDUTY_ROUTING_KEY=null",
        "commonLabels={\"team\":\"sre\",\"app\":\"other\"}",
        "crds.keep=false",
        "podMonitor.enabled=true",
        "serviceAccount.name=\"healer\"",
    ];
    let rendered = render(&packages, &sets).await?;
    let data = &get(&rendered, CONFIG)?["data"];
    let expected =
        [("recovery_ttl", json!("1000000")), ("health_check_interval", json!("0.5")), ("paused", json!("true"))];
    for (key, value) in expected.into_iter().chain([("email_recipients", Value::Null)]) {
        ensure!(data[key] == value, "{key}: {}", data[key]);
    }
    let deployment = get(&rendered, DEPLOYMENT)?;
    ensure!(deployment["metadata"]["labels"]["team"] == "sre", "{deployment}");
    ensure!(deployment["metadata"]["labels"]["app"] == "self-healing-controller", "{deployment}");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    ensure!(
        container["image"].as_str().is_some_and(|image| image.starts_with("self-healing-controller@sha256:")),
        "{container}"
    );
    let variables = container["env"].to_string();
    ensure!(variables.contains("WEBHOOK_URL") && !variables.contains("PAGERDUTY"), "{variables}");
    ensure!(
        !verbs(get(&rendered, CLUSTER_ROLE)?, "pods").contains(&"create"),
        "the right to create pods is still there"
    );
    let nodes = verbs(get(&rendered, CLUSTER_ROLE)?, "nodes");
    ensure!(nodes == ["get", "list", "watch"], "the remedy nodes is left out: {nodes:?}");
    ensure!(
        get(&rendered, "ClusterRole//self-healing-view")?["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"]
            == "true"
    );
    for provider in ["clusterapi", "karpenter"] {
        get(&rendered, &format!("ClusterRoleBinding//self-healing-provider-{provider}"))?;
    }
    let definition = get(&rendered, "CustomResourceDefinition//recoveries.self-healing.dev")?;
    ensure!(definition["metadata"].get("annotations").is_none(), "{}", definition["metadata"]);
    let policy = get(&rendered, "ValidatingAdmissionPolicy//self-healing-nodes")?;
    let condition = policy["spec"]["matchConditions"][0]["expression"].as_str().unwrap_or_default();
    ensure!(condition.contains("system:serviceaccount:self-healing:healer'"), "{condition}");
    get(&rendered, "PodMonitor/self-healing/self-healing-controller").map(drop)
}

#[tokio::test]
async fn what_is_not_wanted_is_not_there() -> Result<()> {
    let packages = Packages::ready()?;
    let sets = [
        "crds.install=false",
        "rbac.create=false",
        "serviceAccount.create=false",
        "networkPolicy.enabled=false",
        "admissionPolicies.enabled=false",
    ];
    let left = render(&packages, &sets).await?;
    ensure!(left.keys().eq([CONFIG, DEPLOYMENT]), "{:?}", left.keys());
    Ok(())
}

#[tokio::test]
async fn another_name_is_that_of_everything_that_could_collide() -> Result<()> {
    let packages = Packages::ready()?;
    let rendered =
        render(&packages, &["fullnameOverride=\"second\"", "crds.install=false", "serviceMonitor.enabled=true"])
            .await?;
    for name in ["Deployment/self-healing/second", "ClusterRoleBinding//second-binding", "Service/self-healing/second"]
    {
        get(&rendered, name)?;
    }
    let policy = get(&rendered, "ValidatingAdmissionPolicyBinding//second-nodes")?;
    ensure!(policy["spec"]["policyName"] == "second-nodes", "{policy}");
    // The names that the program itself looks for, and that of the ServiceAccount, which is a value of its own.
    let fixed = rendered.keys().filter(|name| name.contains("/self-healing-"));
    let fixed: Vec<&String> = fixed.collect();
    ensure!(fixed == [CONFIG, "ServiceAccount/self-healing/self-healing-sa"], "{fixed:?}");
    Ok(())
}

#[tokio::test]
async fn wrong_values_are_refused_by_name() -> Result<()> {
    let packages = Packages::ready()?;
    for (sets, word) in [
        (&["replicaCuont=2"][..], "replicaCuont"),
        (&["config.pod_restart_treshold=2"], "pod_restart_treshold"),
        (&["rbac.remedies.node=false"], "node"),
        (&["image.tagg=\"v1\""], "tagg"),
        (&["secrets.SLACK_URL={\"secretRef\":\"a\",\"key\":\"b\"}"], "SLACK_URL"),
        (&["rbac.nodeProviders=[\"openstack\"]"], "nodeProviders"),
        (&["image.digest=\"latest\""], "digest"),
        (&["podMonitor.enabled=true", "serviceMonitor.enabled=true"], "set one of them to false"),
        (&["replicaCount=2", "config.leader_election=false"], "leave leader_election out"),
    ] {
        let said = render(&packages, sets).await.err().with_context(|| format!("{sets:?} was taken"))?;
        ensure!(format!("{said:#}").contains(word), "{sets:?}: {said:#}");
    }
    Ok(())
}
