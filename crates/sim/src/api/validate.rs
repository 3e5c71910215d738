//! What must hold of the metadata of any object.

use crate::failure::{Cause, Failure};
use crate::resource::Resource;
use crate::store::Key;
use serde_json::Value;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
    and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
    with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
    and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const IMMUTABLE: &str = "field is immutable";

/// Holds an object against the path that it was sent to, and fills in what the path says.
pub(super) fn place(resource: &Resource, key: &Key, object: &mut Value) -> Result<(), Failure> {
    if !object["metadata"].is_object() {
        object["metadata"] = Value::Object(serde_json::Map::new());
    }
    let metadata = &mut object["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, namespace) = (text(&metadata["name"]), text(&metadata["namespace"]));
    if !key.name.is_empty() && *name != *key.name {
        let words = "does not match the name on the URL";
        return Err(match name.is_empty() {
            true => Failure::bad_request("the name of the object must be provided and match the name on the URL"),
            false => Failure::bad_request(format!("the name of the object ({name}) {words} ({})", key.name)),
        });
    }
    if !resource.namespaced {
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.remove("namespace");
        }
    } else if !namespace.is_empty() && *namespace != *key.namespace {
        let words = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Failure::bad_request(words));
    } else {
        metadata["namespace"] = (*key.namespace).into();
    }
    object["apiVersion"] = resource.api_version().into();
    object["kind"] = resource.kind.clone().into();
    Ok(())
}

/// What is wrong with the metadata of an object, at `path`.
pub(super) fn metadata(resource: &Resource, object: &Value, path: &str) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let mut causes = Vec::new();
    match metadata["name"].as_str().filter(|name| !name.is_empty()) {
        None => causes.push(Cause::required(format!("{path}.name"), "name or generateName is required")),
        Some(name) => causes.extend(
            name_fault(resource, name).map(|why| Cause::invalid(format!("{path}.name"), &metadata["name"], why)),
        ),
    }
    causes.extend(labels(&metadata["labels"], &format!("{path}.labels")));
    causes.extend(owners(&metadata["ownerReferences"], &format!("{path}.ownerReferences")));
    causes
}

/// What is wrong with the change of an object's metadata.
pub(super) fn metadata_change(resource: &Resource, old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = metadata(resource, new, "metadata");
    if resource.custom.is_some() {
        // The real server looks at these twice, and says so twice.
        causes.extend(labels(&new["metadata"]["labels"], "metadata.labels"));
        causes.extend(owners(&new["metadata"]["ownerReferences"], "metadata.ownerReferences"));
    }
    let (old, new) = (&old["metadata"], &new["metadata"]);
    let finalizers = |of: &Value| of["finalizers"].as_array().cloned().unwrap_or_default();
    let mut changes = Vec::new();
    if !old["deletionTimestamp"].is_null() {
        let before = finalizers(old);
        let added: Vec<String> =
            finalizers(new).iter().filter(|one| !before.contains(one)).map(Value::to_string).collect();
        if !added.is_empty() {
            let words = "no new finalizers can be added if the object is being deleted, found new finalizers";
            changes.push(Cause::forbidden("metadata.finalizers", &format!("{words} []string{{{}}}", added.join(", "))));
        }
    }
    for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if old[field] != new[field] {
            changes.push(Cause::invalid(format!("metadata.{field}"), &new[field], IMMUTABLE));
        }
    }
    if resource.custom.is_some() {
        causes.extend(changes.clone());
    }
    causes.extend(changes);
    causes
}

/// A field that must stay as it is.
pub(super) fn immutable(old: &Value, new: &Value, pointer: &str) -> Option<Cause> {
    let at = |object: &Value| object.pointer(pointer).cloned().unwrap_or_default();
    let field = || pointer.trim_start_matches('/').replace('/', ".");
    (at(old) != at(new)).then(|| Cause::invalid(field(), &at(new), IMMUTABLE))
}

fn name_fault(resource: &Resource, name: &str) -> Option<&'static str> {
    let label = |part: &str| is_word(part, |letter| letter.is_ascii_lowercase() || letter.is_ascii_digit(), "-");
    match resource.plural.as_str() {
        // Budgets have no rule of their own, beside what any path demands.
        _ if resource.group == "rbac.authorization.k8s.io" || resource.plural == "poddisruptionbudgets" => {
            name.contains(['/', '%']).then_some("may not contain '/' or '%'")
        }
        "namespaces" | "services" | "statefulsets" => (!label(name) || name.len() > 63).then_some(LABEL),
        _ => (!name.split('.').all(label) || name.len() > 253).then_some(SUBDOMAIN),
    }
}

/// What is wrong with a name that may have a domain before it.
pub(super) fn qualified(name: &str) -> Vec<&'static str> {
    let word = |text: &str| is_word(text, |letter| letter.is_ascii_alphanumeric(), "-_.") && text.len() <= 63;
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    match (name.is_empty(), word(name)) {
        (true, _) => vec!["name part must be non-empty", LABEL_KEY],
        (false, false) => vec![LABEL_KEY],
        (false, true) => Vec::new(),
    }
}

/// What is wrong with labels, at `path`.
pub(super) fn labels(labels: &Value, path: &str) -> Vec<Cause> {
    let word = |text: &str| is_word(text, |letter| letter.is_ascii_alphanumeric(), "-_.") && text.len() <= 63;
    let mut causes = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        causes.extend(qualified(key).into_iter().map(|why| Cause::invalid(path, &key.as_str().into(), why)));
        if !value.as_str().is_some_and(|value| value.is_empty() || word(value)) {
            causes.push(Cause::invalid(path, value, LABEL_VALUE));
        }
    }
    causes
}

fn owners(owners: &Value, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (at, owner) in owners.as_array().into_iter().flatten().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::required(format!("{path}[{at}].{field}"), "must not be empty"));
            }
        }
    }
    causes
}

/// Whether a word begins and ends with a plain letter and has `inner` ones at most inside.
fn is_word(text: &str, plain: impl Fn(char) -> bool, inner: &str) -> bool {
    text.starts_with(&plain)
        && text.ends_with(&plain)
        && text.chars().all(|letter| plain(letter) || inner.contains(letter))
}
