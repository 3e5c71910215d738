//! Eviction: a delete that asks the disruption budgets first.

use super::change::Change;
use super::delete::{self, DeleteOptions};
use crate::failure::Failure;
use crate::select::Selector;
use crate::store::Key;
use serde_json::{Value, json};

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL: &str =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
const BUDGETS: &str = "poddisruptionbudgets.policy";

/// Evicts a pod, as an `Eviction` object asks.
pub(crate) fn evict(change: &mut Change<'_>, eviction: &Value) -> Result<(), Failure> {
    if eviction["metadata"]["name"] != *change.key.name {
        return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
    }
    let pod = change.old()?;
    let options = DeleteOptions::of(&eviction["deleteOptions"]);
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    let undisturbed =
        matches!(phase, "Succeeded" | "Failed" | "Pending") || !pod["metadata"]["deletionTimestamp"].is_null();
    let unready = if undisturbed { None } else { ask_budgets(change, &pod)? };
    check(change, &pod, options.clone(), unready)?;
    let mut new = (*pod).clone();
    let words = ("DisruptionTarget", "EvictionByEvictionAPI", "Eviction API: evicting");
    add_condition(&mut new["status"], words, change.timestamp());
    if new != *pod {
        change.put(new);
    }
    // The version was ours to check; by now we have changed it.
    delete::delete(change, &DeleteOptions { resource_version: None, ..options })?;
    Ok(())
}

/// The fields of an `Eviction` that it does not have.
pub(crate) fn unknown_in_eviction(eviction: &Value) -> Vec<String> {
    const OPTIONS: &[&str] = &[
        "kind",
        "apiVersion",
        "gracePeriodSeconds",
        "preconditions",
        "orphanDependents",
        "propagationPolicy",
        "dryRun",
    ];
    let known: [(&str, &[&str]); 3] = [
        ("", &["kind", "apiVersion", "metadata", "deleteOptions"]),
        ("deleteOptions", OPTIONS),
        ("deleteOptions.preconditions", &["uid", "resourceVersion"]),
    ];
    let mut found = Vec::new();
    for (path, known) in known {
        let part = path.split('.').filter(|name| !name.is_empty()).fold(eviction, |value, name| &value[name]);
        for name in part.as_object().into_iter().flatten().map(|(name, _)| name.as_str()) {
            if !known.contains(&name) {
                found.push(if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") });
            }
        }
    }
    found
}

/// Preconditions. A pod that goes because it is not ready must be as it was read, whatever version was asked for, and
/// whoever asked for none is told to come back.
fn check(change: &Change<'_>, pod: &Value, mut options: DeleteOptions, unready: Option<String>) -> Result<(), Failure> {
    let Some(budget) = unready else { return delete::check(change, pod, &options) };
    let named = options.resource_version.take().is_some();
    delete::check(change, pod, &options).map_err(|failure| if named { failure } else { in_process(&budget) })
}

fn in_process(budget: &str) -> Failure {
    let words = format!("The disruption budget {budget} is still being processed by the server.");
    Failure::too_many_requests(REFUSED, Some(10)).because("DisruptionBudget", &words, "")
}

/// Takes a disruption from the budget of a pod, or refuses. A pod that is not ready may cost none: then the budget's name.
fn ask_budgets(change: &mut Change<'_>, pod: &Value) -> Result<Option<String>, Failure> {
    let mut budgets = Vec::new();
    for (key, budget) in change.state.store.list(BUDGETS, &change.key.namespace) {
        if Selector::of_object(&budget["spec"]["selector"]).is_some_and(|selector| selector.matches(pod)) {
            budgets.push((key.clone(), budget.clone()));
        }
    }
    if budgets.len() > 1 {
        return Err(Failure::new(500, "", SEVERAL));
    }
    let Some((key, budget)) = budgets.pop() else { return Ok(None) };
    let (spec, status) = (&budget["spec"], &budget["status"]);
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let (healthy, wanted) = (number("currentHealthy"), number("desiredHealthy"));
    let free = spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow" || (healthy >= wanted && wanted > 0);
    if !is_ready(pod) && free {
        return Ok(Some(key.name.to_string()));
    }
    if number("observedGeneration") < budget["metadata"]["generation"].as_i64().unwrap_or(0) {
        return Err(in_process(&key.name));
    }
    let allowed = number("disruptionsAllowed");
    if allowed == 0 {
        return Err(exhausted(&key, &budget["status"], healthy, wanted));
    }
    take_one(change, key, (*budget).clone(), allowed - 1);
    Ok(None)
}

/// 429 in the words of the real server; it names no time to come back.
fn exhausted(key: &Key, status: &Value, healthy: i64, wanted: i64) -> Failure {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let refusing = |one: &&Value| {
        one["type"] == "DisruptionAllowed"
            && one["status"] == "False"
            && !one["message"].as_str().unwrap_or_default().is_empty()
    };
    let condition = conditions
        .into_iter()
        .find(refusing)
        .map(|one| (one["reason"].as_str().unwrap_or_default(), one["message"].as_str().unwrap_or_default()));
    let name = &key.name;
    let words = match condition {
        Some(("SyncFailed", message)) => {
            format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            )
        }
        _ if healthy <= wanted => {
            format!("The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently")
        }
        Some((reason, message)) => {
            format!("The disruption budget {name} does not allow evicting pods currently ({reason}): {message}")
        }
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    };
    Failure::too_many_requests(REFUSED, None).because("DisruptionBudget", &words, "")
}

/// Takes one disruption off the budget and notes for whom.
fn take_one(change: &mut Change<'_>, key: Key, mut budget: Value, left: i64) {
    let now = change.timestamp();
    let generation = budget["metadata"]["generation"].clone();
    let status = &mut budget["status"];
    status["disruptionsAllowed"] = left.into();
    status["disruptedPods"][&*change.key.name] = now.clone();
    if left == 0 {
        let condition = json!({
            "type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
            "observedGeneration": generation, "lastTransitionTime": now,
        });
        set_condition(status, condition);
    }
    if let Some(resource) = change.state.registry.named(BUDGETS).cloned() {
        change.put_other(&resource, key, budget);
    }
}

/// Adds or changes a condition of a pod that is true: its type, its reason, its words.
pub(super) fn add_condition(status: &mut Value, (kind, reason, message): (&str, &str, &str), now: Value) {
    let mut condition = json!({ "type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": now });
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition[field] = text.into();
        }
    }
    set_condition(status, condition);
}

/// Puts a condition in its place. One that only repeats what is known keeps the time of its last change.
pub(super) fn set_condition(status: &mut Value, mut condition: Value) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(conditions) = status["conditions"].as_array_mut() else { return };
    match conditions.iter_mut().find(|one| one["type"] == condition["type"]) {
        Some(known) => {
            if known["status"] == condition["status"] {
                condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = condition;
        }
        None => conditions.push(condition),
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
}
