//! Services: the switch to their standby, set with its owner and the original selector, and given back only while it is still ours.
//!
//! Services are read and patched as plain JSON, so that fields that we do not know stay as they are. Each patch names the uid and
//! resourceVersion that were read: between read and patch nobody wrote.

use super::call::{Calls, segment};
use super::look::annotation;
use super::{keeper, look, outcome};
use crate::objects::{self, Shared};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::fact::{Labels, ServiceFact};
use self_healing_core::key::{Target, Text};
use self_healing_core::recovery::ServiceView;
use serde_json::{Map, Value, json};

/// The path of the field that a switch changes, as `managedFields` name it.
const SELECTOR: [&str; 2] = ["f:spec", "f:selector"];

pub(super) async fn look(calls: &Calls, target: &Target) -> Result<Answer, Outcome> {
    let reply = calls.get(&path(target)?).await?;
    let object = outcome::of(&reply)?;
    look::same(&object, target)?;
    let fact = objects::service::parse(&reply.body, &mut Shared::default()).map_err(look::unreadable)?;
    let standby = fact.standby.as_ref().and_then(|standby| standby.chosen(&fact.key)).and_then(Result::ok);
    let namespace = segment("namespace", &target.key.namespace)?;
    let (slices, primary, standby) = tokio::join!(
        ready_endpoints(calls, namespace, &target.key.name),
        ready_pods(calls, namespace, original(&fact)),
        ready_pods(calls, namespace, standby.unwrap_or_default()),
    );
    Ok(Answer::Service(Box::new(ServiceView {
        fact,
        resource_version: Text::from(object["metadata"]["resourceVersion"].as_str().unwrap_or_default()),
        keeper: keeper::of(&object, &SELECTOR),
        ready_endpoints: slices?,
        primary_ready: primary?,
        standby_ready: standby?,
    })))
}

/// The selector that it had before we switched it, if we did.
fn original(service: &ServiceFact) -> Labels {
    let ours = service.standby.as_ref().filter(|standby| !standby.owner.is_empty());
    ours.map_or(&service.selector, |standby| &standby.original).clone()
}

pub(super) async fn switch(
    calls: &Calls,
    target: &Target,
    to: &Labels,
    recovery: &str,
    resource_version: &str,
) -> Result<Answer, Outcome> {
    let service = read(calls, target).await?;
    match annotation(&service, marks::OWNER) {
        Some(owner) if owner == recovery => return Ok(Answer::Nothing),
        Some(_) => return Err(outcome::refused("another Recovery has switched it")),
        None => {}
    }
    if let Some(keeper) = keeper::of(&service, &SELECTOR) {
        return Err(outcome::refused(&format!("it is kept by {keeper}")));
    }
    // Only in the state in which its failure was confirmed, and its standby was seen ready.
    if service["metadata"]["resourceVersion"].as_str() != Some(resource_version) {
        let message = "it was changed since it was looked at".to_owned();
        return Err(Outcome::TryLater { after: None, budget: false, message });
    }
    let (original, new) = (&service["spec"]["selector"], of_labels(to));
    let change = json!({
        "metadata": {"annotations": {
            marks::OWNER: recovery,
            marks::ORIGINAL_SELECTOR: original.to_string(),
            marks::SWITCHED_SELECTOR: new.to_string(),
        }},
        "spec": {"selector": difference(original, &new)},
    });
    patch(calls, target, &service, change).await
}

pub(super) async fn switch_back(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    let service = read(calls, target).await?;
    if annotation(&service, marks::OWNER) != Some(recovery) {
        return Ok(Answer::Nothing);
    }
    let stored = |key| annotation(&service, key).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (original, switched) = (stored(marks::ORIGINAL_SELECTOR), stored(marks::SWITCHED_SELECTOR));
    let none = Value::Null;
    let mut change = json!({
        "metadata": {"annotations": {marks::OWNER: none, marks::ORIGINAL_SELECTOR: none, marks::SWITCHED_SELECTOR: none}},
    });
    // What a person or a tool has set meanwhile stays; only our marks go.
    let selector = &service["spec"]["selector"];
    let still_ours = switched.as_ref() == Some(selector) && keeper::of(&service, &SELECTOR).is_none();
    if let Some(original) = original.filter(|original| still_ours && original.is_object()) {
        change["spec"] = json!({"selector": difference(selector, &original)});
    }
    patch(calls, target, &service, change).await
}

async fn read(calls: &Calls, target: &Target) -> Result<Value, Outcome> {
    let service = outcome::of(&calls.get(&path(target)?).await?)?;
    look::same(&service, target)?;
    Ok(service)
}

/// Sends `change` as a merge patch that only applies to `service` as it was read.
async fn patch(calls: &Calls, target: &Target, service: &Value, change: Value) -> Result<Answer, Outcome> {
    calls.patch_as_read(&path(target)?, service, change).await
}

/// The merge patch that makes the map `new` of `old`: what is not in it any more has to be named.
fn difference(old: &Value, new: &Value) -> Value {
    let gone = old.as_object().into_iter().flat_map(Map::keys).filter(|key| new[key.as_str()].is_null());
    let gone = gone.map(|key| (key.clone(), Value::Null));
    Value::Object(
        new.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).chain(gone).collect(),
    )
}

fn of_labels(labels: &Labels) -> Value {
    Value::Object(labels.iter().map(|(key, value)| (key.to_string(), json!(&**value))).collect())
}

/// How many pods of the namespace that `selector` chooses are ready and stay; of none when it chooses nothing.
async fn ready_pods(calls: &Calls, namespace: &str, selector: Labels) -> Result<u32, Outcome> {
    if selector.is_empty() {
        return Ok(0);
    }
    let pairs: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let is_ready = |pod: &Value| {
        let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        let ready = conditions.rev().find(|one| one["type"] == "Ready").is_some_and(|one| one["status"] == "True");
        ready && pod["metadata"]["deletionTimestamp"].is_null()
    };
    let pods = all(calls, &format!("/api/v1/namespaces/{namespace}/pods"), &pairs.join(",")).await?;
    Ok(count(pods.iter().filter(|pod| is_ready(pod)).count()))
}

/// How many endpoints of the Service are ready, over all its slices.
async fn ready_endpoints(calls: &Calls, namespace: &str, service: &str) -> Result<u32, Outcome> {
    let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices");
    let slices = all(calls, &path, &format!("{}={service}", marks::SERVICE_NAME)).await?;
    let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
    // One that does not say counts as ready, as the API documents it.
    Ok(count(endpoints.filter(|endpoint| endpoint["conditions"]["ready"] != false).count()))
}

async fn all(calls: &Calls, path: &str, labels: &str) -> Result<Vec<Value>, Outcome> {
    look::select(calls, path, kube::api::ListParams::default().labels(labels)).await
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn path(target: &Target) -> Result<String, Outcome> {
    let namespace = segment("namespace", &target.key.namespace)?;
    Ok(format!("/api/v1/namespaces/{namespace}/services/{}", segment("Service name", &target.key.name)?))
}

#[cfg(test)]
mod tests {
    use super::difference;
    use serde_json::json;

    #[test]
    fn a_merge_patch_names_what_goes() {
        let patch = difference(&json!({"app": "web", "track": "main"}), &json!({"app": "web", "role": "standby"}));
        assert_eq!(patch, json!({"app": "web", "role": "standby", "track": null}));
    }
}
