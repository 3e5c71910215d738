//! Writes on pods: evict, delete, create.

use super::call::{Calls, pod_path, segment};
use super::outcome;
use http::Method;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::{Key, Target};
use serde_json::{Value, json};
use std::time::Duration;

/// Asks the Eviction API, and nothing else: a refused eviction never becomes a delete.
///
/// Built by hand, because kube's own sends its options under a name that the API does not know; with strict validation such a
/// mistake would be refused instead of dropping the precondition.
pub(super) async fn evict(calls: &Calls, target: &Target, grace: Option<Duration>) -> Result<Answer, Outcome> {
    let mut options = json!({"preconditions": {"uid": uid(target)?}});
    limit(&mut options, grace);
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": &*target.key.name, "namespace": &*target.key.namespace},
        "deleteOptions": options,
    });
    let path = format!("{}/eviction?fieldValidation=Strict", pod_path(target)?);
    outcome::of(&calls.write(Method::POST, &path, &body).await?)?;
    Ok(Answer::Nothing)
}

/// Deletes gracefully, if it is still the pod in the state that was judged.
pub(super) async fn delete(
    calls: &Calls,
    target: &Target,
    grace: Option<Duration>,
    resource_version: &str,
) -> Result<Answer, Outcome> {
    if resource_version.is_empty() {
        return Err(outcome::refused("a pod is only deleted at the version that was looked at"));
    }
    let mut body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": uid(target)?, "resourceVersion": resource_version},
    });
    limit(&mut body, grace);
    outcome::of(&calls.write(Method::DELETE, &pod_path(target)?, &body).await?)?;
    Ok(Answer::Nothing)
}

/// Sets the memory limit of one container in place, if the pod is still the one that was looked at. `guaranteed` pods ask for as much as
/// they may use.
pub(super) async fn resize(
    calls: &Calls,
    target: &Target,
    (container, limit, guaranteed): (&str, u64, bool),
    resource_version: &str,
) -> Result<Answer, Outcome> {
    if resource_version.is_empty() {
        return Err(outcome::refused("a pod is only resized at the version that was looked at"));
    }
    let memory = json!({"memory": limit.to_string()});
    let mut resources = json!({"limits": memory});
    if guaranteed {
        resources["requests"] = memory;
    }
    let body = json!({
        "metadata": {"uid": uid(target)?, "resourceVersion": resource_version},
        "spec": {"containers": [{"name": container, "resources": resources}]},
    });
    let path = format!("{}/resize?fieldManager={}", pod_path(target)?, marks::MANAGER);
    outcome::of(&calls.strategic(&path, &body).await?).map_err(|refused| match refused {
        // The pod was just read, so it is the subresource that is not there.
        Outcome::Refused { message } if message.contains("could not find the requested resource") => {
            outcome::refused("this API server does not resize pods in place (it has no pods/resize)")
        }
        other => other,
    })?;
    Ok(Answer::Nothing)
}

pub(super) async fn create(calls: &Calls, manifest: &str) -> Result<Answer, Outcome> {
    // The words of the parser could quote the manifest, which may hold what its author wants to keep.
    let pod: Value = serde_json::from_str(manifest).map_err(|_| outcome::refused("the saved manifest is no JSON"))?;
    let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default();
    let key = Key::new(segment("namespace", text("namespace"))?, segment("pod name", text("name"))?);
    let reply = calls.write(Method::POST, &format!("/api/v1/namespaces/{}/pods", key.namespace), &pod).await?;
    match reply.code.as_u16() {
        409 if outcome::already_exists(&reply) => {}
        // The server's words quote values of the manifest, which is shown nowhere: only the fields are told.
        400 | 422 => {
            return Err(outcome::refused(&format!("the saved manifest is invalid{}", outcome::fields(&reply))));
        }
        _ => drop(outcome::of(&reply).map_err(outcome::of_create)?),
    }
    Ok(Answer::Created(key))
}

/// Puts the grace period into options of a delete. One of 0 would take the pod away without waiting for it to end.
fn limit(options: &mut Value, grace: Option<Duration>) {
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = json!(grace.as_secs().max(1));
    }
}

fn uid(target: &Target) -> Result<&str, Outcome> {
    if target.uid.is_empty() { Err(outcome::refused("a pod is only removed by its uid")) } else { Ok(&target.uid) }
}
