//! Pods: what is restarted, how, and what is left alone.

use crate::ground::{Ground, SOON};
use crate::objects::{FINALIZER, stays};
use crate::records::text_of;
use crate::suite::{EVERY_SECOND, QUICK};
use crate::trail::Trail;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::batch::v1::Job;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::wait::wait_for_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Several sweeps of a controller that checks every second.
const SWEEPS: Duration = Duration::from_secs(4);

pub(crate) async fn failed(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 2).await?;
    let controller = ground.controller(&[]).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    ground.pod_gone(&pod, QUICK).await?;
    let record = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    let spec = &record.data["spec"];
    ensure!(spec["target"]["uid"] == pod.uid().unwrap_or_default(), "wrong target: {spec}");
    ensure!(spec["workload"]["kind"] == "Deployment" && spec["workload"]["name"] == "web", "wrong workload: {spec}");
    let words = ["type", "action", "cause", "severity", "strategy"].map(|key| text_of(&spec[key]));
    ensure!(words == ["pod_failure", "pod_recovery", "Failed", "medium", "restart"], "wrong decision: {spec}");
    ground.cluster.deployment_ready(&shop, "web", SOON).await?;
    controller.stop().await
}

pub(crate) async fn crash_loop(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.crash_loop(&shop, &pod.name_any(), 4).await?;
    ground.pod_stays(&pod, SWEEPS).await?;
    ensure!(ground.recovery_count().await? == 0, "4 restarts are below the threshold of 5, but there is a Recovery");
    ground.cluster.crash_loop(&shop, &pod.name_any(), 5).await?;
    ground.pod_gone(&pod, QUICK).await?;
    let record = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    ensure!(record.data["spec"]["cause"] == "CrashLoop", "wrong cause: {}", record.data);
    ground.cluster.deployment_ready(&shop, "web", SOON).await?;
    controller.stop().await
}

pub(crate) async fn image_pull(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.waits(&shop, &pod.name_any(), "ImagePullBackOff").await?;
    ground.pod_gone(&pod, QUICK).await?;
    let record = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    ensure!(record.data["spec"]["cause"] == "ImagePull", "wrong cause: {}", record.data);
    controller.stop().await
}

pub(crate) async fn not_ready(ground: &Ground) -> Result<()> {
    const THRESHOLD: Duration = Duration::from_secs(10);
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    let pod = ground.pod(&shop, "web").await?;
    let begin = Instant::now();
    ground.cluster.not_ready(&shop, &pod.name_any()).await?;
    ground.pod_gone(&pod, THRESHOLD + QUICK).await?;
    let after = begin.elapsed();
    ensure!(after >= THRESHOLD, "10 intervals of 1 s are the threshold, but the pod was gone after {after:?}");
    ensure!(after <= THRESHOLD + Duration::from_secs(5), "the pod was gone only after {after:?}");
    let record = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    ensure!(record.data["spec"]["cause"] == "NotReady", "wrong cause: {}", record.data);
    controller.stop().await
}

pub(crate) async fn of_a_job(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let job = json!({
        "metadata": { "name": "report" },
        "spec": { "backoffLimit": 0, "template": {
            "metadata": { "labels": { "app": "report" } },
            "spec": { "schedulerName": ground.scheduler(), "restartPolicy": "Never", "containers": [{ "name": "main", "image": "app:1" }] },
        } },
    });
    let jobs = Api::<Job>::namespaced(ground.cluster.admin(), &shop);
    jobs.create(&PostParams::default(), &serde_json::from_value(job)?).await?;
    let (pods, only) = (ground.cluster.pod_api(&shop), ListParams::default().labels("app=report"));
    let of_job = wait_for_all(&pods, &only, "the Job's pod", SOON, |pods| !pods.is_empty()).await?;
    let of_job = of_job.first().context("the Job's pod is gone again")?;
    let controller = ground.controller(EVERY_SECOND).await?;
    ground.cluster.fail(&shop, &of_job.name_any()).await?;
    // A failed pod of a Deployment is healed after it, so the controller has seen both.
    let other = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &other.name_any()).await?;
    ground.recovery_is(&other.name_any(), "Succeeded", QUICK).await?;
    ground.pod_stays(of_job, SWEEPS).await?;
    ensure!(ground.recovery_count().await? == 1, "the failed pod of a Job got a Recovery of its own");
    controller.stop().await
}

pub(crate) async fn stuck_terminating(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(EVERY_SECOND).await?;
    let trail = Trail::begin(ground)?;
    let pod = ground.pod(&shop, "web").await?;
    ground.mark_pod(&pod, json!({ "finalizers": [FINALIZER] })).await?;
    let at_once = DeleteParams { grace_period_seconds: Some(1), ..Default::default() };
    ground.cluster.pod_api(&shop).delete(&pod.name_any(), &at_once).await?;

    let names_it = |data: &Value| data["status"]["phase"] == "Running" && data.to_string().contains(FINALIZER);
    let record = ground.recovery(&pod.name_any(), "that runs and names the finalizer", QUICK, names_it).await?;
    let spec = &record.data["spec"];
    ensure!(spec["cause"] == "StuckTerminating" && spec["strategy"] == "monitor", "wrong decision: {spec}");
    ensure!(text_of(&spec["description"]).contains(FINALIZER), "the description does not name the finalizer: {spec}");
    stays(&ground.recoveries(), &ListParams::default(), "one Recovery", SWEEPS, |all| all.len() == 1).await?;
    let still = ground.cluster.pod_api(&shop).get(&pod.name_any()).await.context("the stuck pod is gone")?;
    ensure!(still.finalizers() == [FINALIZER], "somebody changed the finalizers: {:?}", still.finalizers());
    let writes = trail.writes_on_others()?;
    ensure!(writes.is_empty(), "the controller wrote although it only reports: {writes:?}");

    ground.mark_pod(&pod, json!({ "finalizers": null })).await?;
    ground.pod_gone(&pod, QUICK).await?;
    let ended = ground.ended(&record, QUICK).await?;
    ensure!(ended.data["status"]["phase"] == "SelfRecovered", "wrong end: {}", ended.data["status"]);
    controller.stop().await
}
