//! Whether the API server refuses what the controller never does: asked by trying it on a node, as a dry run that is to be refused.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::client::words;
use crate::rights::{may, wish};
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use self_healing_api::marks::MANAGER;
use serde_json::json;

/// How every refusal of ours begins.
const REFUSAL: &str = "denied request: self-healing-controller may";
/// A label that nobody sets.
const LABEL: &str = "self-healing.dev/doctor-tried";

/// `own` says whether the account that asks is one of the controller's namespace; the policies hold for no other.
pub(super) async fn check(cluster: &Cluster, own: bool) -> Check {
    let of = |state, message: String| Check::of(Area::Admission, state, message);
    if !own {
        return of(State::Unchecked, "not checked: they hold for the controller's account only".to_owned());
    }
    match refusal(cluster).await {
        Ok(message) if message.contains(REFUSAL) => {
            of(State::Ok, "this account is refused what the controller never does".to_owned())
        }
        Ok(message) => of(State::Unchecked, format!("not checked: a change of a node is refused otherwise: {message}")),
        Err(Trouble::Taken) => of(State::Warning, "this account may change whatever its roles allow, such as labels of nodes".to_owned())
            .todo("kubectl apply -f kubernetes/self-healing/admission.yaml, or admissionPolicies.enabled in the chart; the account in its matchConditions has to be the one above"),
        Err(Trouble::Unknown(why)) => of(State::Unchecked, format!("not checked: {why}")),
    }
}

enum Trouble {
    /// The change would have been made.
    Taken,
    Unknown(String),
}

/// What the API server says against a label on some node.
async fn refusal(cluster: &Cluster) -> Result<String, Trouble> {
    let client = &cluster.clients.writes;
    let may = may(client, &wish("patch", "", "nodes", None, None)).await.map_err(Trouble::Unknown)?;
    if !may {
        return Err(Trouble::Unknown("this account may not change nodes at all".to_owned()));
    }
    let nodes = Api::<Node>::all(client.clone());
    let some = nodes.list_metadata(&ListParams::default().limit(1)).await;
    let some = some.map_err(|error| Trouble::Unknown(words(&error)))?.items.into_iter().next();
    let some = some.ok_or_else(|| Trouble::Unknown("there is no node".to_owned()))?;
    let tried = PatchParams { dry_run: true, field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
    let label = Patch::Merge(json!({ "metadata": { "labels": { LABEL: "true" } } }));
    match nodes.patch_metadata(&some.name_any(), &tried, &label).await {
        Ok(_) => Err(Trouble::Taken),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(status.message.clone()),
        Err(error) => Err(Trouble::Unknown(words(&error))),
    }
}
