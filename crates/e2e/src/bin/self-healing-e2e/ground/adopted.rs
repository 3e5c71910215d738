//! A cluster that somebody else runs: only what was made here is changed or removed, and the controller sees nothing else.

use super::{FILES, Ground, MANIFESTS, OWN, SOON, install};
use anyhow::{Result, bail, ensure};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{DeleteParams, ListParams};
use self_healing_e2e::Cluster;
use self_healing_e2e::shelf::Shelf;
use self_healing_e2e::wait::wait_for;
use std::cell::{Cell, RefCell};
use std::path::Path;

/// A node label that no node has.
const NO_NODE: &str = "e2e.self-healing.dev/adopted=nowhere";

/// What was made on the cluster for one scenario.
#[derive(Default)]
pub(super) struct Adopted {
    /// Its namespaces, with what starts the pods in them.
    shelves: RefCell<Vec<(String, Shelf)>>,
}

impl Ground {
    /// Uses the cluster of `KUBECONFIG` and applies `kubernetes/self-healing`, unless any part of that is there already.
    pub(crate) async fn adopt(binary: &Path) -> Result<Self> {
        let cluster = Cluster::adopt_from_env().await?;
        let there = installed(&cluster).await?;
        if !there.is_empty() {
            bail!(
                "the cluster of KUBECONFIG holds {} already, which the tests would overwrite and remove; \
                 if an earlier run left that behind, remove it with `kubectl delete -f kubernetes/self-healing`",
                there.join(", ")
            );
        }
        let kubeconfig = match install(&cluster).await {
            Ok(kubeconfig) => kubeconfig,
            Err(error) => return Err(error.context(removed(&cluster).await)),
        };
        let adopted = Some(Adopted::default());
        Ok(Self { cluster, kubeconfig, binary: binary.to_owned(), started: Cell::new(0), adopted })
    }

    /// Removes the manifests from an adopted cluster; a cluster of our own ends as a whole.
    pub(crate) async fn leave(&self) -> Result<()> {
        if self.adopted.is_none() {
            return Ok(());
        }
        remove(&self.cluster).await?;
        let there = installed(&self.cluster).await?;
        ensure!(there.is_empty(), "left behind: {there:?}");
        Ok(())
    }

    /// What keeps a controller to the namespaces of this scenario, and away from all nodes.
    pub(crate) fn confinement(&self) -> Vec<(&'static str, String)> {
        let Some(adopted) = &self.adopted else { return Vec::new() };
        let shelves = adopted.shelves.borrow();
        let made: Vec<&str> = shelves.iter().map(|(namespace, _)| namespace.as_str()).collect();
        let namespaces = if made.is_empty() { OWN.to_owned() } else { made.join(",") };
        vec![("WATCH_NAMESPACES", namespaces), ("NODE_LABEL_SELECTOR", NO_NODE.to_owned())]
    }
}

impl Adopted {
    /// Takes care of the pods of a namespace that was just made.
    pub(super) fn take(&self, cluster: &Cluster, namespace: &str) {
        self.shelves.borrow_mut().push((namespace.to_owned(), cluster.shelf(namespace)));
    }

    /// Removes the namespaces that were made.
    pub(super) async fn clear(&self, ground: &Ground) -> Result<()> {
        let made: Vec<String> = self.shelves.take().into_iter().map(|(namespace, _)| namespace).collect();
        let namespaces = Api::<Namespace>::all(ground.cluster.admin());
        for name in &made {
            namespaces.delete(name, &DeleteParams::default()).await?;
        }
        for name in &made {
            // What held a pod in the scenario would hold the namespace.
            let pods = Api::<Pod>::namespaced(ground.cluster.admin(), name);
            for pod in pods.list(&ListParams::default()).await? {
                ground.remove_pod(&pod).await?;
            }
            let gone = |found: Option<&Namespace>| found.is_none();
            wait_for(&namespaces, name, &format!("namespace {name} to be gone"), SOON, gone).await?;
        }
        Ok(())
    }
}

/// Which objects of the manifests are in the cluster.
async fn installed(cluster: &Cluster) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in FILES {
        let path = format!("{MANIFESTS}/{file}");
        let output = cluster.kubectl(&["get", "-f", &path, "--ignore-not-found", "-o", "name"]).await?;
        found.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
    }
    Ok(found)
}

async fn remove(cluster: &Cluster) -> Result<()> {
    // The namespace, which is in one of them, goes last, so that the others are found.
    for file in FILES.iter().rev() {
        let path = format!("{MANIFESTS}/{file}");
        cluster.kubectl(&["delete", "-f", &path, "--ignore-not-found", "--wait=true", "--timeout=60s"]).await?;
    }
    Ok(())
}

/// Takes a half-applied installation back, and says how that went.
async fn removed(cluster: &Cluster) -> String {
    match remove(cluster).await {
        Ok(()) => "the manifests could not be applied, and were removed again".to_owned(),
        Err(error) => format!("the manifests could not be applied, and are still there: {error:#}"),
    }
}
