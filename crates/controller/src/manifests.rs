//! The manifests that put the controller on a cluster, made from the code's own tables so that they cannot fall behind it.

mod admission;
mod config;
mod deployment;
mod grant;
mod network;
mod packages;
mod providers;
mod rbac;

pub use config::{CONFIG_MAP, SHIPPED};
pub use packages::package_files;
pub use providers::{provider_objects, provider_permissions, provider_role};
pub use rbac::{Permission, ROLE, Scope, is_cluster_wide, is_for_observing, permissions};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use self_healing_core::names::Remedy;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The namespace of everything that is installed.
pub const NAMESPACE: &str = "self-healing";
/// Name of the Deployment, its container's image and its `app` label.
pub const NAME: &str = "self-healing-controller";
/// The ServiceAccount that the controller runs as.
pub const SERVICE_ACCOUNT: &str = "self-healing-sa";

/// What the installer may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the controller may create pods. Its only use is to restart a bare pod, one that no controller would
    /// create again; without it such a pod is reported and left alone.
    pub recreate_bare_pods: bool,
    /// Remedies whose rights are left out. The controller finds that out when it is refused, and does without them from then on.
    pub without: BTreeSet<Remedy>,
}

impl Default for Options {
    fn default() -> Self {
        Self { recreate_bare_pods: true, without: BTreeSet::new() }
    }
}

/// Why the manifests could not be written; a defect of the program, not of its input.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A custom resource definition has no JSON form.
    #[error("the custom resource definition {name} cannot be written as JSON")]
    Definition {
        /// Its name.
        name: String,
        /// What the serialiser said.
        source: serde_json::Error,
    },
    /// A document has no YAML form.
    #[error("{file} cannot be written as YAML")]
    Yaml {
        /// The file that it belongs to.
        file: &'static str,
        /// What the serialiser said.
        source: serde_saphyr::SerializeError,
    },
}

/// One manifest file before it is written: its name, the comment on top of it, its documents.
struct File {
    name: &'static str,
    comment: String,
    documents: Vec<Value>,
}

/// Every manifest file as (name, text), in the order in which a cluster needs them. Each file with objects in the
/// controller's namespace brings that Namespace along, so that the files can be applied one by one in any order.
///
/// # Errors
/// When a document cannot be serialised.
pub fn files(options: Options) -> Result<Vec<(&'static str, String)>, ManifestError> {
    let write = |file: File| {
        let text = text(file.name, &file.comment, &file.documents)?;
        Ok((file.name, text))
    };
    contents(&options)?.into_iter().map(write).collect()
}

/// The files that only those apply who use a provider of machines, as (name, text): what it needs in rights.
///
/// # Errors
/// When a document cannot be serialised.
pub fn provider_files() -> Result<Vec<(&'static str, String)>, ManifestError> {
    let write = |(name, comment, documents): (&'static str, String, Vec<Value>)| {
        let text = text(name, &comment, &documents)?;
        Ok((name, text))
    };
    providers::contents().into_iter().map(write).collect()
}

/// Every manifest as one YAML stream, each object once.
///
/// # Errors
/// When a document cannot be serialised.
pub fn all(options: Options) -> Result<String, ManifestError> {
    text("the manifests", "", &objects(options)?)
}

/// Every object of the manifests, once.
///
/// # Errors
/// When a custom resource definition cannot be serialised.
pub fn objects(options: Options) -> Result<Vec<Value>, ManifestError> {
    let mut objects = Vec::new();
    for object in contents(&options)?.into_iter().flat_map(|file| file.documents) {
        if !objects.contains(&object) {
            objects.push(object);
        }
    }
    Ok(objects)
}

/// The custom resource definitions.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![self_healing_api::policy::policy_crd(), self_healing_api::recovery::recovery_crd()]
}

fn contents(options: &Options) -> Result<Vec<File>, ManifestError> {
    let plain = |name, documents| File { name, comment: String::new(), documents };
    let own = |mut documents: Vec<Value>| {
        documents.insert(0, namespace());
        documents
    };
    let definitions = crds().iter().map(definition).collect::<Result<_, _>>()?;
    Ok(vec![
        plain("crds.yaml", definitions),
        File { name: "rbac.yaml", comment: rbac::comment(options), documents: own(rbac::documents(options)) },
        File { name: "admission.yaml", comment: admission::comment(), documents: admission::documents() },
        plain("config.yaml", own(vec![config::config_map()])),
        File { name: "networkpolicy.yaml", comment: network::comment(), documents: own(vec![network::policy()]) },
        plain("deployment.yaml", own(vec![deployment::deployment()])),
    ])
}

fn definition(crd: &CustomResourceDefinition) -> Result<Value, ManifestError> {
    let name = || crd.metadata.name.clone().unwrap_or_default();
    serde_json::to_value(crd).map_err(|source| ManifestError::Definition { name: name(), source })
}

fn text(file: &'static str, comment: &str, documents: &[Value]) -> Result<String, ManifestError> {
    let yaml = serde_saphyr::to_string_multiple(documents).map_err(|source| ManifestError::Yaml { file, source })?;
    Ok(format!("# Generated by `{NAME} manifests`; do not edit.\n{comment}{yaml}"))
}

/// The labels that every object of ours carries.
fn labels() -> Value {
    json!({ "app": NAME, "app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": NAMESPACE })
}

/// The controller's namespace, which refuses pods that are not `restricted`.
fn namespace() -> Value {
    let mut labels = labels();
    for mode in ["enforce", "audit", "warn"] {
        labels[format!("pod-security.kubernetes.io/{mode}")] = json!("restricted");
    }
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE, "labels": labels } })
}
