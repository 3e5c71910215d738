//! What runs on real nodes: workloads that fail as they are told (`crates/fault`).

use super::ground::RealGround;
use crate::ground::SOON;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::PostParams;
use self_healing_e2e::real::image::FAULT;
use self_healing_e2e::wait::wait_for_all;
use serde_json::{Value, json};
use std::time::Duration;

/// The port of those that serve.
const PORT: u16 = 8080;

/// The only container of a pod that runs `fault` with these arguments.
pub(crate) fn container(args: &[&str]) -> Value {
    json!({ "name": "main", "image": FAULT, "args": args })
}

/// The container that serves, and is asked whether it is ready and alive.
pub(crate) fn server() -> Value {
    let probe =
        |path: &str| json!({ "httpGet": { "path": path, "port": PORT }, "periodSeconds": 1, "failureThreshold": 2 });
    let mut container = container(&["serve", &PORT.to_string()]);
    container["readinessProbe"] = probe("/readyz");
    container["livenessProbe"] = probe("/healthz");
    container
}

/// A pod's spec with that container; it ends within a second.
pub(crate) fn pod(container: &Value) -> Value {
    json!({ "containers": [container], "terminationGracePeriodSeconds": 1 })
}

fn workload(kind: &str, name: &str, replicas: u32, pod: &Value) -> Value {
    let labels = json!({ "app": name });
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": name, "labels": labels },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod },
        },
    })
}

impl RealGround {
    /// Creates a Deployment of such pods.
    pub(crate) async fn deploy(&self, namespace: &str, name: &str, replicas: u32, pod: &Value) -> Result<()> {
        let wanted: Deployment = serde_json::from_value(workload("Deployment", name, replicas, pod))?;
        let api = Api::<Deployment>::namespaced(self.ground.cluster.admin(), namespace);
        api.create(&PostParams::default(), &wanted).await.map(drop).with_context(|| format!("cannot create {name}"))
    }

    /// The same, ready.
    pub(crate) async fn deploy_ready(&self, namespace: &str, name: &str, replicas: u32, pod: &Value) -> Result<()> {
        self.deploy(namespace, name, replicas, pod).await?;
        self.ground.cluster.deployment_ready(namespace, name, SOON).await.map(drop)
    }

    /// Creates a StatefulSet of such pods, that start at once.
    pub(crate) async fn stateful(&self, namespace: &str, name: &str, replicas: u32, pod: &Value) -> Result<()> {
        let mut wanted = workload("StatefulSet", name, replicas, pod);
        wanted["spec"]["serviceName"] = json!(name);
        wanted["spec"]["podManagementPolicy"] = json!("Parallel");
        let wanted: StatefulSet = serde_json::from_value(wanted)?;
        let api = Api::<StatefulSet>::namespaced(self.ground.cluster.admin(), namespace);
        api.create(&PostParams::default(), &wanted).await?;
        self.pods_are(namespace, name, "to be ready", SOON, |pods| {
            pods.len() == replicas as usize && pods.iter().all(crate::objects::is_ready)
        })
        .await
        .map(drop)
    }

    /// Waits until there is a pod of `app`, however it fares.
    pub(crate) async fn first_pod(&self, namespace: &str, app: &str) -> Result<Pod> {
        let pods = self.pods_are(namespace, app, "to be there", SOON, |pods| !pods.is_empty()).await?;
        pods.into_iter().next().context("the pod is gone again")
    }

    /// Waits until the pods of `app` are as they should be.
    pub(crate) async fn pods_are(
        &self,
        namespace: &str,
        app: &str,
        what: &str,
        deadline: Duration,
        good: impl Fn(&[Pod]) -> bool,
    ) -> Result<Vec<Pod>> {
        let api = self.ground.cluster.pod_api(namespace);
        let params = kube::api::ListParams::default().labels(&format!("app={app}"));
        wait_for_all(&api, &params, &format!("pods of {namespace}/{app} {what}"), deadline, good).await
    }

    /// Tells a serving pod something, for example `/set?ready=0`.
    pub(crate) async fn tell(&self, pod: &Pod, what: &str) -> Result<()> {
        let address =
            pod.status.as_ref().and_then(|status| status.pod_ip.as_ref()).context("the pod has no address")?;
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let answer = client.get(format!("http://{address}:{PORT}{what}")).send().await?;
        ensure!(answer.status().is_success(), "{what} was answered with {}", answer.status());
        Ok(())
    }
}
