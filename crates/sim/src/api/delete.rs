//! Deleting objects: preconditions, grace, finalizers, and what becomes of dependents.

use super::NAMESPACES;
use super::change::{Change, timestamp};
use crate::failure::{Cause, Failure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a delete asks for; the fields as in the API's `DeleteOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds; the object's own when absent. 0 removes it at once.
    pub grace_period_seconds: Option<i64>,
    /// Only this uid.
    pub uid: Option<String>,
    /// Only this version.
    pub resource_version: Option<String>,
    /// `Background` (also when absent), `Foreground` or `Orphan`.
    pub propagation_policy: Option<String>,
}

impl DeleteOptions {
    /// Of an object of that kind; null is no options.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            grace_period_seconds: object["gracePeriodSeconds"].as_i64(),
            uid: text(&object["preconditions"]["uid"]),
            resource_version: text(&object["preconditions"]["resourceVersion"]),
            propagation_policy: text(&object["propagationPolicy"]),
        }
    }

    /// Whether they mean something; asked before there is an object.
    pub(crate) fn valid(&self) -> Result<(), Failure> {
        let allowed = [json!("Foreground"), json!("Background"), json!("Orphan"), json!("nil")];
        let wrong = self.propagation_policy.as_deref().filter(|policy| !allowed[..3].contains(&json!(policy)));
        let Some(policy) = wrong else { return Ok(()) };
        let cause = Cause::unsupported("propagationPolicy", &policy.into(), &allowed);
        Err(Failure::invalid("DeleteOptions.meta.k8s.io", "", &[cause]))
    }

    /// As an object of that kind.
    #[must_use]
    pub fn object(&self) -> Value {
        let mut object = json!({ "kind": "DeleteOptions", "apiVersion": "v1" });
        if let Some(seconds) = self.grace_period_seconds {
            object["gracePeriodSeconds"] = seconds.into();
        }
        for (field, value) in [("uid", &self.uid), ("resourceVersion", &self.resource_version)] {
            if let Some(value) = value {
                object["preconditions"][field] = value.clone().into();
            }
        }
        if let Some(policy) = &self.propagation_policy {
            object["propagationPolicy"] = policy.clone().into();
        }
        object
    }
}

/// What came of a delete.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The object as it is now, or as it was last.
    pub object: Arc<Value>,
    /// Whether it is gone; else finalizers or its grace keep it.
    pub gone: bool,
}

/// Deletes an object, or marks it as being deleted while finalizers or a grace period keep it.
pub(crate) fn delete(change: &mut Change<'_>, options: &DeleteOptions) -> Result<Deletion, Failure> {
    options.valid()?;
    let old = change.old()?;
    check(change, &old, options)?;
    let mut new = (*old).clone();
    let graceful = match grace(change, &mut new, options) {
        Grace::Pending => return Ok(Deletion { object: old, gone: false }),
        Grace::None => None,
        Grace::Seconds(seconds) => Some(seconds),
    };
    if change.resource.name() == "namespaces" {
        return Ok(end_namespace(change, new, &old));
    }
    // The garbage collector does not look after Events.
    if change.resource.plural != "events" {
        propagate(&mut new, options);
    }
    let kept = new["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    if graceful.is_none() && kept {
        mark(change, &mut new);
    }
    if (graceful.is_some() || kept) && new != *old {
        new = (*change.put(new)).clone();
    }
    if kept || graceful.is_some_and(|seconds| seconds > 0) {
        return Ok(Deletion { object: Arc::new(new), gone: false });
    }
    let object = if change.dry_run { Arc::new(new) } else { change.remove() };
    Ok(Deletion { object, gone: true })
}

/// Preconditions; also asked before an eviction deletes.
pub(super) fn check(change: &Change<'_>, old: &Value, options: &DeleteOptions) -> Result<(), Failure> {
    let (resource, name) = (&change.resource, &change.key.name);
    let asked = [("UID", "uid", &options.uid), ("ResourceVersion", "resourceVersion", &options.resource_version)];
    for (word, field, asked) in asked {
        let found = old["metadata"][field].as_str().unwrap_or_default();
        if let Some(asked) = asked.as_deref().filter(|asked| *asked != found) {
            let end = if word == "UID" { "deleted and then recreated" } else { "modified" };
            let words =
                format!("the {word} in the precondition ({asked}) does not match the {word} in record ({found})");
            let why = format!("{words}. The object might have been {end}");
            return Err(Failure::conflict(&resource.qualified_kind(), name, &why));
        }
    }
    if resource.name() == "namespaces" && NAMESPACES[..3].contains(&&**name) {
        return Err(Failure::forbidden("namespaces", name, "this namespace may not be deleted"));
    }
    Ok(())
}

enum Grace {
    /// It is being deleted already, and not slower than asked now.
    Pending,
    /// The resource knows no grace, or it is over.
    None,
    /// Seconds that begin now.
    Seconds(i64),
}

/// Only pods end gracefully: those that a kubelet may be running.
fn grace(change: &Change<'_>, pod: &mut Value, options: &DeleteOptions) -> Grace {
    if change.resource.name() != "pods" {
        return Grace::None;
    }
    let asked = options.grace_period_seconds.map(|seconds| if seconds < 0 { 1 } else { seconds });
    let metadata = &pod["metadata"];
    let deadline = metadata["deletionTimestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let Some(deadline) = deadline else {
        let unscheduled = pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty();
        let finished = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(0);
        let seconds = if unscheduled || finished { 0 } else { asked.unwrap_or(own).max(0) };
        end(pod, change.now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(change.now), seconds);
        raise_generation(pod);
        return Grace::Seconds(seconds);
    };
    let running = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    if running == 0 {
        return Grace::None;
    }
    let Some(mut asked) = asked.filter(|asked| *asked < running) else { return Grace::Pending };
    let earlier = SignedDuration::from_secs(asked - running);
    let mut deadline = deadline.saturating_add(earlier).unwrap_or(change.now);
    if deadline < change.now {
        deadline = change.now;
        asked = asked.min(1);
    }
    end(pod, deadline, asked);
    Grace::Seconds(asked)
}

fn end(object: &mut Value, deadline: Timestamp, seconds: i64) {
    object["metadata"]["deletionTimestamp"] = timestamp(deadline);
    object["metadata"]["deletionGracePeriodSeconds"] = seconds.into();
}

/// Marks an object that only finalizers keep.
fn mark(change: &Change<'_>, object: &mut Value) {
    if object["metadata"]["deletionTimestamp"].is_null() {
        raise_generation(object);
        object["metadata"]["deletionTimestamp"] = change.timestamp();
    }
    object["metadata"]["deletionGracePeriodSeconds"] = 0.into();
}

fn raise_generation(object: &mut Value) {
    if let Some(generation) = object["metadata"]["generation"].as_i64() {
        object["metadata"]["generation"] = (generation + 1).into();
    }
}

/// The finalizers by which the garbage collector knows what to do with dependents.
fn propagate(object: &mut Value, options: &DeleteOptions) {
    let known = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let had = |name: &str| known.iter().any(|finalizer| finalizer == name);
    let wanted = match options.propagation_policy.as_deref() {
        Some("Foreground") => Some("foregroundDeletion"),
        Some("Orphan") => Some("orphan"),
        Some(_) => None,
        None => ["orphan", "foregroundDeletion"].into_iter().find(|name| had(name)),
    };
    let mut finalizers: Vec<Value> =
        known.iter().filter(|one| *one != "orphan" && *one != "foregroundDeletion").cloned().collect();
    finalizers.extend(wanted.map(Value::from));
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    if finalizers.is_empty() {
        metadata.remove("finalizers");
    } else {
        metadata.insert("finalizers".to_owned(), finalizers.into());
    }
}

/// A namespace stays until its own finalizers are gone: its content is deleted first.
fn end_namespace(change: &mut Change<'_>, mut new: Value, old: &Arc<Value>) -> Deletion {
    let none = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    if none(&new["spec"]["finalizers"]) && none(&new["metadata"]["finalizers"]) {
        return Deletion { object: change.remove(), gone: true };
    }
    if new["metadata"]["deletionTimestamp"].is_null() {
        new["metadata"]["deletionTimestamp"] = change.timestamp();
    }
    new["status"]["phase"] = "Terminating".into();
    let object = if new == **old { old.clone() } else { change.put(new) };
    Deletion { object, gone: false }
}
