//! Workloads and their failures, told through the status subresource as a kubelet would tell them.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::nodes::HOLD;
use crate::wait::wait_for;

/// A pod template with this annotation makes pods that fail from their start: `crash-loop`, `image-pull-backoff` or `unready`.
pub const BEHAVIOUR: &str = "e2e.self-healing.dev/behaviour";

/// When a pod template was released, as `kubectl rollout restart` would note it; every value is another revision.
pub const RELEASE: &str = "e2e.self-healing.dev/released-at";

const SETTLE_DEADLINE: Duration = Duration::from_secs(30);

/// A Deployment whose pods are labelled `app: NAME` and have one container, `main`. Change it before creating it as you like.
///
/// # Errors
/// Never for a name that is a valid label value.
pub fn deployment(namespace: &str, name: &str, replicas: i32) -> Result<Deployment> {
    let labels = json!({ "app": name });
    Ok(serde_json::from_value(json!({
        "metadata": { "namespace": namespace, "name": name, "labels": labels },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "main", "image": "app:1" }] },
            },
        },
    }))?)
}

impl Cluster {
    /// The pods of a namespace with a label such as `app=web`, oldest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn pods(&self, namespace: &str, label: &str) -> Result<Vec<Pod>> {
        let mut pods = self.pod_api(namespace).list(&ListParams::default().labels(label)).await?.items;
        pods.sort_by_key(|pod| (pod.creation_timestamp(), pod.name_any()));
        Ok(pods)
    }

    /// Waits until a Deployment's newest template is out and all its replicas are ready.
    ///
    /// # Errors
    /// At the deadline, with what was last seen.
    pub async fn deployment_ready(&self, namespace: &str, name: &str, deadline: Duration) -> Result<Deployment> {
        let api = Api::<Deployment>::namespaced(self.admin(), namespace);
        let what = format!("deployment {namespace}/{name} to be ready");
        let found = wait_for(&api, name, &what, deadline, |found| found.is_some_and(is_ready)).await?;
        found.context("the deployment is gone again")
    }

    /// The pod has failed for good: phase Failed, containers ended with exit code 1.
    ///
    /// # Errors
    /// When the pod does not exist or does not start.
    pub async fn fail(&self, namespace: &str, pod: &str) -> Result<()> {
        self.tell(namespace, pod, "Failed", |_| json!({ "state": { "terminated": ended(Timestamp::now()) } })).await
    }

    /// The pod's containers have ended `restarts` times and are to be started again. A kubelet shows how they ended, and only for a moment
    /// before it starts them that they wait.
    ///
    /// # Errors
    /// When the pod does not exist or does not start.
    pub async fn crash_loop(&self, namespace: &str, pod: &str, restarts: i32) -> Result<()> {
        self.tell(namespace, pod, "Running", |_| {
            json!({
                "restartCount": restarts,
                "state": { "terminated": ended(Timestamp::now()) },
                "lastState": { "terminated": ended(Timestamp::now()) },
            })
        })
        .await
    }

    /// The pod's containers wait to be started, for a reason such as `ImagePullBackOff`.
    ///
    /// # Errors
    /// When the pod does not exist or does not start.
    pub async fn waits(&self, namespace: &str, pod: &str, reason: &str) -> Result<()> {
        self.tell(namespace, pod, "Pending", |container| {
            let message = format!("cannot start with the image {:?}", container.image.as_deref().unwrap_or_default());
            json!({ "imageID": "", "state": { "waiting": { "reason": reason, "message": message } } })
        })
        .await
    }

    /// The pod's containers were killed for their memory at that time, and run again.
    ///
    /// # Errors
    /// When the pod does not exist or does not start.
    pub async fn out_of_memory(&self, namespace: &str, pod: &str, at: Timestamp) -> Result<()> {
        self.tell(namespace, pod, "Running", |_| {
            let mut last = ended(at);
            last["exitCode"] = json!(137);
            last["reason"] = json!("OOMKilled");
            let mut status = running(true);
            status["restartCount"] = json!(1);
            status["lastState"] = json!({ "terminated": last });
            status
        })
        .await
    }

    /// The pod's containers have the resources that its spec says, as after a kubelet has resized them in place.
    ///
    /// # Errors
    /// When the pod does not exist.
    pub async fn resized(&self, namespace: &str, name: &str) -> Result<()> {
        let pods = self.pod_api(namespace);
        let pod = pods.get(name).await?;
        let spec = pod.spec.context("a pod without a spec")?;
        let mut told = pod.status.and_then(|status| status.container_statuses).unwrap_or_default();
        for status in &mut told {
            let wanted = spec.containers.iter().find(|container| container.name == status.name);
            status.resources = wanted.and_then(|container| container.resources.clone());
        }
        let patch = Patch::Strategic(json!({ "status": { "containerStatuses": told } }));
        pods.patch_status(name, &PatchParams::default(), &patch).await.map(drop).context("cannot tell the resources")
    }

    /// The pod's containers run and are not ready.
    ///
    /// # Errors
    /// When the pod does not exist or does not start.
    pub async fn not_ready(&self, namespace: &str, pod: &str) -> Result<()> {
        self.tell(namespace, pod, "Running", |_| running(false)).await
    }

    /// The pod's containers run and are ready, and it is kwok's again.
    ///
    /// # Errors
    /// When the pod does not exist or does not start.
    pub async fn make_ready(&self, namespace: &str, pod: &str) -> Result<()> {
        self.tell(namespace, pod, "Running", |_| running(true)).await?;
        self.hold(namespace, pod, None).await
    }

    /// All pods of a namespace, as admin.
    pub fn pod_api(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.admin(), namespace)
    }

    /// Holds the pod and writes a status in which every container looks as `look` says.
    async fn tell(&self, namespace: &str, name: &str, phase: &str, look: impl Fn(&Container) -> Value) -> Result<()> {
        let pod = self.settled(namespace, name).await?;
        self.hold(namespace, name, Some("true")).await?;
        write_status(&self.pod_api(namespace), &pod, phase, look).await
    }

    /// Waits until kwok has done with a new pod; a status told before could be overwritten by a start that is under way.
    async fn settled(&self, namespace: &str, name: &str) -> Result<Pod> {
        let what = format!("pod {namespace}/{name} to have started");
        let good = |pod: Option<&Pod>| pod.is_none_or(is_settled);
        let pod = wait_for(&self.pod_api(namespace), name, &what, SETTLE_DEADLINE, good).await?;
        pod.ok_or_else(|| anyhow!("there is no pod {namespace}/{name}"))
    }

    async fn hold(&self, namespace: &str, name: &str, value: Option<&str>) -> Result<()> {
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { HOLD: value } } }));
        let patched = self.pod_api(namespace).patch(name, &PatchParams::default(), &patch).await;
        patched.map(drop).with_context(|| format!("cannot annotate pod {namespace}/{name}"))
    }
}

/// The pod runs and is ready, as its kubelet would say.
pub(crate) async fn start(pods: &Api<Pod>, pod: &Pod) -> Result<()> {
    write_status(pods, pod, "Running", |_| running(true)).await
}

/// Writes a status in which every container looks as `look` says.
async fn write_status(pods: &Api<Pod>, pod: &Pod, phase: &str, look: impl Fn(&Container) -> Value) -> Result<()> {
    let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let statuses: Vec<Value> =
        containers.iter().map(|container| container_status(container, look(container))).collect();
    let ready = statuses.iter().all(|status| status["ready"] == json!(true));
    let conditions = ["ContainersReady", "Ready"].map(|kind| condition(kind, ready));
    let status = json!({ "phase": phase, "conditions": conditions, "containerStatuses": statuses });
    let patch = Patch::Strategic(json!({ "status": status }));
    let patched = pods.patch_status(&pod.name_any(), &PatchParams::default(), &patch).await;
    patched.map(drop).with_context(|| format!("cannot patch the status of pod {}", pod.name_any()))
}

/// A pod that kwok has started, or one that it never will.
fn is_settled(pod: &Pod) -> bool {
    let started = pod.status.as_ref().is_some_and(|status| status.container_statuses.is_some());
    started || pod.annotations().contains_key(HOLD)
}

fn is_ready(deployment: &Deployment) -> bool {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    deployment.status.as_ref().is_some_and(|status| {
        status.observed_generation == deployment.metadata.generation
            && status.updated_replicas.unwrap_or(0) == wanted
            && status.ready_replicas.unwrap_or(0) == wanted
            && status.replicas.unwrap_or(0) == wanted
    })
}

fn running(ready: bool) -> Value {
    json!({ "ready": ready, "started": true, "state": { "running": { "startedAt": Timestamp::now().to_string() } } })
}

fn ended(at: Timestamp) -> Value {
    let at = at.to_string();
    json!({ "exitCode": 1, "reason": "Error", "startedAt": at, "finishedAt": at })
}

fn condition(kind: &str, good: bool) -> Value {
    let (status, reason) = if good { ("True", "") } else { ("False", "ContainersNotReady") };
    json!({ "type": kind, "status": status, "reason": reason, "lastTransitionTime": Timestamp::now().to_string() })
}

/// A status must name its container and image; `look` adds to that or overrides it.
fn container_status(container: &Container, look: Value) -> Value {
    let image = container.image.as_deref().unwrap_or_default();
    let mut status = json!({
        "name": container.name, "image": image, "imageID": image, "ready": false, "started": false, "restartCount": 0,
    });
    // By it the API server knows that a node can resize a container in place.
    if let Some(resources) = container.resources.as_ref().filter(|_| look["state"]["running"].is_object()) {
        status["resources"] = json!(resources);
    }
    if let (Value::Object(status), Value::Object(look)) = (&mut status, look) {
        status.extend(look);
    }
    status
}
