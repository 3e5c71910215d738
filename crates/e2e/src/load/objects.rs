//! One object of each kind, as large as they are in production: made by who makes them there, so that managedFields are as usual.

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod, ServiceAccount};
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

use super::{NAMESPACE, REPLICAS};
use crate::cluster::Cluster;

/// Names that are found again in what etcd stores, and stand nowhere else in it.
pub(super) const NODE: &str = "node-777777";
pub(super) const APP: &str = "app-777777";
pub(super) const POD_SUFFIX: &str = "p777777";
pub(super) const REPLICA_SET: &str = "app-777777-6d4cf56db6";
pub(super) const POD: &str = "app-777777-6d4cf56db6-p777777";
pub(super) const ROUND: &str = "seen in round 77777777";

const TIME: &str = "2026-11-01T08:00:00Z";
const KUBELET: &str = "kubelet";
const CONTROLLER_MANAGER: &str = "kube-controller-manager";
/// Images that a kubelet tells of: its default.
const IMAGES: usize = 50;

/// What was made.
pub(super) struct Made {
    pub(super) uids: Uids,
    pub(super) pod_bytes: usize,
    pub(super) node_bytes: usize,
}

/// As the API server chose them.
pub(super) struct Uids {
    pub(super) node: String,
    pub(super) deployment: String,
    pub(super) replica_set: String,
    pub(super) pod: String,
}

/// Makes one of each.
pub(super) async fn make(cluster: &Cluster) -> Result<Made> {
    let client = cluster.admin();
    let namespace = json!({ "metadata": { "name": NAMESPACE } });
    Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &serde_json::from_value(namespace)?).await?;
    made::<ServiceAccount>(cluster, NAMESPACE, json!({ "metadata": { "name": "default" } }), CONTROLLER_MANAGER)
        .await?;

    let nodes = Api::<Node>::all(client);
    nodes.create(&by(KUBELET), &serde_json::from_value(node())?).await.context("cannot create a node")?;
    let status = Patch::Strategic(json!({ "status": node_status() }));
    let node = nodes
        .patch_status(NODE, &PatchParams { field_manager: Some(KUBELET.into()), ..Default::default() }, &status)
        .await?;
    let deployment = made::<Deployment>(cluster, NAMESPACE, deployment(), "kubectl").await?;
    let deployment = told(cluster, &deployment, deployment_status(), CONTROLLER_MANAGER).await?;
    let set = made::<ReplicaSet>(cluster, NAMESPACE, replica_set(&uid(&deployment)?), CONTROLLER_MANAGER).await?;
    let counts = json!({ "replicas": REPLICAS, "readyReplicas": REPLICAS, "availableReplicas": REPLICAS, "fullyLabeledReplicas": REPLICAS, "observedGeneration": 1 });
    let set = told(cluster, &set, counts, CONTROLLER_MANAGER).await?;
    let pod = made::<Pod>(cluster, NAMESPACE, pod(&uid(&set)?), CONTROLLER_MANAGER).await?;
    let pod = told(cluster, &pod, pod_status(), KUBELET).await?;
    Ok(Made {
        pod_bytes: serde_json::to_vec(&pod)?.len(),
        node_bytes: serde_json::to_vec(&node)?.len(),
        uids: Uids { node: uid(&node)?, deployment: uid(&deployment)?, replica_set: uid(&set)?, pod: uid(&pod)? },
    })
}

fn by(manager: &str) -> PostParams {
    PostParams { field_manager: Some(manager.to_owned()), ..PostParams::default() }
}

async fn made<K>(cluster: &Cluster, namespace: &str, object: Value, manager: &str) -> Result<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Serialize + DeserializeOwned + Debug,
{
    let api = Api::<K>::namespaced(cluster.admin(), namespace);
    api.create(&by(manager), &serde_json::from_value(object)?)
        .await
        .with_context(|| format!("cannot create a {}", K::kind(&())))
}

/// Its status, as who looks after it tells it.
async fn told<K>(cluster: &Cluster, object: &K, status: Value, manager: &str) -> Result<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Serialize + DeserializeOwned + Debug,
{
    let api = Api::<K>::namespaced(cluster.admin(), &object.namespace().unwrap_or_default());
    let params = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
    let told = api.patch_status(&object.name_any(), &params, &Patch::Strategic(json!({ "status": status }))).await;
    told.with_context(|| format!("cannot tell the status of a {}", K::kind(&())))
}

fn uid(object: &impl ResourceExt) -> Result<String> {
    object.uid().context("an object without uid")
}

fn node() -> Value {
    json!({
        "metadata": {
            "name": NODE,
            "labels": {
                "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": "m5.2xlarge", "topology.kubernetes.io/region": "eu-west-1",
                "topology.kubernetes.io/zone": "eu-west-1a",
            },
            "annotations": { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
        },
        "spec": { "podCIDR": "10.0.0.0/24", "providerID": format!("machines:///{NODE}") },
    })
}

fn node_status() -> Value {
    let room = json!({ "cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi" });
    let conditions = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", ROUND),
    ]
    .map(|(kind, status, reason, message)| {
        json!({ "type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": TIME, "lastTransitionTime": TIME })
    });
    let images: Vec<Value> = (0..IMAGES).map(|number| {
        json!({ "names": [format!("registry.example/team/service-{number}@sha256:{number:064x}"), format!("registry.example/team/service-{number}:1.{number}.0")], "sizeBytes": 120_000_000 + number })
    }).collect();
    json!({
        "capacity": room, "allocatable": room, "conditions": conditions, "images": images,
        "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }, { "type": "Hostname", "address": NODE }],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        "nodeInfo": {
            "architecture": "amd64", "bootID": "5d1f6a1e-6d5c-4d0a-9e2b-0d4f5a7c1b22", "containerRuntimeVersion": "containerd://2.1.4",
            "kernelVersion": "6.12.0", "kubeProxyVersion": "", "kubeletVersion": "v1.37.2", "machineID": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "operatingSystem": "linux", "osImage": "Debian GNU/Linux 13", "systemUUID": "a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90",
        },
    })
}

fn labels() -> Value {
    json!({ "app.kubernetes.io/name": APP, "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "4.2.0", "team": "checkout" })
}

fn template() -> Value {
    json!({ "metadata": { "labels": labels() }, "spec": { "containers": containers() } })
}

fn deployment() -> Value {
    json!({
        "metadata": { "name": APP, "labels": labels(), "annotations": { "deployment.kubernetes.io/revision": "1" } },
        "spec": { "replicas": REPLICAS, "selector": { "matchLabels": { "app.kubernetes.io/name": APP } }, "template": template() },
    })
}

fn deployment_status() -> Value {
    let condition = |kind: &str, reason: &str| json!({ "type": kind, "status": "True", "reason": reason, "message": reason, "lastUpdateTime": TIME, "lastTransitionTime": TIME });
    json!({
        "replicas": REPLICAS, "updatedReplicas": REPLICAS, "readyReplicas": REPLICAS, "availableReplicas": REPLICAS, "observedGeneration": 1,
        "conditions": [condition("Available", "MinimumReplicasAvailable"), condition("Progressing", "NewReplicaSetAvailable")],
    })
}

fn replica_set(owner: &str) -> Value {
    json!({
        "metadata": {
            "name": REPLICA_SET, "labels": labels(), "annotations": { "deployment.kubernetes.io/revision": "1" },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": APP, "uid": owner, "controller": true, "blockOwnerDeletion": true }],
        },
        "spec": { "replicas": REPLICAS, "selector": { "matchLabels": { "app.kubernetes.io/name": APP } }, "template": template() },
    })
}

fn pod(owner: &str) -> Value {
    json!({
        "metadata": {
            "name": POD, "labels": labels(), "annotations": { "prometheus.io/scrape": "true", "prometheus.io/port": "9090" },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": REPLICA_SET, "uid": owner, "controller": true, "blockOwnerDeletion": true }],
        },
        "spec": { "nodeName": NODE, "containers": containers() },
    })
}

/// A service and its sidecar, with what their charts usually set.
fn containers() -> Value {
    let probe = |path: &str, port: u16| json!({ "httpGet": { "path": path, "port": port }, "periodSeconds": 10, "timeoutSeconds": 2 });
    let env: Vec<Value> = ["DATABASE_HOST", "DATABASE_NAME", "CACHE_HOST", "LOG_LEVEL", "REGION", "FEATURES"]
        .iter()
        .map(|name| json!({ "name": name, "value": format!("{}.shop.svc.cluster.local", name.to_lowercase()) }))
        .collect();
    let resources = json!({ "requests": { "cpu": "100m", "memory": "256Mi" }, "limits": { "memory": "512Mi" } });
    json!([
        {
            "name": "main", "image": "registry.example/shop/service:4.2.0", "env": env, "resources": resources,
            "ports": [{ "name": "http", "containerPort": 8080 }, { "name": "metrics", "containerPort": 9090 }],
            "readinessProbe": probe("/ready", 8080), "livenessProbe": probe("/health", 8080),
        },
        {
            "name": "proxy", "image": "registry.example/mesh/proxy:1.29.1", "args": ["--drain-time", "30s"], "resources": resources,
            "ports": [{ "name": "mesh", "containerPort": 15001 }], "readinessProbe": probe("/healthz/ready", 15021),
        },
    ])
}

fn pod_status() -> Value {
    let conditions =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(|kind| {
            let mut condition = json!({ "type": kind, "status": "True", "lastTransitionTime": TIME });
            if kind == "PodReadyToStartContainers" {
                condition["message"] = json!(ROUND);
            }
            condition
        });
    let container = |name: &str, image: &str| {
        json!({
            "name": name, "image": image, "imageID": format!("{image}@sha256:{:064x}", 0x7e57),
            "containerID": format!("containerd://{:064x}", 0x1dea), "ready": true, "started": true, "restartCount": 0,
            "state": { "running": { "startedAt": TIME } },
        })
    };
    json!({
        "phase": "Running", "conditions": conditions, "qosClass": "Burstable", "startTime": TIME,
        "hostIP": "127.0.0.1", "hostIPs": [{ "ip": "127.0.0.1" }], "podIP": "10.0.0.77", "podIPs": [{ "ip": "10.0.0.77" }],
        "containerStatuses": [container("main", "registry.example/shop/service:4.2.0"), container("proxy", "registry.example/mesh/proxy:1.29.1")],
    })
}
