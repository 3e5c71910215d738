//! Another controller of ours on the same cluster: both would act on the same objects, and neither reads the other's Recoveries.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use super::leader::{age, holder, is_fresh};
use crate::client::words;
use crate::lease::LEASE;
use crate::manifests;
use crate::rights::{may, wish};
use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use self_healing_api::keys::Config;

/// `ahead` is how far the API server's clock is ahead of this one.
pub(super) async fn check(cluster: &Cluster, config: &Config, ahead: SignedDuration) -> Check {
    let (mut others, mut not_looked) = (Vec::new(), Vec::new());
    for looked in [deployments(cluster).await, leases(cluster, ahead).await] {
        match looked {
            Ok(found) => others.extend(found),
            Err(why) => not_looked.push(why),
        }
    }
    let of = |state, message: String| Check::of(Area::Installations, state, message);
    let partly =
        if not_looked.is_empty() { String::new() } else { format!(" (not checked: {})", not_looked.join("; ")) };
    if !others.is_empty() {
        let message =
            format!("{}: both act on the same cluster, and know nothing of each other{partly}", others.join(", "));
        // Where each has its own namespaces, only nodes can be healed by both.
        let state = if config.watch_namespaces.is_empty() { State::Failed } else { State::Warning };
        return of(state, message)
            .todo("remove one of them, or give each its own watch_namespaces and only one the nodes");
    }
    match not_looked.len() {
        0 => of(State::Ok, "none".to_owned()),
        1 => of(State::Ok, format!("none{partly}")),
        _ => of(State::Unchecked, format!("not checked: {}", not_looked.join("; "))),
    }
}

/// Deployments of ours in other namespaces; two in one namespace share a Lease, and so do not act both.
async fn deployments(cluster: &Cluster) -> Result<Vec<String>, String> {
    let client = &cluster.clients.reads;
    ask(client, &wish("list", "apps", "deployments", None, None), "list Deployments of all namespaces").await?;
    let ours = ListParams::default().labels(&format!("app.kubernetes.io/part-of={}", manifests::NAMESPACE));
    let all = Api::<Deployment>::all(client.clone()).list(&ours).await.map_err(|error| words(&error))?;
    let acts = |one: &Deployment| {
        let replicas = one.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        replicas > 0 && one.namespace().as_deref() != Some(&cluster.namespace)
    };
    let name = |one: Deployment| format!("Deployment {}/{}", one.namespace().unwrap_or_default(), one.name_any());
    Ok(all.items.into_iter().filter(acts).map(name).collect())
}

/// Leases of ours in other namespaces that somebody renews.
async fn leases(cluster: &Cluster, ahead: SignedDuration) -> Result<Vec<String>, String> {
    let client = &cluster.clients.reads;
    let question = wish("list", "coordination.k8s.io", "leases", None, None);
    ask(client, &question, "list Leases of all namespaces").await?;
    let named = ListParams::default().fields(&format!("metadata.name={LEASE}"));
    let all = Api::<Lease>::all(client.clone()).list(&named).await.map_err(|error| words(&error))?;
    let held = |lease: Lease| {
        let (namespace, spec) = (lease.namespace().unwrap_or_default(), lease.spec.unwrap_or_default());
        let lives = is_fresh(&spec, age(&spec, ahead)) && !holder(&spec).is_empty();
        (lives && namespace != cluster.namespace).then(|| format!("{} leads in namespace {namespace}", holder(&spec)))
    };
    Ok(all.items.into_iter().filter_map(held).collect())
}

/// A right that is not there is not tried: the API server's log would show a refusal.
async fn ask(
    client: &kube::Client,
    wish: &k8s_openapi::api::authorization::v1::ResourceAttributes,
    what: &str,
) -> Result<(), String> {
    if may(client, wish).await? { Ok(()) } else { Err(format!("this account may not {what}")) }
}
