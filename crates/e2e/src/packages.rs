//! The packages as their users build them: the chart by Helm, the kustomize overlays by kubectl.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::binaries::Binaries;
use crate::dir::Dir;

/// The folder of the chart.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/self-healing-controller");
/// The folder of the manifests, which is the base of the overlays.
pub const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/self-healing");
/// The folder of the overlays.
pub const OVERLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/overlays");

/// Helm and kubectl, with a home that has nothing of the user's.
#[derive(Debug)]
pub struct Packages {
    helm: PathBuf,
    kubectl: PathBuf,
    home: Dir,
}

impl Packages {
    /// Finds the programs, or builds them; see [`Binaries::ready`].
    ///
    /// # Errors
    /// As [`Binaries::ready`].
    pub fn ready() -> Result<Self> {
        let kubectl = Binaries::ready()?.control_plane("kubectl");
        Ok(Self { helm: Binaries::helm()?, kubectl, home: Dir::new()? })
    }

    /// Runs helm, whatever it answers; against the cluster of `kubeconfig` if it needs one.
    ///
    /// # Errors
    /// When helm cannot be run.
    pub async fn helm(&self, kubeconfig: &Path, args: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.helm);
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(variable, self.home.path());
        }
        command.env("KUBECONFIG", kubeconfig).args(args).output().await.context("cannot run helm")
    }

    /// What the chart makes of `arguments`, such as `--set key=value`, or in the error what helm says against them.
    ///
    /// # Errors
    /// When helm refuses the values.
    pub async fn chart(&self, arguments: &[&str]) -> Result<String> {
        let template = ["template", "heal", CHART, "--namespace", "self-healing", "--kube-version", "1.37.0"];
        text(self.helm(Path::new(""), &[&template, arguments].concat()).await?)
    }

    /// What kustomize makes of a folder.
    ///
    /// # Errors
    /// When it cannot be built.
    pub async fn kustomize(&self, folder: &str) -> Result<String> {
        let output = Command::new(&self.kubectl).args(["kustomize", folder]).output().await;
        text(output.context("cannot run kubectl")?)
    }
}

/// What a program said on standard output, or in the error what it said on standard error.
///
/// # Errors
/// When it failed.
pub fn text(output: Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("not in UTF-8")
}

/// The objects of a text, without empty documents.
///
/// # Errors
/// When it is no YAML.
pub fn objects(text: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}
