//! Evidence: what is left of a pod in its Recovery when the pod is gone.

use crate::ground::{Ground, SOON};
use crate::objects::is_ready;
use crate::records::text_of;
use crate::suite::{EVERY_SECOND, QUICK};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Event;
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::wait::wait_for_all;
use serde_json::json;

pub(crate) async fn of_a_stateful_set(ground: &Ground) -> Result<()> {
    ground.nodes(2).await?;
    let shop = ground.namespace().await?;
    let set = json!({
        "metadata": { "name": "db" },
        "spec": {
            "replicas": 1, "serviceName": "db", "selector": { "matchLabels": { "app": "db" } },
            "template": {
                "metadata": { "labels": { "app": "db" } },
                "spec": { "schedulerName": ground.scheduler(), "containers": [{ "name": "main", "image": "db:1" }] },
            },
        },
    });
    let sets = Api::<StatefulSet>::namespaced(ground.cluster.admin(), &shop);
    sets.create(&PostParams::default(), &serde_json::from_value(set)?).await?;
    let (pods, only) = (ground.cluster.pod_api(&shop), ListParams::default().labels("app=db"));
    let ready = wait_for_all(&pods, &only, "the set's pod to be ready", SOON, |pods| pods.iter().any(is_ready)).await?;
    let pod = ready.first().context("the set's pod is gone again")?;
    let event = json!({
        "metadata": { "name": "db-0.1", "namespace": shop },
        "involvedObject": { "kind": "Pod", "namespace": shop, "name": pod.name_any(), "uid": pod.uid() },
        "type": "Warning", "reason": "BackOff", "message": "Back-off restarting\nfailed container", "count": 7,
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:05:00Z",
    });
    let events = Api::<Event>::namespaced(ground.cluster.admin(), &shop);
    events.create(&PostParams::default(), &serde_json::from_value(event)?).await?;

    let controller = ground.controller(EVERY_SECOND).await?;
    ground.cluster.crash_loop(&shop, &pod.name_any(), 5).await?;
    ground.pod_gone(pod, QUICK).await?;
    let record = ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    let kept = record.data["status"]["evidence"].as_array().context("no evidence")?;
    let of = |name: &str| -> Vec<&str> {
        kept.iter().filter(|item| item["name"] == name).map(|item| text_of(&item["value"])).collect()
    };
    let told = [
        ("state", "restarted 5 times"),
        ("event", "2026-01-01T00:05:00Z Warning BackOff x7: Back-off restarting failed container"),
        ("revision", "of StatefulSet db, with db:1"),
        ("gathered", "at 2"),
    ];
    for (name, words) in told {
        let found = of(name);
        ensure!(found.iter().any(|text| text.contains(words)), "no evidence {name} says {words:?}: {found:?}");
    }
    controller.stop().await
}
