//! The shipped manifests, applied as a person with `kubectl apply` would.

use anyhow::{Context, Result, bail};
use self_healing_controller::manifests::{self, Options};
use self_healing_core::names::ProviderKind;
use self_healing_sim::actor::Provider;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_story::Machines;
use serde_json::{Value, json};

/// Kinds that have no effect on this ground: the controller's processes are not pods here, there is no network between pods,
/// and no admission by expressions.
const WITHOUT_EFFECT: [&str; 4] =
    ["Deployment", "NetworkPolicy", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];

/// Installs everything but the controller itself, with these keys in its ConfigMap beside the shipped ones.
pub(super) fn install(cluster: &Cluster, admin: &Hand, settings: &[(String, String)]) -> Result<()> {
    let text = manifests::all(Options::default())?;
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).context("the manifests")?;
    for mut document in documents {
        let kind = document["kind"].as_str().unwrap_or_default().to_owned();
        if WITHOUT_EFFECT.contains(&kind.as_str()) {
            continue;
        }
        if kind == "ConfigMap" {
            for (key, value) in settings {
                document["data"][key] = json!(value);
            }
        }
        let resource = resource(cluster, &document)?;
        let namespace = document["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let created = admin.create(&resource, &namespace, &document);
        created.with_context(|| format!("{kind} {}", document["metadata"]["name"]))?;
    }
    Ok(())
}

/// A provider of machines and the rights that it needs.
pub(super) fn provider(cluster: &Cluster, admin: &Hand, machines: Machines) -> Result<()> {
    let (provider, kind) = match machines {
        Machines::Medik8s => (Provider::Medik8s, ProviderKind::RemediationTemplate),
        Machines::ClusterApi => (Provider::ClusterApi, ProviderKind::ClusterApi),
        Machines::Karpenter => (Provider::Karpenter, ProviderKind::Karpenter),
        Machines::Webhook => (Provider::Webhook, ProviderKind::Webhook),
    };
    provider.install(cluster)?;
    let rights = manifests::provider_objects().into_iter().filter(|(of, _)| *of == kind);
    for document in rights.flat_map(|(_, documents)| documents) {
        admin.create(&resource(cluster, &document)?, "", &document)?;
    }
    Ok(())
}

/// The name of the resource that a document is of.
fn resource(cluster: &Cluster, document: &Value) -> Result<String> {
    let (kind, version) = (document["kind"].as_str(), document["apiVersion"].as_str());
    let state = cluster.state();
    let found =
        state.registry.iter().find(|known| Some(&*known.kind) == kind && Some(&*known.api_version()) == version);
    match found {
        Some(resource) => Ok(resource.name()),
        None => bail!("the API serves no {} {}", document["apiVersion"], document["kind"]),
    }
}
