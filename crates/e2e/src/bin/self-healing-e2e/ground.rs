//! The ground of a scenario: a control plane with the shipped manifests applied, as an administrator would.

use crate::controller::{Controller, Launch};
use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::pods::deployment;
use self_healing_e2e::wait::{wait_for, wait_for_all};
use self_healing_e2e::{Cluster, NodeSpec, Options};
use serde_json::json;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The namespace of the shipped manifests.
pub(crate) const OWN: &str = "self-healing";
/// What a test waits for without the controller's doing.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// One control plane, used by one scenario at a time.
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) kubeconfig: PathBuf,
    binary: PathBuf,
    started: Cell<u32>,
}

impl Ground {
    /// Starts a control plane and applies `kubernetes/self-healing` with kubectl.
    pub(crate) async fn start(binary: &Path, options: Options) -> Result<Self> {
        let cluster = Cluster::start(options).await?;
        apply(&cluster)?;
        let kubeconfig = cluster.service_account_kubeconfig(OWN, "self-healing-sa").await?;
        Ok(Self { cluster, kubeconfig, binary: binary.to_owned(), started: Cell::new(0) })
    }

    /// Starts a controller with these environment variables and waits until it leads.
    pub(crate) async fn controller(&self, environment: &[(&str, &str)]) -> Result<Controller> {
        let controller = self.replica(environment).await?;
        controller.leads().await.with_context(|| controller.process.log_tail(20))?;
        Ok(controller)
    }

    /// Starts a controller without waiting until it leads.
    pub(crate) async fn replica(&self, environment: &[(&str, &str)]) -> Result<Controller> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let name = format!("controller-{number}");
        let log = self.cluster.dir().join(format!("{name}.log"));
        let environment: Vec<(&str, String)> = environment.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let launch =
            Launch { binary: &self.binary, kubeconfig: &self.kubeconfig, log: &log, name: &name, environment: &environment };
        Controller::start(launch).await.with_context(|| format!("log of {name}: {}", log.display()))
    }

    /// The program itself, for starts that are meant to fail.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// A namespace that enforces nothing.
    pub(crate) async fn namespace(&self, name: &str, annotations: &[(&str, &str)]) -> Result<()> {
        let annotations: serde_json::Map<_, _> = annotations.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        let namespace = serde_json::from_value(json!({ "metadata": { "name": name, "annotations": annotations } }))?;
        Api::<Namespace>::all(self.cluster.admin()).create(&PostParams::default(), &namespace).await?;
        // Pods need the namespace's default ServiceAccount, which the controller-manager makes.
        let accounts = Api::<k8s_openapi::api::core::v1::ServiceAccount>::namespaced(self.cluster.admin(), name);
        wait_for(&accounts, "default", "the default ServiceAccount", SOON, |found| found.is_some()).await.map(drop)
    }

    /// Nodes n1, n2, … with kubelets that answer.
    pub(crate) async fn nodes(&self, count: usize) -> Result<()> {
        for number in 1..=count {
            self.cluster.add_node(NodeSpec::named(format!("n{number}"))).await?;
        }
        Ok(())
    }

    /// A Deployment of that many pods, all ready.
    pub(crate) async fn deployment(&self, namespace: &str, name: &str, replicas: i32) -> Result<()> {
        let api = Api::<Deployment>::namespaced(self.cluster.admin(), namespace);
        api.create(&PostParams::default(), &deployment(namespace, name, replicas)?).await?;
        self.cluster.deployment_ready(namespace, name, SOON).await.map(drop)
    }

    /// The pods of `app`.
    pub(crate) async fn pods(&self, namespace: &str, app: &str) -> Result<Vec<Pod>> {
        self.cluster.pods(namespace, &format!("app={app}")).await
    }

    /// The first pod of `app`.
    pub(crate) async fn pod(&self, namespace: &str, app: &str) -> Result<Pod> {
        self.pods(namespace, app).await?.into_iter().next().with_context(|| format!("no pod of {namespace}/{app}"))
    }

    /// Waits until the pod with this uid is gone.
    pub(crate) async fn pod_gone(&self, pod: &Pod, deadline: Duration) -> Result<()> {
        let api = self.cluster.pod_api(&pod.namespace().unwrap_or_default());
        let uid = pod.uid();
        let what = format!("pod {} with uid {} to be gone", pod.name_any(), uid.clone().unwrap_or_default());
        wait_for(&api, &pod.name_any(), &what, deadline, |found| found.is_none_or(|found| found.uid() != uid)).await.map(drop)
    }

    /// Waits until the node satisfies `good`.
    pub(crate) async fn node(&self, name: &str, what: &str, deadline: Duration, good: impl Fn(&Node) -> bool) -> Result<Node> {
        let found = wait_for(&self.cluster.nodes(), name, what, deadline, |node| node.is_some_and(&good)).await?;
        found.with_context(|| format!("node {name} is gone"))
    }

    /// Changes keys of the controller's ConfigMap, as an operator would.
    pub(crate) async fn configure(&self, data: serde_json::Value) -> Result<()> {
        let api = Api::<ConfigMap>::namespaced(self.cluster.admin(), OWN);
        let patch = Patch::Merge(json!({ "data": data }));
        api.patch("self-healing-config", &PatchParams::default(), &patch).await.map(drop).context("cannot change the ConfigMap")
    }

    /// Removes everything that a scenario left, so that the next one starts on clean ground.
    pub(crate) async fn clear(&self) -> Result<()> {
        let admin = self.cluster.admin();
        let leases = Api::<Lease>::namespaced(admin.clone(), OWN);
        leases.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
        self.cluster.kubectl(&["delete", "recoveries", "--all", "-n", OWN])?;
        let nodes: Vec<String> = self.cluster.nodes().list(&ListParams::default()).await?.iter().map(ResourceExt::name_any).collect();
        let namespaces = Api::<Namespace>::all(admin.clone());
        let kept = ["default", "kube-system", "kube-public", "kube-node-lease", OWN];
        for namespace in namespaces.list(&ListParams::default()).await?.items {
            if !kept.contains(&namespace.name_any().as_str()) {
                namespaces.delete(&namespace.name_any(), &DeleteParams::default()).await?;
            }
        }
        for node in nodes {
            self.cluster.delete_node(&node).await?;
        }
        for namespace in kept {
            let pods = self.cluster.pod_api(namespace);
            pods.delete_collection(&DeleteParams { grace_period_seconds: Some(0), ..Default::default() }, &ListParams::default()).await?;
        }
        apply(&self.cluster)?;
        let all = Api::<Pod>::all(admin);
        wait_for_all(&all, &ListParams::default(), "all pods to be gone", SOON, |pods| pods.is_empty()).await.map(drop)
    }
}

/// Applies the shipped manifests with kubectl; the Deployment's own pod is not wanted here, so it is scaled to none.
fn apply(cluster: &Cluster) -> Result<()> {
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/self-healing");
    for file in ["crds.yaml", "deployment.yaml", "rbac.yaml", "config.yaml", "networkpolicy.yaml"] {
        cluster.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &format!("{manifests}/{file}")])?;
    }
    cluster.kubectl(&["scale", "deployment/self-healing-controller", "--replicas=0", "-n", OWN])?;
    cluster.kubectl(&["wait", "--for=condition=Established", "crd/recoveries.self-healing.dev", "--timeout=30s"])?;
    Ok(())
}
