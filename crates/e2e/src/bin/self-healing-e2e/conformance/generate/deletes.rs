//! Deleting, and what keeps objects from going.

use super::Sequence;
use crate::conformance::request::{Body, Request};
use http::Method;
use serde_json::{Value, json};

/// Options with these fields.
fn options(fields: Value) -> Body {
    let mut options = json!({ "apiVersion": "v1", "kind": "DeleteOptions" });
    if let (Some(options), Value::Object(fields)) = (options.as_object_mut(), fields) {
        options.extend(fields);
    }
    Body::Json(options)
}

/// Preconditions on uid and version as words of the sequence.
fn only(uid: Option<String>, version: Option<String>) -> Body {
    options(json!({ "preconditions": { "uid": uid, "resourceVersion": version } }))
}

pub(super) fn delete(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let key = name.key(resource);
    let (uid, version, first) = (format!("<uid {key}>"), format!("<rv {key}>"), format!("<first {key}>"));
    let other = "00000000-1111-4222-8333-444444444444".to_owned();
    let (label, body) = match sequence.chance.up_to(16) {
        0 => ("delete with another uid", only(Some(other), None)),
        1 => ("delete with an old resourceVersion", only(Some(uid), Some(first))),
        2 => ("delete with the resourceVersion", only(None, Some(version))),
        3 => ("delete without grace", options(json!({ "gracePeriodSeconds": 0 }))),
        4 => ("delete with grace", options(json!({ "gracePeriodSeconds": 5 }))),
        5 => ("delete with negative grace", options(json!({ "gracePeriodSeconds": -1 }))),
        6 => ("delete in the foreground", options(json!({ "propagationPolicy": "Foreground" }))),
        7 => ("delete in the background", options(json!({ "propagationPolicy": "Background" }))),
        8 => ("delete and orphan", options(json!({ "propagationPolicy": "Orphan" }))),
        9 => ("delete with an unknown propagation", options(json!({ "propagationPolicy": "Sideways" }))),
        10 | 11 => ("delete without options", Body::None),
        12 => ("delete with the uid", only(Some(uid), None)),
        _ => ("delete with uid and resourceVersion", only(Some(uid), Some(version))),
    };
    sequence.push(Request::new(label, Method::DELETE, resource.one(&name)).with(body));
}

/// Takes the finalizers away, perhaps the last step of a deletion.
pub(super) fn free(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    if sequence.chance.one_in(2) {
        let options = sequence.chance.pick(&["", "?gracePeriodSeconds=0", "?propagationPolicy=Foreground"]);
        let path = format!("{}{options}", resource.one(&name));
        sequence.push(Request::new("delete with options in the query", Method::DELETE, path));
    }
    let patch = json!({ "metadata": { "finalizers": null } });
    sequence.push(Request::merge("take the finalizers away", resource.one(&name), patch));
}
