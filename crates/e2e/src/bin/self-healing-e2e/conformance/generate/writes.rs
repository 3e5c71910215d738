//! Creating and changing.

use super::{PREFIXES, Sequence};
use crate::conformance::change::{status, wish};
use crate::conformance::object::object;
use crate::conformance::request::{Body, Request};
use crate::conformance::resource::{
    BUDGETS, CONFIG_MAPS, DEPLOYMENTS, NODES, Name, PODS, RECOVERIES, REPLICA_SETS, Resource, STATEFUL_SETS, WORKLOADS,
};
use http::Method;
use serde_json::{Value, json};

/// What is changed among labels and annotations; a few of them to the same.
fn touch(sequence: &mut Sequence) -> Value {
    match sequence.chance.up_to(4) {
        0 => json!({ "metadata": { "labels": { "app": sequence.chance.pick(&["x", "y"]) } } }),
        1 => json!({ "metadata": { "annotations": { "self-healing.dev/note": null } } }),
        2 => json!({ "metadata": { "annotations": { "self-healing.dev/owner": "r1" } } }),
        _ => {
            json!({ "metadata": { "finalizers": sequence.chance.pick(&[&["example.com/hold"][..], &[], &["a.io/b", "a.io/c"]]) } })
        }
    }
}

fn change(sequence: &mut Sequence, resource: &Resource) -> Value {
    if sequence.chance.one_in(2) { touch(sequence) } else { wish(resource, &mut sequence.chance) }
}

pub(super) fn create(sequence: &mut Sequence) {
    let resource = sequence.resource();
    let name = Name::plain(sequence.chance.pick(&super::NAMES));
    let object = object(resource, &name.shown(resource), &mut sequence.chance);
    sequence.created.push((resource, name));
    sequence.push(Request::post("create", resource.all(), object));
}

pub(super) fn create_with_prefix(sequence: &mut Sequence) {
    let Some((prefix, resource)) = PREFIXES.into_iter().find(|(prefix, _)| !sequence.made.contains(prefix)) else {
        return create(sequence);
    };
    let mut object = object(resource, "", &mut sequence.chance);
    object["metadata"]["name"] = Value::Null;
    object["metadata"]["generateName"] = prefix.into();
    sequence.made.push(prefix);
    sequence.created.push((resource, Name { text: prefix, made: true }));
    sequence.push(Request::post("create with generateName", resource.all(), object));
}

/// Names a version or a uid, right or wrong; gives what that is called.
fn lock(sequence: &mut Sequence, change: &mut Value, key: &str, labels: [&'static str; 4]) -> &'static str {
    let metadata = &mut change["metadata"];
    match sequence.chance.up_to(6) {
        0 => {
            metadata["resourceVersion"] = Value::Null;
            labels[1]
        }
        1 => {
            metadata["resourceVersion"] = format!("<first {key}>").into();
            labels[2]
        }
        2 => {
            metadata["uid"] = "00000000-1111-4222-8333-444444444444".into();
            labels[3]
        }
        _ => {
            metadata["resourceVersion"] = format!("<rv {key}>").into();
            metadata["uid"] = format!("<uid {key}>").into();
            labels[0]
        }
    }
}

const UPDATE: [&str; 4] =
    ["update", "update without a resourceVersion", "update with an old resourceVersion", "update with another uid"];

pub(super) fn update(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let key = name.key(resource);
    let mut change = change(sequence, resource);
    // A status sent with the object itself is ignored where it has a resource of its own.
    if resource.has_status() && sequence.chance.one_in(4) {
        change["status"] = status(resource, &mut sequence.chance);
    }
    let label = lock(sequence, &mut change, &key, UPDATE);
    let body = Body::Stored { of: key, change };
    sequence.push(Request::new(label, Method::PUT, resource.one(&name)).with(body));
}

const STATUS: [&str; 4] = [
    "update the status",
    "update the status without a resourceVersion",
    "update the status with an old resourceVersion",
    "update the status with another uid",
];

pub(super) fn status_of(sequence: &mut Sequence, resource: &Resource, name: Name) -> Request {
    let key = name.key(resource);
    let path = format!("{}/status", resource.one(&name));
    let mut change = json!({ "status": status(resource, &mut sequence.chance) });
    if sequence.chance.one_in(2) {
        return Request::merge("merge patch of the status", path, change);
    }
    // What is not status is ignored.
    if sequence.chance.one_in(3) {
        change["metadata"]["annotations"] = json!({ "example.com/ignored": "yes" });
        change["spec"]["nodeName"] = "n9".into();
    }
    let label = lock(sequence, &mut change, &key, STATUS);
    Request::new(label, Method::PUT, path).with(Body::Stored { of: key, change })
}

pub(super) fn write_status(sequence: &mut Sequence) {
    let (resource, name) = sequence.target_among(&[
        PODS,
        PODS,
        NODES,
        DEPLOYMENTS,
        REPLICA_SETS,
        STATEFUL_SETS,
        BUDGETS,
        RECOVERIES,
        CONFIG_MAPS,
    ]);
    let request = status_of(sequence, resource, name);
    sequence.push(request);
}

const MERGE: [&str; 4] = [
    "merge patch",
    "merge patch without a lock",
    "merge patch with an old resourceVersion",
    "merge patch with another uid",
];

pub(super) fn merge_patch(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let mut change = change(sequence, resource);
    let label = lock(sequence, &mut change, &name.key(resource), MERGE);
    if label == MERGE[1]
        && let Some(metadata) = change["metadata"].as_object_mut()
    {
        metadata.remove("resourceVersion");
    }
    sequence.push(Request::merge(label, resource.one(&name), change));
}

pub(super) fn json_patch(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let key = name.key(resource);
    let version =
        |word: &str| json!({ "op": "test", "path": "/metadata/resourceVersion", "value": format!("<{word} {key}>") });
    let app = json!({ "op": "replace", "path": "/metadata/labels/app", "value": "z" });
    let (label, patch) = match sequence.chance.up_to(6) {
        0 => (
            "JSON patch whose test fails",
            json!([{ "op": "test", "path": "/metadata/labels/app", "value": "q" }, app]),
        ),
        1 => ("JSON patch with an old resourceVersion", json!([version("first"), app])),
        2 => ("JSON patch of what is not there", json!([{ "op": "remove", "path": "/metadata/labels/none" }])),
        3 => (
            "JSON patch",
            json!([{ "op": "test", "path": "/metadata/uid", "value": format!("<uid {key}>") }, { "op": "add", "path": "/metadata/labels/new~1one", "value": "1" }]),
        ),
        4 => (
            "JSON patch",
            json!([{ "op": "copy", "from": "/metadata/labels/app", "path": "/metadata/labels/was" }, app]),
        ),
        _ => ("JSON patch", json!([version("rv"), app])),
    };
    let request = Request::new(label, Method::PATCH, resource.one(&name)).with(Body::Json(patch));
    sequence.push(request.content("application/json-patch+json"));
}

pub(super) fn scale(sequence: &mut Sequence) {
    let (workload, name) = sequence.target_among(&WORKLOADS);
    let path = format!("{}/scale", workload.one(&name));
    // None that another request sets: a write that changes nothing else notes its writer, but not in the embedded API.
    let replicas = sequence.chance.pick(&[0, 5, 6, -1]);
    let request = match sequence.chance.up_to(4) {
        0 => Request::get("get the scale", path),
        1 => {
            let change = json!({ "spec": { "replicas": replicas } });
            let body = Body::Stored { of: format!("scale/{}", name.text), change };
            Request::new("update the scale", Method::PUT, path).with(body)
        }
        2 => {
            let version = format!("<first {}>", name.key(workload));
            let patch = json!({ "metadata": { "resourceVersion": version }, "spec": { "replicas": replicas } });
            Request::merge("merge patch of the scale with an old resourceVersion", path, patch)
        }
        _ => Request::merge("merge patch of the scale", path, json!({ "spec": { "replicas": replicas } })),
    };
    sequence.push(request);
}
