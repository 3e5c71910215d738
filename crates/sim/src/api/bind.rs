//! Binding: the scheduler gives a pod its node, once.

use super::change::Change;
use super::evict::add_condition;
use super::update::same_object;
use crate::failure::Failure;
use serde_json::Value;

/// Binds a pod to the node that a `Binding` object names.
pub(crate) fn bind(change: &mut Change<'_>, binding: &Value) -> Result<(), Failure> {
    let name = change.key.name.clone();
    if binding["metadata"]["name"] != *name {
        return Err(Failure::bad_request("name in URL does not match name in Binding object"));
    }
    let Some(node) = binding["target"]["name"].as_str().filter(|node| !node.is_empty()) else {
        return Err(Failure::new(500, "", "target.name: Required value"));
    };
    let old = change.old()?;
    same_object(change, binding["metadata"]["uid"].as_str().unwrap_or_default(), &old)?;
    let taken = old["spec"]["nodeName"].as_str().unwrap_or_default();
    let why = if !old["metadata"]["deletionTimestamp"].is_null() {
        format!("pod {name} is being deleted, cannot be assigned to a host")
    } else if !taken.is_empty() {
        format!("pod {name} is already assigned to node {taken:?}")
    } else if old["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty()) {
        format!("pod {name} has non-empty .spec.schedulingGates")
    } else {
        String::new()
    };
    if !why.is_empty() {
        return Err(Failure::conflict("pods/binding", &name, &why));
    }
    let mut new = (*old).clone();
    new["spec"]["nodeName"] = node.into();
    add_condition(&mut new["status"], ("PodScheduled", "", ""), change.timestamp());
    change.put(new);
    Ok(())
}
