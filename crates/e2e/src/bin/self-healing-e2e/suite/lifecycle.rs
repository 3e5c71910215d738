//! The life of the process: leadership, its handover, and what it answers over HTTP.

use super::drains::FAST;
use super::succession::Replica;
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, OWN, SOON};
use crate::objects::{FINALIZER, merge, node_of};
use crate::suite::QUICK;
use crate::trail::{Request, Trail};
use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::DeleteParams;
use kube::{Api, ResourceExt};
use reqwest::{Client, Method};
use self_healing_e2e::NodeSpec;
use self_healing_e2e::wait::wait_for;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The shipped Deployment.
const CONTROLLER: &str = "self-healing-controller";
/// The leader leaves its own node to another replica, which drains it like any other, before it has done anything to it.
pub(crate) async fn own_node(ground: &Ground) -> Result<()> {
    let replicas = Api::<Deployment>::namespaced(ground.cluster.admin(), OWN);
    let nodes = ground.cluster.nodes();
    for (count, node) in [(1, "n1"), (2, "n2")] {
        ground.cluster.add_node(NodeSpec::named(node).label("kubernetes.io/os", "linux")).await?;
        merge(&nodes, "n1", json!({ "spec": { "unschedulable": count == 2 } })).await?;
        merge(&replicas, CONTROLLER, json!({ "spec": { "replicas": count } })).await?;
        ground.cluster.deployment_ready(OWN, CONTROLLER, SOON).await?;
    }
    ground.elsewhere(OWN, CONTROLLER, 1, "n1", SOON).await?;
    merge(&nodes, "n1", json!({ "spec": { "unschedulable": null } })).await?;
    let pods = ground.pods(OWN, CONTROLLER).await?;
    let on = |node: &str| pods.iter().find(|pod| node_of(pod) == Some(node)).map(ResourceExt::name_any);
    let (here, there) = (on("n1").context("no replica on n1")?, on("n2").context("no replica on n2")?);
    let trail = Trail::begin(ground)?;
    let first = Replica::start(ground, &[FAST, &[("POD_NAME", here.as_str())]].concat()).await?;
    first.controller.leads().await?;
    let second = Replica::start(ground, &[FAST, &[("POD_NAME", there.as_str())]].concat()).await?;

    ground.cluster.add_node(NodeSpec::named("n3").label("kubernetes.io/os", "linux")).await?;

    ground.sicken("n1").await?;
    second.controller.leads().await?;
    ground.recovery_is("n1", "Succeeded", SOON).await?;
    ground.elsewhere(OWN, CONTROLLER, 2, "n1", QUICK).await?;
    ensure!(!first.says_that_it_leads().await?, "the leadership was taken back");
    trail.evicted_once(OWN, &[here])?;
    let mut wrote = trail.requests_of(&first.credential, Timestamp::UNIX_EPOCH)?;
    wrote.retain(Request::writes_on_others);
    ensure!(wrote.is_empty(), "whose node it is, did this to it: {wrote:?}");
    first.controller.stop().await?;
    second.controller.stop().await
}

/// Finished Recoveries are cleared away after recovery_ttl, and those that go on are not.
pub(crate) async fn history_expires(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 2).await?;
    let environment = [("HEALTH_CHECK_INTERVAL", "1"), ("RECOVERY_TTL", "5")];
    let controller = ground.controller(&environment).await?;
    let pods = ground.pods(&shop, "web").await?;
    let [done, stuck] = pods.as_slice() else { bail!("two pods expected: {pods:?}") };
    ground.mark_pod(stuck, json!({ "finalizers": [FINALIZER] })).await?;
    let now = DeleteParams { grace_period_seconds: Some(1), ..Default::default() };
    ground.cluster.pod_api(&shop).delete(&stuck.name_any(), &now).await?;
    ground.recovery_is(&stuck.name_any(), "Running", QUICK).await?;
    ground.cluster.fail(&shop, &done.name_any()).await?;
    let record = ground.recovery_is(&done.name_any(), "Succeeded", QUICK).await?;
    let finished = Instant::now();
    let name = record.name_any();
    wait_for(&ground.recoveries(), &name, &format!("{name} to be cleared away"), QUICK, |found| found.is_none())
        .await?;
    let kept = finished.elapsed();
    ensure!(kept >= Duration::from_secs(4), "recovery_ttl is 5 s, but the Recovery was kept for {kept:?} only");
    ground.recovery_is(&stuck.name_any(), "Running", QUICK).await?;
    controller.stop().await
}

/// Series that exist from the start; histograms show as `_count`.
const SERIES: [&str; 14] = [
    "self_healing_failures_detected_total{type=\"pod_failure\",severity=\"medium\"}",
    "self_healing_recoveries_attempted_total{type=\"node_failure\",strategy=\"drain_and_replace\"}",
    "self_healing_recovery_duration_seconds_count{type=\"pod_failure\"}",
    "self_healing_active_failures{type=\"service_failure\"}",
    "self_healing_recoveries_total{type=\"pod_failure\",strategy=\"restart\",result=\"Succeeded\"}",
    "self_healing_detection_latency_seconds_count{type=\"deployment_failure\"}",
    "self_healing_guard_holds{guard=\"Paused\"}",
    "self_healing_notifications_total{channel=\"slack\",result=\"sent\"}",
    "self_healing_watch_lag_seconds{kind=\"pods\"}",
    "self_healing_tracked_objects{kind=\"nodes\"}",
    "self_healing_config_errors_total",
    "self_healing_leader",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
];

pub(crate) async fn endpoints(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 1).await?;
    let controller = ground.controller(&[]).await?;
    let (code, body) = controller.get("/health").await?;
    ensure!(code == 200 && body["status"] == "healthy", "/health answered {code} {body}");
    ensure!(body["timestamp"].is_string() && body["uptime"].is_number(), "/health lacks timestamp or uptime: {body}");
    let (code, body) = controller.get("/ready").await?;
    let good = json!({ "status": "ready", "k8s_connection": true, "monitoring_active": true, "leader": true });
    ensure!(code == 200 && body == good, "/ready answered {code} {body}");

    for (method, path, size, expected) in [
        (Method::GET, "/no-such-page", 0, 404),
        (Method::POST, "/health", 0, 405),
        (Method::DELETE, "/metrics", 0, 405),
        (Method::POST, "/health", 64 * 1024 + 1, 413),
        (Method::GET, "/metrics", 64 * 1024 + 1, 413),
    ] {
        let (code, body) = ask(&controller, method.clone(), path, size).await?;
        ensure!(code == expected, "{method} {path} with {size} bytes answered {code} instead of {expected}");
        ensure!(serde_json::from_str::<Value>(&body).is_ok(), "{method} {path} answered {code} without JSON: {body}");
    }
    metrics(&controller).await?;

    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    for (series, expected) in [
        (SERIES[0], 1.0),
        (SERIES[2], 1.0),
        (SERIES[4], 1.0),
        ("self_healing_active_failures{type=\"pod_failure\"}", 0.0),
    ] {
        // The record is stored before it is counted.
        let shows = async || {
            let (_, text) = controller.text("/metrics").await?;
            Ok((value(&text, series) == Some(expected)).then_some(()))
        };
        eventually(&format!("{series} to be {expected} after one healed pod"), QUICK, shows).await?;
    }
    controller.stop().await
}

async fn metrics(controller: &Controller) -> Result<()> {
    let (_, text) = controller.text("/metrics").await?;
    let missing: Vec<&str> = SERIES.into_iter().filter(|series| value(&text, series).is_none()).collect();
    ensure!(missing.is_empty(), "/metrics lacks {missing:?}:\n{text}");
    ensure!(text.contains("self_healing_api_requests_total{"), "/metrics counts no API request:\n{text}");
    ensure!(value(&text, "self_healing_leader") == Some(1.0), "the leader's self_healing_leader is not 1");
    let memory = value(&text, "process_resident_memory_bytes").unwrap_or_default();
    ensure!(memory > 1e6, "process_resident_memory_bytes is {memory}");

    let short = accept(controller, "application/json").await?;
    let short: Value = serde_json::from_str(&short).with_context(|| format!("/metrics as JSON: {short}"))?;
    for key in ["failures_detected", "recoveries_successful", "recoveries_failed", "cpu_usage", "memory_usage"] {
        ensure!(short[key].is_number(), "the short form of /metrics lacks {key}: {short}");
    }
    let open = accept(controller, "application/openmetrics-text; version=1.0.0").await?;
    ensure!(open.trim_end().ends_with("# EOF"), "OpenMetrics text must end with # EOF:\n{open}");
    Ok(())
}

async fn accept(controller: &Controller, kind: &str) -> Result<String> {
    let request = Client::new().get(format!("http://{}/metrics", controller.address)).header("accept", kind);
    Ok(request.send().await?.error_for_status()?.text().await?)
}

async fn ask(controller: &Controller, method: Method, path: &str, size: usize) -> Result<(u16, String)> {
    let request = Client::new().request(method, format!("http://{}{path}", controller.address)).body(vec![b'x'; size]);
    let response = request.send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

/// The value of a series, whose labels may be written in any order.
fn value(text: &str, series: &str) -> Option<f64> {
    let (name, labels) = parts(series);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut found = lines.filter_map(|line| line.rsplit_once(' ')).filter(|(known, _)| {
        let (known_name, known_labels) = parts(known);
        known_name == name && known_labels == labels
    });
    found.next()?.1.parse().ok()
}

fn parts(series: &str) -> (&str, Vec<&str>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let mut labels: Vec<&str> = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()).collect();
    labels.sort_unstable();
    (name, labels)
}
