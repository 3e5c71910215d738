//! Changing objects: what a client may change through which door, and when nothing changes at all.

use super::change::Change;
use super::create::create;
use super::{defaults, rules, validate};
use crate::failure::{Cause, Failure};
use crate::schema;
use serde_json::Value;
use std::sync::Arc;

const MODIFIED: &str = "the object has been modified; please apply your changes to the latest version and try again";

/// Replaces an object by `new`, or creates it where a resource is served so. Says whether it was created.
pub(crate) fn update(change: &mut Change<'_>, new: &Value) -> Result<(Arc<Value>, bool), Failure> {
    let resource = change.resource.clone();
    let mut new = new.clone();
    validate::place(&resource, &change.key, &mut new)?;
    let uid = new["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    match change.old() {
        Ok(old) => {
            same_object(change, &uid, &old)?;
            Ok((replace(change, &old, new)?, false))
        }
        Err(_) if resource.upsert && change.subresource.is_empty() && uid.is_empty() => {
            asked_version(&new)?;
            Ok((create(change, &new)?, true))
        }
        Err(_) if resource.upsert && !uid.is_empty() => Err(precondition(change, &uid, "")),
        Err(failure) => Err(failure),
    }
}

/// The version that a write names; empty if it names none.
fn asked_version(new: &Value) -> Result<&str, Failure> {
    let asked = new["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    if asked.is_empty() || asked.parse::<u64>().is_ok() {
        return Ok(asked);
    }
    Err(Failure::new(500, "", format!("strconv.ParseUint: parsing {asked:?}: invalid syntax")))
}

/// A uid that is named must be the object's.
pub(super) fn same_object(change: &Change<'_>, uid: &str, old: &Value) -> Result<(), Failure> {
    let found = old["metadata"]["uid"].as_str().unwrap_or_default();
    if uid.is_empty() || uid == found { Ok(()) } else { Err(precondition(change, uid, found)) }
}

fn precondition(change: &Change<'_>, uid: &str, found: &str) -> Failure {
    let key = &change.key;
    let folder = match &change.resource.custom {
        Some(_) => format!("{}/{}", change.resource.group, change.resource.plural),
        None if change.resource.plural == "nodes" => "minions".to_owned(),
        None => change.resource.plural.clone(),
    };
    let path = format!("/registry/{folder}/{}/{}", key.namespace, key.name).replace("//", "/");
    let words = "Precondition failed: UID in precondition";
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: {words}: {uid}, UID in object meta: {found}"
    );
    Failure::conflict(change.called, &key.name, &why)
}

/// Writes `new` over `old`, as far as the subresource allows. A write that changes nothing makes no version; one that
/// takes the last finalizer off an object that is being deleted removes it.
pub(super) fn replace(change: &mut Change<'_>, old: &Arc<Value>, mut new: Value) -> Result<Arc<Value>, Failure> {
    let resource = change.resource.clone();
    let asked = asked_version(&new)?;
    if asked.is_empty() && (resource.versioned || resource.custom.is_some()) {
        let cause = Cause::invalid("metadata.resourceVersion", &0.into(), "must be specified for an update");
        return Err(Failure::invalid(&resource.name(), &change.key.name, &[cause]));
    }
    if !asked.is_empty() && old["metadata"]["resourceVersion"] != *asked {
        return Err(Failure::conflict(change.called, &change.key.name, MODIFIED));
    }
    keep_fixed(change, old, &mut new);
    if change.subresource.is_empty() {
        defaults::fill(&resource, &mut new);
    }
    let mut causes = validate::metadata_change(&resource, old, &new);
    causes.extend(match change.subresource {
        "" => rules::on_update(&resource, change.called, old, &new),
        _ => rules::on_status(&resource, &new["status"]),
    });
    if let Some(custom) = &resource.custom {
        schema::admit(custom, Some(&**old), &mut new, &mut causes);
    }
    if !causes.is_empty() {
        return Err(Failure::invalid(&resource.qualified_kind(), &change.key.name, &causes));
    }
    count(change, old, &mut new);
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
    if ended(&new, old) {
        change.remove();
        return Ok(Arc::new(new));
    }
    Ok(if new == **old { old.clone() } else { change.put(new) })
}

/// Whether nothing keeps an object any longer that is being deleted.
fn ended(new: &Value, old: &Value) -> bool {
    let none = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    let metadata = &old["metadata"];
    let namespace = old["kind"] == "Namespace" && !none(&new["spec"]["finalizers"]);
    none(&new["metadata"]["finalizers"])
        && !metadata["deletionTimestamp"].is_null()
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && !namespace
}

/// Takes from `old` what this door does not change.
fn keep_fixed(change: &Change<'_>, old: &Value, new: &mut Value) {
    let resource = &change.resource;
    match change.subresource {
        "" => {
            keep(new, old, &["status"], resource.status);
            let finalizers = resource.plural == "namespaces" && resource.group.is_empty();
            if finalizers && let Some(known) = old["spec"].get("finalizers") {
                new["spec"]["finalizers"] = known.clone();
            }
        }
        "finalize" => keep(new, old, &["status", "metadata"], true),
        "resize" => {
            let (asked, uid) = (new["spec"].take(), new["metadata"]["uid"].take());
            *new = old.clone();
            new["metadata"]["uid"] = uid;
            resources(&asked, &mut new["spec"]);
        }
        _ => {
            let status = new.get_mut("status").map(Value::take);
            let metadata = new["metadata"].take();
            *new = old.clone();
            match status {
                Some(status) => new["status"] = status,
                None => keep(new, &Value::Null, &["status"], true),
            }
            if resource.custom.is_none() && resource.plural != "customresourcedefinitions" {
                new["metadata"] = metadata;
                let own = if resource.plural == "pods" { "ownerReferences" } else { "labels" };
                // Of pods, an old one that is sent is as good as none.
                keep(&mut new["metadata"], &Value::Null, &["deletionTimestamp"], resource.plural == "pods");
                let quality = resource.plural == "pods" && new["status"]["qosClass"].is_null();
                keep(&mut new["status"], &old["status"], &["qosClass"], quality);
                keep(
                    &mut new["metadata"],
                    &old["metadata"],
                    &[own],
                    matches!(resource.plural.as_str(), "pods" | "deployments"),
                );
            }
        }
    }
    let (metadata, before) = (&mut new["metadata"], &old["metadata"]);
    if metadata["uid"].as_str().unwrap_or_default().is_empty() {
        metadata["uid"] = before["uid"].clone();
    }
    keep(metadata, before, &["creationTimestamp", "generation"], true);
    keep(metadata, before, &["deletionTimestamp"], !before["deletionTimestamp"].is_null());
    let grace = metadata["deletionGracePeriodSeconds"].is_null();
    keep(metadata, before, &["deletionGracePeriodSeconds"], grace);
    keep(metadata, &Value::Null, &["managedFields"], true);
    drop_empty(metadata);
}

/// An empty list or map is none.
pub(super) fn drop_empty(metadata: &mut Value) {
    for empty in ["labels", "annotations", "finalizers", "ownerReferences"] {
        let nothing = match &metadata[empty] {
            Value::Object(fields) => fields.is_empty(),
            Value::Array(items) => items.is_empty(),
            other => other.is_null(),
        };
        keep(metadata, &Value::Null, &[empty], nothing);
    }
}

/// Makes fields of `new` as they are in `old`, where they may be absent.
fn keep(new: &mut Value, old: &Value, fields: &[&str], really: bool) {
    let Some(new) = new.as_object_mut().filter(|_| really) else { return };
    for field in fields {
        match old.get(*field).filter(|value| !value.is_null()) {
            Some(value) => drop(new.insert((*field).to_owned(), value.clone())),
            None => drop(new.remove(*field)),
        }
    }
}

/// Takes what `asked` says of containers' resources, which is all that this door changes.
fn resources(asked: &Value, spec: &mut Value) {
    let asked = asked["containers"].as_array().into_iter().flatten();
    for (container, asked) in spec["containers"].as_array_mut().into_iter().flatten().zip(asked) {
        if container["name"] == asked["name"] {
            container["resources"] = asked["resources"].clone();
        }
    }
}

/// Counts a change of what was asked for in `metadata.generation`.
fn count(change: &Change<'_>, old: &Value, new: &mut Value) {
    let resource = &change.resource;
    let counts = matches!(change.subresource, "" | "resize");
    if !(resource.generation || resource.custom.is_some()) || !counts {
        return;
    }
    let notes = resource.plural == "deployments" && old["metadata"]["annotations"] != new["metadata"]["annotations"];
    let asked = |field: &str| field != "metadata" && !(resource.status && field == "status");
    let wanted = |object| -> Vec<(&String, &Value)> {
        Value::as_object(object).into_iter().flatten().filter(|(field, _)| asked(field)).collect()
    };
    if notes || wanted(old) != wanted(new) {
        new["metadata"]["generation"] = (old["metadata"]["generation"].as_i64().unwrap_or(0) + 1).into();
    }
}
