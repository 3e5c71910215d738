//! What is changed on controllers of pods, on Services and on limits: what is restarted behind a Service, switched, scaled and raised.

use crate::ground::{Ground, SOON};
use crate::suite::{EVERY_SECOND, QUICK};
use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Api;
use kube::ResourceExt;
use kube::api::ListParams;
use self_healing_e2e::wait::{wait_for, wait_for_all};
use self_healing_story::Policy;
use serde_json::{Value, json};
use std::fs;

/// A pod that is not ready is the trouble of its Service here, not one of its own.
pub(super) const ON_STANDBY: &[(&str, &str)] =
    &[("HEALTH_CHECK_INTERVAL", "1"), ("POD_CHECK_INTERVAL", "600"), ("DEPLOYMENT_CHECK_INTERVAL", "60")];

/// Three controllers of pods, each behind a Service of its name; every pod is unready, so each is restarted as `kubectl rollout restart` does.
pub(crate) async fn restarted_behind_services(ground: &Ground) -> Result<()> {
    let kinds = [("Deployment", "web"), ("StatefulSet", "db"), ("DaemonSet", "agent")];
    ground.nodes(1).await?;
    let shop = ground.namespace().await?;
    for (kind, name) in kinds {
        apply(ground, &workload(kind, &shop, name)).await?;
        apply(ground, &service(&shop, name, json!({}))).await?;
    }
    let pods = ready(ground, &shop, kinds.len()).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    for pod in pods {
        ground.cluster.not_ready(&shop, &pod.name_any()).await?;
    }
    for (kind, name) in kinds {
        ground.recovery_is(name, "Succeeded", SOON).await?;
        let path = "jsonpath={.spec.template.metadata.annotations}";
        let output = ground.cluster.kubectl(&["get", kind, name, "-n", &shop, "-o", path]).await?;
        let annotations = String::from_utf8_lossy(&output.stdout);
        ensure!(annotations.contains("kubectl.kubernetes.io/restartedAt"), "{kind} {name} has {annotations}");
    }
    controller.stop().await
}

/// A Service without ready endpoints serves from its standby until its own pods were well for ten checks.
pub(crate) async fn switched_to_its_standby(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    ground.deployment(&shop, "web", 1).await?;
    ground.deployment(&shop, "spare", 1).await?;
    apply(ground, &service(&shop, "web", json!({ "self-healing.dev/failover-selector": "app=spare" }))).await?;
    let controller = ground.controller(ON_STANDBY).await?;
    let pod = ground.pod(&shop, "web").await?.name_any();
    ground.cluster.not_ready(&shop, &pod).await?;
    selects(ground, &shop, "spare").await?;
    ground.cluster.make_ready(&shop, &pod).await?;
    selects(ground, &shop, "web").await?;
    ground.recovery_is("web", "Succeeded", QUICK).await?;
    controller.stop().await
}

/// A pod that crashes is deleted when one more is ready, and the number is what it was before.
pub(crate) async fn one_more_first(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    apply(ground, &workload("ReplicaSet", &shop, "web")).await?;
    ready(ground, &shop, 1).await?;
    let spec = "  match: {types: [pod_failure]}\n  strategies: {pod_failure: {medium: scale_and_replace}}\n";
    ground.apply_policy(&Policy { name: "surge".to_owned(), version: 1, spec: spec.to_owned() }).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.crash_loop(&shop, &pod.name_any(), 6).await?;
    let sets = Api::<ReplicaSet>::namespaced(ground.cluster.admin(), &shop);
    let wants = |count| {
        move |set: Option<&ReplicaSet>| {
            set.is_some_and(|set| set.spec.as_ref().is_some_and(|spec| spec.replicas == Some(count)))
        }
    };
    wait_for(&sets, "web", "ReplicaSet web to want one more", QUICK, wants(2)).await?;
    ground.pod_gone(&pod, QUICK).await?;
    wait_for(&sets, "web", "ReplicaSet web to want one again", QUICK, wants(1)).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    controller.stop().await
}

/// The limit of a container that is killed for its memory is raised in place, where a policy says so.
pub(crate) async fn more_memory(ground: &Ground) -> Result<()> {
    ground.nodes(1).await?;
    let shop = ground.namespace().await?;
    let mut wanted = workload("Deployment", &shop, "web");
    wanted["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({ "limits": { "memory": "64Mi" } });
    apply(ground, &wanted).await?;
    let pod = ready(ground, &shop, 1).await?.pop().context("no pod")?.name_any();
    let spec = "  match: {causes: [OOMKilled]}\n  strategies: {resource_exhaustion: {medium: resize}}\n  resize: {factor: 2, max: 1Gi}\n";
    ground.apply_policy(&Policy { name: "more-memory".to_owned(), version: 1, spec: spec.to_owned() }).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    // Kills are told apart by their second.
    for ago in [10, 0] {
        let at = Timestamp::now() - SignedDuration::from_secs(ago);
        ground.cluster.out_of_memory(&shop, &pod, at).await?;
    }
    let raised = |pod: Option<&Pod>| {
        let spec = pod.and_then(|pod| serde_json::to_value(&pod.spec).ok());
        spec.is_some_and(|spec| spec["containers"][0]["resources"]["limits"]["memory"] == "134217728")
    };
    wait_for(&ground.cluster.pod_api(&shop), &pod, "the limit to be 128Mi", QUICK, raised).await?;
    controller.stop().await
}

/// A controller of one pod, which is labelled by its name.
fn workload(kind: &str, namespace: &str, name: &str) -> Value {
    let labels = json!({ "app": name, "part": "shop" });
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": { "namespace": namespace, "name": name },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "main", "image": "app:1" }] },
            },
        },
    });
    if kind != "DaemonSet" {
        object["spec"]["replicas"] = json!(1);
    }
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = json!(name);
    }
    object
}

pub(super) fn service(namespace: &str, name: &str, annotations: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": namespace, "name": name, "annotations": annotations },
        "spec": { "selector": { "app": name }, "ports": [{ "port": 80 }] },
    })
}

pub(super) async fn apply(ground: &Ground, object: &Value) -> Result<()> {
    let file = ground.cluster.dir().join("object.json");
    fs::write(&file, object.to_string())?;
    // Stored as by a client without server-side apply, so that nobody owns a field.
    ground.cluster.kubectl(&["create", "-f", &file.display().to_string()]).await.map(drop)
}

/// Waits until so many pods of these controllers are ready.
async fn ready(ground: &Ground, namespace: &str, count: usize) -> Result<Vec<Pod>> {
    let all = |pods: &[Pod]| pods.iter().filter(|pod| crate::objects::is_ready(pod)).count() == count;
    let params = ListParams::default().labels("part=shop");
    wait_for_all(&ground.cluster.pod_api(namespace), &params, "ready pods", SOON, all).await
}

async fn selects(ground: &Ground, namespace: &str, app: &str) -> Result<()> {
    let services = Api::<Service>::namespaced(ground.cluster.admin(), namespace);
    let good = |service: Option<&Service>| {
        let spec = service.and_then(|service| service.spec.as_ref());
        spec.and_then(|spec| spec.selector.as_ref())
            .is_some_and(|selector| selector.get("app").is_some_and(|is| is == app))
    };
    let what = format!("Service web to select app={app}");
    wait_for(&services, "web", &what, SOON, good).await.map(drop)
}
