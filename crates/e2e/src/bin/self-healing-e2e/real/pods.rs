//! Pods that fail on nodes that are well, each in a namespace of its own.

use super::ground::RealGround;
use super::workload::{container, pod, server};
use crate::ground::SOON;
use crate::records::text_of;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, DynamicObject, ListParams};
use self_healing_e2e::real::image::FAULT;
use self_healing_e2e::wait::wait_for_all;
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

/// Three restarts, because the kubelet's back-off before the fifth would take five minutes; a check of pods longer than those pauses.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("HEALTH_CHECK_INTERVAL", "10"),
    ("DEPLOYMENT_CHECK_INTERVAL", "600"),
    ("POD_RESTART_THRESHOLD", "3"),
    ("SETTLE_PERIOD", "1"),
    ("RECOVERIES_PER_MINUTE", "100"),
];
const RESTARTS: i32 = 3;
/// Back-offs of 10, 20 and 40 s, and a start each.
const LOOP: Duration = Duration::from_secs(150);
/// Ten checks of a pod that is not ready, with room.
const NOT_READY: Duration = Duration::from_secs(140);
/// What the recognition of a crash loop may take.
const AT_ONCE: Duration = Duration::from_secs(1);

pub(super) async fn crash_loop(real: &RealGround) -> Result<()> {
    let shop = real.ground.namespace().await?;
    real.deploy(&shop, "crash", 1, &pod(&container(&["exit", "3", "1"]))).await?;
    let shown =
        real.pods_are(&shop, "crash", "to be down at the threshold", LOOP, |pods| pods.iter().any(is_down)).await?;
    let seen = Instant::now();
    let name = shown.iter().find(|pod| is_down(pod)).context("the pod is gone again")?.name_any();
    let record = recovery_of(real, &name, "CrashLoop", SOON).await?;
    let after = seen.elapsed();
    ensure!(after <= AT_ONCE, "recognised {after:?} after the status that shows it");
    println!("        a crash loop was recognised {after:.1?} after the status that shows it");
    real.ground.pod_gone(shown.first().context("a pod")?, SOON).await?;
    let evidence = real.ground.recoveries().get(&record.name_any()).await?.data["status"]["evidence"].to_string();
    ensure!(evidence.contains('3'), "the evidence does not tell the exit code 3: {evidence}");
    real.remove(&shop).await
}

/// Restarted that often, and not running at the moment.
fn is_down(pod: &Pod) -> bool {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    statuses.iter().any(|status| {
        status.restart_count >= RESTARTS && status.state.as_ref().is_some_and(|state| state.running.is_none())
    })
}

pub(super) async fn exit_zero(real: &RealGround) -> Result<()> {
    loops(real, "zero", &pod(&container(&["exit", "0", "1"]))).await
}

pub(super) async fn init_container(real: &RealGround) -> Result<()> {
    let mut spec = pod(&server());
    spec["initContainers"] = json!([{ "name": "prepare", "image": FAULT, "args": ["exit", "4", "0"] }]);
    loops(real, "init", &spec).await
}

/// A pod like that is a crash loop, and is restarted.
async fn loops(real: &RealGround, app: &str, spec: &serde_json::Value) -> Result<()> {
    let shop = real.ground.namespace().await?;
    real.deploy(&shop, app, 1, spec).await?;
    let pod = real.first_pod(&shop, app).await?;
    recovery_of(real, &pod.name_any(), "CrashLoop", LOOP).await?;
    real.ground.pod_gone(&pod, SOON).await?;
    real.remove(&shop).await
}

pub(super) async fn out_of_memory(real: &RealGround) -> Result<()> {
    let shop = real.ground.namespace().await?;
    let mut eater = container(&["eat", "100"]);
    eater["resources"] = json!({ "limits": { "memory": "32Mi" } });
    real.deploy(&shop, "eater", 1, &pod(&eater)).await?;
    let name = real.first_pod(&shop, "eater").await?.name_any();
    let record = recovery_of(real, &name, "OOMKilled", LOOP).await?;
    ensure!(
        record.data["spec"]["strategy"] == "monitor",
        "more memory is nothing that a restart gives: {}",
        record.data
    );
    real.remove(&shop).await
}

pub(super) async fn image(real: &RealGround) -> Result<()> {
    // Nobody listens there, so it is refused at once.
    const MISSING: &str = "127.0.0.1:1/shop:1";
    let shop = real.ground.namespace().await?;
    let mut missing = server();
    missing["image"] = json!(MISSING);
    real.deploy(&shop, "image", 1, &pod(&missing)).await?;
    let pod = real.first_pod(&shop, "image").await?;
    recovery_of(real, &pod.name_any(), "ImagePull", SOON).await?;
    for node in real.names() {
        real.machine(&node)?.run(&["ctr", "--namespace", "k8s.io", "images", "tag", FAULT, MISSING])?;
    }
    real.ground.cluster.deployment_ready(&shop, "image", NOT_READY).await?;
    real.ended(&shop, SOON).await?;
    real.remove(&shop).await
}

pub(super) async fn readiness(real: &RealGround) -> Result<()> {
    let shop = real.ground.namespace().await?;
    real.deploy_ready(&shop, "shy", 2, &pod(&server())).await?;
    let shy = real.ground.pod(&shop, "shy").await?;
    real.tell(&shy, "/set?ready=0").await?;
    recovery_of(real, &shy.name_any(), "NotReady", NOT_READY).await?;
    real.ground.pod_gone(&shy, SOON).await?;
    real.ground.cluster.deployment_ready(&shop, "shy", SOON).await?;
    let ended = real.ended(&shop, SOON).await?;
    ensure!(ended.iter().all(|phase| phase == "Succeeded"), "it helped, but ended {ended:?}");
    real.remove(&shop).await
}

pub(super) async fn liveness(real: &RealGround) -> Result<()> {
    let shop = real.ground.namespace().await?;
    real.deploy_ready(&shop, "stuck", 1, &pod(&server())).await?;
    let stuck = real.ground.pod(&shop, "stuck").await?;
    real.tell(&stuck, "/set?alive=0").await?;
    let restarted = |pods: &[Pod]| pods.iter().any(|pod| restarts(pod) == 1 && crate::objects::is_ready(pod));
    real.pods_are(&shop, "stuck", "to be restarted by the kubelet", SOON, restarted).await?;
    real.ground.pod_stays(&stuck, Duration::from_secs(15)).await?;
    ensure!(real.records(&shop).await?.is_empty(), "the kubelet had helped, but there is a Recovery");
    real.remove(&shop).await
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    statuses.iter().map(|status| status.restart_count).sum()
}

pub(super) async fn ignores_term(real: &RealGround) -> Result<()> {
    const GRACE: u32 = 5;
    let shop = real.ground.namespace().await?;
    let mut spec = pod(&container(&["ignore-term", "wait"]));
    spec["terminationGracePeriodSeconds"] = json!(GRACE);
    real.deploy_ready(&shop, "deaf", 1, &spec).await?;
    let deaf = real.ground.pod(&shop, "deaf").await?;
    let begin = Instant::now();
    real.ground.cluster.pod_api(&shop).delete(&deaf.name_any(), &DeleteParams::default()).await?;
    real.ground.pod_gone(&deaf, SOON).await?;
    let after = begin.elapsed();
    ensure!(after >= Duration::from_secs(GRACE.into()), "it was gone after {after:?}, so it did not ignore SIGTERM");
    ensure!(real.records(&shop).await?.is_empty(), "nothing was stuck, but there is a Recovery");
    real.remove(&shop).await
}

pub(super) async fn finalizer(real: &RealGround) -> Result<()> {
    let shop = real.ground.namespace().await?;
    real.deploy_ready(&shop, "kept", 1, &pod(&server())).await?;
    let kept = real.ground.pod(&shop, "kept").await?;
    real.ground.mark_pod(&kept, json!({ "finalizers": [crate::objects::FINALIZER] })).await?;
    real.ground.cluster.pod_api(&shop).delete(&kept.name_any(), &DeleteParams::default()).await?;
    let record = recovery_of(real, &kept.name_any(), "StuckTerminating", SOON).await?;
    ensure!(text_of(&record.data["spec"]["description"]).contains(crate::objects::FINALIZER), "it names no finalizer");
    real.ground.mark_pod(&kept, json!({ "finalizers": null })).await?;
    real.ground.pod_gone(&kept, SOON).await?;
    let ended = real.ended(&shop, SOON).await?;
    ensure!(ended == ["SelfRecovered"], "a person freed it, but it ended {ended:?}");
    real.remove(&shop).await
}

pub(super) async fn static_pod(real: &RealGround) -> Result<()> {
    let shop = real.ground.namespace().await?;
    let node = real.names().into_iter().next().context("there is a node")?;
    let manifest = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "fixed", "namespace": shop, "labels": { "app": "fixed" } },
        "spec": pod(&container(&["exit", "5", "1"])),
    });
    let file = real.machine(&node)?.folder().join("config/static/fixed.json");
    fs::write(&file, manifest.to_string())?;
    let shown =
        real.pods_are(&shop, "fixed", "to be down at the threshold", LOOP, |pods| pods.iter().any(is_down)).await?;
    let mirror = shown.first().context("the mirror pod is gone again")?;
    real.ground.pod_stays(mirror, Duration::from_secs(20)).await?;
    let phases = real.records(&shop).await?;
    ensure!(
        phases.iter().all(|record| record.data["status"]["attempts"].as_array().is_none_or(Vec::is_empty)),
        "a static pod is its kubelet's, but something was tried: {phases:?}"
    );
    fs::remove_file(&file)?;
    real.ground.pod_gone(mirror, SOON).await?;
    real.remove(&shop).await
}

/// Waits for a Recovery of that pod with that cause.
async fn recovery_of(real: &RealGround, pod: &str, cause: &str, deadline: Duration) -> Result<DynamicObject> {
    real.ground.recovery(pod, &format!("for {cause}"), deadline, |data| data["spec"]["cause"] == cause).await
}

impl RealGround {
    /// The Recoveries of targets in that namespace.
    pub(super) async fn records(&self, namespace: &str) -> Result<Vec<DynamicObject>> {
        let all = self.ground.recoveries().list(&ListParams::default()).await?;
        Ok(all.items.into_iter().filter(|record| record.data["spec"]["target"]["namespace"] == namespace).collect())
    }

    /// Waits until the Recoveries of targets in that namespace have ended, and gives how.
    pub(super) async fn ended(&self, namespace: &str, deadline: Duration) -> Result<Vec<String>> {
        let ours = |record: &&DynamicObject| record.data["spec"]["target"]["namespace"] == namespace;
        let over = |all: &[DynamicObject]| all.iter().filter(ours).all(crate::records::is_over);
        let what = format!("Recoveries in {namespace} to end");
        let all = wait_for_all(&self.ground.recoveries(), &ListParams::default(), &what, deadline, over).await?;
        Ok(all.iter().filter(ours).map(|record| text_of(&record.data["status"]["phase"]).to_owned()).collect())
    }

    /// What is left of a story would go on failing beside the others.
    pub(super) async fn remove(&self, namespace: &str) -> Result<()> {
        let api = kube::Api::<k8s_openapi::api::core::v1::Namespace>::all(self.ground.cluster.admin());
        api.delete(namespace, &DeleteParams::default()).await.map(drop).context("cannot remove the namespace")
    }
}
