//! Marks on nodes: our cordon and our suspect taint, set with their owner, and undone only while they are still ours.
//!
//! Nodes are read and patched as plain JSON, so that taints and fields that we do not know stay as they are. Each patch
//! names the uid and resourceVersion that were read: between read and patch nobody wrote.

use super::call::{Calls, node_path};
use super::look::annotation;
use super::{look, outcome};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::Target;
use serde_json::{Value, json};

const PREFER_NO_SCHEDULE: &str = "PreferNoSchedule";

/// The value of our label that excludes from load balancers.
const EXCLUDED: &str = "true";

/// Longest value of a label or taint.
const VALUE: usize = 63;

pub(super) async fn cordon(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    let node = read(calls, &target.key.name).await?;
    look::same(&node, target)?;
    let ours = is_ours(&node, recovery);
    match (is_unschedulable(&node), ours) {
        (true, true) => return Ok(Answer::Nothing),
        (true, false) => return Err(outcome::refused("already cordoned by somebody else")),
        // Our annotation without our cordon: a person let pods on it again, and is not overruled.
        (false, true) => return Err(outcome::refused("somebody uncordoned it after we had cordoned it")),
        (false, false) => {}
    }
    let mut change = json!({
        "metadata": {"annotations": {marks::OWNER: recovery, marks::ORIGINAL_UNSCHEDULABLE: "false"}},
        "spec": {"unschedulable": true},
    });
    exclude_from_load_balancers(&node, &mut change);
    patch(calls, &target.key.name, &node, change).await
}

pub(super) async fn uncordon(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    let node = read(calls, &target.key.name).await?;
    look::same(&node, target)?;
    let original = annotation(&node, marks::ORIGINAL_UNSCHEDULABLE);
    if !is_ours(&node, recovery) || original.is_none() {
        return Ok(Answer::Nothing);
    }
    let mut change = json!({
        "metadata": {"annotations": {marks::OWNER: null, marks::ORIGINAL_UNSCHEDULABLE: null}},
    });
    if is_unschedulable(&node) && original == Some("false") {
        change["spec"] = json!({"unschedulable": false});
    }
    include_in_load_balancers(&node, &mut change);
    patch(calls, &target.key.name, &node, change).await
}

/// As long as a sick node is cordoned, load balancers outside the cluster send nothing to it; who has said so before is left alone.
fn exclude_from_load_balancers(node: &Value, change: &mut Value) {
    if node["metadata"]["labels"][marks::EXCLUDE_FROM_LOAD_BALANCERS].is_null() {
        change["metadata"]["labels"] = json!({marks::EXCLUDE_FROM_LOAD_BALANCERS: EXCLUDED});
        change["metadata"]["annotations"][marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS] = json!("absent");
    }
}

/// Takes that back, if it is ours and as we set it.
fn include_in_load_balancers(node: &Value, change: &mut Value) {
    if annotation(node, marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS).is_none() {
        return;
    }
    change["metadata"]["annotations"][marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS] = Value::Null;
    if node["metadata"]["labels"][marks::EXCLUDE_FROM_LOAD_BALANCERS] == EXCLUDED {
        change["metadata"]["labels"] = json!({marks::EXCLUDE_FROM_LOAD_BALANCERS: null});
    }
}

pub(super) async fn taint(calls: &Calls, name: &str, recovery: &str) -> Result<Answer, Outcome> {
    let node = read(calls, name).await?;
    let mut taints = taints(&node);
    // Key and effect make a taint: a second one of another value cannot be.
    if taints.iter().any(|taint| taint["key"] == marks::SUSPECT && taint["effect"] == PREFER_NO_SCHEDULE) {
        return Ok(Answer::Nothing);
    }
    taints.push(json!({"key": marks::SUSPECT, "value": value(recovery), "effect": PREFER_NO_SCHEDULE}));
    patch(calls, name, &node, json!({"spec": {"taints": taints}})).await
}

pub(super) async fn untaint(calls: &Calls, name: &str, recovery: &str) -> Result<Answer, Outcome> {
    let node = match read(calls, name).await {
        Err(Outcome::Gone) => return Ok(Answer::Nothing),
        read => read?,
    };
    let all = taints(&node);
    let others: Vec<&Value> =
        all.iter().filter(|taint| taint["key"] != marks::SUSPECT || taint["value"] != value(recovery)).collect();
    if others.len() == all.len() {
        return Ok(Answer::Nothing);
    }
    let taints = if others.is_empty() { Value::Null } else { json!(others) };
    match patch(calls, name, &node, json!({"spec": {"taints": taints}})).await {
        Err(Outcome::Gone) => Ok(Answer::Nothing),
        patched => patched,
    }
}

pub(super) async fn read(calls: &Calls, name: &str) -> Result<Value, Outcome> {
    outcome::of(&calls.get(&node_path(name)?).await?)
}

/// Sends `change` as a merge patch that only applies to `node` as it was read.
pub(super) async fn patch(calls: &Calls, name: &str, node: &Value, change: Value) -> Result<Answer, Outcome> {
    calls.patch_as_read(&node_path(name)?, node, change).await
}

fn is_unschedulable(node: &Value) -> bool {
    node["spec"]["unschedulable"] == true
}

fn is_ours(node: &Value, recovery: &str) -> bool {
    annotation(node, marks::OWNER) == Some(recovery)
}

pub(super) fn taints(node: &Value) -> Vec<Value> {
    node["spec"]["taints"].as_array().cloned().unwrap_or_default()
}

/// The Recovery's name as a taint's value. Names that we make fit; of a longer one the start is kept, as far as it ends in a
/// letter or digit, which is what the API asks for.
fn value(recovery: &str) -> &str {
    let end = recovery.char_indices().nth(VALUE).map_or(recovery.len(), |(end, _)| end);
    recovery[..end].trim_end_matches(|last: char| !last.is_ascii_alphanumeric())
}
