//! The ground of a scenario: a control plane with the shipped manifests applied, as an administrator would.

mod adopted;
mod manifests;

use crate::controller::{Controller, Launch};
use adopted::Adopted;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, ServiceAccount};
use k8s_openapi::api::storage::v1::VolumeAttachment;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use manifests::install;
use self_healing_e2e::shelf::SCHEDULER;
use self_healing_e2e::wait::{wait_for, wait_for_all};
use self_healing_e2e::{Cluster, Credential, NodeSpec, Options};
use self_healing_story::Policy;
use serde_json::{Value, json};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The namespace of the shipped manifests.
pub(crate) const OWN: &str = "self-healing";
/// The shipped ConfigMap.
const CONFIG: &str = "self-healing-config";
/// The shipped manifests.
pub(crate) const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/self-healing");
/// Their files, in the order in which an administrator applies them.
pub(crate) const FILES: [&str; 6] =
    ["crds.yaml", "deployment.yaml", "rbac.yaml", "admission.yaml", "config.yaml", "networkpolicy.yaml"];
/// What a test waits for without the controller's doing.
pub(crate) const SOON: Duration = Duration::from_secs(60);
/// Namespaces that outlive a scenario.
const KEPT: [&str; 5] = ["default", "kube-system", "kube-public", "kube-node-lease", OWN];

/// One control plane, used by one scenario at a time.
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) kubeconfig: PathBuf,
    binary: PathBuf,
    started: Cell<u32>,
    /// What there is to take care of when the cluster is not ours.
    adopted: Option<Adopted>,
}

impl Ground {
    /// Starts a control plane and applies `kubernetes/self-healing` with kubectl.
    pub(crate) async fn start(binary: &Path, options: Options) -> Result<Self> {
        let cluster = Cluster::start(options).await?;
        let kubeconfig = install(&cluster).await?;
        Ok(Self { cluster, kubeconfig, binary: binary.to_owned(), started: Cell::new(0), adopted: None })
    }

    /// Starts a controller with these environment variables and waits until it leads.
    pub(crate) async fn controller(&self, environment: &[(&str, &str)]) -> Result<Controller> {
        let controller = self.replica(environment).await?;
        controller.leads().await.with_context(|| controller.process.log_tail(20))?;
        Ok(controller)
    }

    /// Starts a controller without waiting until it leads.
    pub(crate) async fn replica(&self, environment: &[(&str, &str)]) -> Result<Controller> {
        self.launch(&self.binary, &self.kubeconfig, environment).await
    }

    /// The same, of a controller that reaches the API server at `url`, where somebody sees to who it is.
    pub(crate) async fn replica_at(&self, url: &str, environment: &[(&str, &str)]) -> Result<Controller> {
        self.launch(&self.binary, &self.cluster.kubeconfig_at(url)?, environment).await
    }

    /// The same, with these credentials.
    pub(crate) async fn replica_with(&self, kubeconfig: &Path, environment: &[(&str, &str)]) -> Result<Controller> {
        self.launch(&self.binary, kubeconfig, environment).await
    }

    /// The same, of another version's program.
    pub(crate) async fn replica_of(&self, binary: &Path, environment: &[(&str, &str)]) -> Result<Controller> {
        self.launch(binary, &self.kubeconfig, environment).await
    }

    /// A token of its own for one controller, by which the audit log tells it from the others.
    pub(crate) async fn credential(&self) -> Result<Credential> {
        let file = format!("controller-{}", self.started.get() + 1);
        self.cluster.service_account_credential(OWN, "self-healing-sa", &file).await
    }

    async fn launch(&self, binary: &Path, kubeconfig: &Path, environment: &[(&str, &str)]) -> Result<Controller> {
        let number = self.started.get() + 1;
        self.started.set(number);
        let name = format!("controller-{number}");
        let log = self.cluster.dir().join(format!("{name}.log"));
        let wanted = environment.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let environment: Vec<_> = wanted.chain(self.confinement()).collect();
        let launch = Launch { binary, kubeconfig, log: &log, name: &name, environment: &environment };
        Controller::start(launch).await.with_context(|| format!("log of {name}: {}", log.display()))
    }

    /// The program itself, for starts that are meant to fail.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// A namespace of a name that was not used before, that enforces nothing; that of an earlier scenario may still be on its way out.
    pub(crate) async fn namespace(&self) -> Result<String> {
        let labels = json!({ "pod-security.kubernetes.io/enforce": "privileged" });
        let namespace = serde_json::from_value(json!({ "metadata": { "generateName": "shop-", "labels": labels } }))?;
        let made = Api::<Namespace>::all(self.cluster.admin()).create(&PostParams::default(), &namespace).await?;
        let name = made.name_any();
        if let Some(adopted) = &self.adopted {
            adopted.take(&self.cluster, &name);
        }
        // Pods need the namespace's default ServiceAccount, which the controller-manager makes.
        let accounts = Api::<ServiceAccount>::namespaced(self.cluster.admin(), &name);
        wait_for(&accounts, "default", "the default ServiceAccount", SOON, |found| found.is_some()).await?;
        Ok(name)
    }

    /// The scheduler that pods of a scenario name: nobody's where the kubelets are not ours.
    pub(crate) fn scheduler(&self) -> Option<&'static str> {
        self.adopted.is_some().then_some(SCHEDULER)
    }

    /// Nodes n1, n2, … with kubelets that answer; none on an adopted cluster, where pods run without.
    pub(crate) async fn nodes(&self, count: usize) -> Result<()> {
        let count = if self.adopted.is_some() { 0 } else { count };
        for number in 1..=count {
            self.cluster.add_node(NodeSpec::named(format!("n{number}"))).await?;
        }
        Ok(())
    }

    /// Changes keys of the controller's ConfigMap, as an operator would.
    pub(crate) async fn configure(&self, data: Value) -> Result<()> {
        let api = Api::<ConfigMap>::namespaced(self.cluster.admin(), OWN);
        let patch = Patch::Merge(json!({ "data": data }));
        api.patch(CONFIG, &PatchParams::default(), &patch).await.map(drop).context("cannot change the ConfigMap")
    }

    /// Stores a version of a HealingPolicy as a person does with `kubectl apply`.
    pub(crate) async fn apply_policy(&self, policy: &Policy) -> Result<()> {
        let head = "apiVersion: self-healing.dev/v1alpha1\nkind: HealingPolicy\nmetadata:\n  name: ";
        manifests::apply(&self.cluster, &format!("{head}{}\nspec:\n{}", policy.name, policy.spec)).await
    }

    /// Applies an object as a person does with `kubectl apply`.
    pub(crate) async fn apply(&self, object: Value) -> Result<()> {
        manifests::apply_one(&self.cluster, object).await
    }

    /// Applies one of the shipped files as a person does with `kubectl apply`.
    pub(crate) async fn apply_file(&self, file: &str) -> Result<()> {
        let text = std::fs::read_to_string(format!("{MANIFESTS}/{file}"));
        manifests::apply(&self.cluster, &text.with_context(|| format!("cannot read {file}"))?).await
    }

    /// Removes everything that a scenario left, so that the next one starts on clean ground.
    pub(crate) async fn clear(&self) -> Result<()> {
        let admin = self.cluster.admin();
        let (all, now) = (ListParams::default(), at_once());
        self.forget().await?;
        Api::<ConfigMap>::namespaced(admin, OWN).delete(CONFIG, &now).await?;
        self.policies().delete_collection(&now, &all).await?;
        match &self.adopted {
            Some(adopted) => adopted.clear(self).await?,
            None => self.clear_all().await?,
        }
        manifests::apply_shipped(&self.cluster).await
    }

    /// Removes every record and Lease of a controller, and nothing else.
    pub(crate) async fn forget(&self) -> Result<()> {
        let (all, now) = (ListParams::default(), at_once());
        Api::<Lease>::namespaced(self.cluster.admin(), OWN).delete_collection(&now, &all).await?;
        self.recoveries().delete_collection(&now, &all).await.map(drop).context("cannot remove the records")
    }

    /// Removes every workload, pod, node and further namespace of a cluster that was started here.
    async fn clear_all(&self) -> Result<()> {
        ensure!(!self.cluster.is_adopted(), "an adopted cluster is never cleared as a whole");
        let (admin, all, now) = (self.cluster.admin(), ListParams::default(), at_once());
        let namespaces = Api::<Namespace>::all(admin.clone());
        for namespace in namespaces.list(&all).await? {
            let name = namespace.name_any();
            if !KEPT.contains(&name.as_str()) && namespace.metadata.deletion_timestamp.is_none() {
                namespaces.delete(&name, &now).await?;
            }
        }
        for namespace in KEPT {
            Api::<Deployment>::namespaced(admin.clone(), namespace).delete_collection(&now, &all).await?;
        }
        Api::<VolumeAttachment>::all(admin.clone()).delete_collection(&now, &all).await?;
        let pods = Api::<Pod>::all(admin);
        for pod in pods.list(&all).await? {
            self.remove_pod(&pod).await?;
        }
        for node in self.cluster.nodes().list(&all).await? {
            self.cluster.delete_node(&node.name_any()).await?;
        }
        wait_for_all(&pods, &all, "all pods to be gone", SOON, |pods| pods.is_empty()).await.map(drop)
    }

    /// Removes a pod at once, whatever holds it; one that is gone meanwhile is fine.
    async fn remove_pod(&self, pod: &Pod) -> Result<()> {
        let api = self.cluster.pod_api(&pod.namespace().unwrap_or_default());
        let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
        gone_is_fine(api.patch(&pod.name_any(), &PatchParams::default(), &free).await)?;
        gone_is_fine(api.delete(&pod.name_any(), &at_once()).await)
    }
}

fn at_once() -> DeleteParams {
    DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() }
}

/// That an object is not there is no error where it was to go anyway.
pub(crate) fn gone_is_fine<T>(answer: kube::Result<T>) -> Result<()> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => Ok(other.map(drop)?),
    }
}
