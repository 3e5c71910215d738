//! The scale subresource: how many replicas, as one small object for every kind of workload.

use super::change::Change;
use super::patch::Patch;
use super::update::{replace, same_object};
use crate::failure::{Cause, Failure};
use serde_json::{Value, json};

/// The `Scale` of a workload.
pub(crate) fn scale_of(workload: &Value) -> Value {
    let metadata = &workload["metadata"];
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {},
        "spec": {},
        "status": { "replicas": workload["status"]["replicas"].as_i64().unwrap_or(0) },
    });
    // None are left out, as Go does it.
    if let Some(replicas) = workload["spec"]["replicas"].as_i64().filter(|replicas| *replicas > 0) {
        scale["spec"]["replicas"] = replicas.into();
    }
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        scale["metadata"][field] = metadata[field].clone();
    }
    let labels = workload["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten();
    let words: Vec<String> =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    if !words.is_empty() {
        scale["status"]["selector"] = words.join(",").into();
    }
    scale
}

/// Takes the number of replicas of a `Scale`, and gives it as it is then.
pub(crate) fn update_scale(change: &mut Change<'_>, scale: &Value) -> Result<Value, Failure> {
    let old = change.old()?;
    same_object(change, scale["metadata"]["uid"].as_str().unwrap_or_default(), &old)?;
    let name = &change.key.name;
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0");
        return Err(Failure::invalid("Scale.autoscaling", name, &[cause]));
    }
    let mut new = (*old).clone();
    new["spec"]["replicas"] = replicas.into();
    new["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"].clone();
    // The subresource is the door, but what it changes is the specification.
    let door = std::mem::take(&mut change.subresource);
    let new = replace(change, &old, new);
    change.subresource = door;
    Ok(scale_of(&*new?))
}

/// The same by a patch of the `Scale`.
pub(crate) fn patch_scale(change: &mut Change<'_>, patch: &Patch) -> Result<Value, Failure> {
    let mut scale = scale_of(&*change.old()?);
    patch.apply(&mut scale)?;
    update_scale(change, &scale)
}
