//! Nodes that run out of memory or disk, and evict.

use super::ground::RealGround;
use super::nodes::SETTINGS;
use super::workload::{container, pod};
use crate::ground::SOON;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use self_healing_e2e::real::machine::Spec;
use serde_json::{Value, json};
use std::time::Duration;

/// A kubelet looks every ten seconds, and the pressure stays for some time after it has evicted.
const EVICTED: Duration = Duration::from_secs(150);

pub(super) async fn memory(real: &RealGround) -> Result<()> {
    let spec = Spec { memory_mib: Some(768), ..Spec::named("small") };
    // A kubelet looks every ten seconds, and must see it before the node has nothing left for the kubelet itself.
    evicts(real, 17, spec, "MemoryPressure", pod(&container(&["eat", "8"]))).await
}

pub(super) async fn disk(real: &RealGround) -> Result<()> {
    let spec = Spec { disk_mib: Some(200), ..Spec::named("full") };
    let mut filler = container(&["fill", "/data", "2"]);
    filler["volumeMounts"] = json!([{ "name": "data", "mountPath": "/data" }]);
    let mut pod = pod(&filler);
    pod["volumes"] = json!([{ "name": "data", "emptyDir": {} }]);
    // As the image's user, who owns nothing.
    pod["securityContext"] = json!({ "fsGroup": 65532 });
    evicts(real, 18, spec, "DiskPressure", pod).await
}

/// A pod takes all of a small node, which evicts it. The pressure is told and nothing is done about it; the evicted pod counts as failed.
async fn evicts(real: &RealGround, number: u8, spec: Spec, condition: &str, mut greedy: Value) -> Result<()> {
    let node = spec.name.clone();
    real.boot(number, spec).await?;
    let controller = real.ground.controller(SETTINGS).await?;
    let shop = real.ground.namespace().await?;
    greedy["nodeSelector"] = json!({ "kubernetes.io/hostname": node });
    real.deploy(&shop, "greedy", 1, &greedy).await?;
    let evicted = |pods: &[Pod]| pods.iter().any(was_evicted);
    let pods = real.pods_are(&shop, "greedy", "to be evicted", EVICTED, evicted).await?;
    let pod = pods.iter().find(|pod| was_evicted(pod)).context("the pod is gone again")?.name_any();
    real.ground.recovery(&node, &format!("for {condition}"), SOON, |data| data["spec"]["cause"] == condition).await?;
    let record = real.ground.recovery(&pod, "for Failed", SOON, |data| data["spec"]["cause"] == "Failed").await?;
    ensure!(record.data.to_string().contains("Evicted"), "nothing says that it was evicted: {}", record.data);
    controller.stop().await?;
    let mut machine = real.take(&node)?;
    machine.cut_power().await?;
    real.ground.cluster.delete_node(&node).await?;
    real.tidy(&shop).await
}

fn was_evicted(pod: &Pod) -> bool {
    pod.status.as_ref().is_some_and(|status| status.reason.as_deref() == Some("Evicted"))
}
