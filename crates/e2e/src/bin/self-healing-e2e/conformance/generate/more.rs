//! What happens rarely: dry runs, bindings, merges by key, collections that go at once, the end of a namespace.

use super::{NAMES, Sequence};
use crate::conformance::object::object;
use crate::conformance::request::{Body, Request};
use crate::conformance::resource::{CONFIG_MAPS, DEPLOYMENTS, LEASES, NODES, Name, PODS, RECOVERIES};
use http::Method;
use serde_json::json;

/// Everything is checked and nothing is kept.
pub(super) fn dry_run(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let request = match sequence.chance.up_to(3) {
        0 => {
            let name = Name::plain(sequence.chance.pick(&NAMES)).shown(resource);
            let new = object(resource, &name, &mut sequence.chance);
            Request::post("create in a dry run", format!("{}?dryRun=All", resource.all()), new)
        }
        1 => {
            let patch = json!({ "metadata": { "labels": { "app": "dry" } } });
            Request::merge("merge patch in a dry run", format!("{}?dryRun=All", resource.one(&name)), patch)
        }
        _ => Request::new("delete in a dry run", Method::DELETE, format!("{}?dryRun=All", resource.one(&name))),
    };
    sequence.push(request);
}

/// What a scheduler does.
pub(super) fn bind(sequence: &mut Sequence) {
    let (_, name) = sequence.target_among(&[PODS]);
    let uid = if sequence.chance.one_in(4) { "00000000-1111-4222-8333-444444444444" } else { "" };
    let node = sequence.chance.pick(&["n1", "n1", "n2", ""]);
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": { "name": name.shown(PODS), "uid": uid }, "target": { "name": node },
    });
    sequence.push(Request::post("bind", format!("{}/binding", PODS.one(&name)), binding));
}

/// What a kubelet and kubectl do: lists are merged by their keys.
pub(super) fn merge_by_key(sequence: &mut Sequence) {
    let (_, name) = sequence.target_among(&[NODES]);
    let time = "2020-01-01T00:00:10Z";
    let condition = json!({ "type": sequence.chance.pick(&["Ready", "MemoryPressure"]), "status": "Unknown", "lastTransitionTime": time });
    let request = match sequence.chance.up_to(3) {
        0 => {
            let taint = json!({ "key": "example.com/new", "effect": "NoSchedule" });
            Request::merge("strategic merge patch", NODES.one(&name), json!({ "spec": { "taints": [taint] } }))
        }
        1 => {
            let patch = json!({ "metadata": { "labels": { "app": null, "kept": "yes" } } });
            Request::merge("strategic merge patch", NODES.one(&name), patch)
        }
        _ => {
            let path = format!("{}/status", NODES.one(&name));
            let patch = json!({ "status": { "conditions": [condition] } });
            Request::merge("strategic merge patch of the status", path, patch)
        }
    };
    sequence.push(request.content("application/strategic-merge-patch+json"));
}

pub(super) fn delete_all(sequence: &mut Sequence) {
    let resource = sequence.among(&[PODS, CONFIG_MAPS, DEPLOYMENTS, LEASES, RECOVERIES]);
    let app = sequence.chance.pick(&["x", "y"]);
    let path = format!("{}?labelSelector=seq%3D<ns>,app%3D{app}", resource.all());
    sequence.push(Request::new("delete a collection", Method::DELETE, path));
}

/// The namespace of the sequence goes, as far as it can without its controller: it takes nothing new.
pub(super) fn end(sequence: &mut Sequence) {
    if !sequence.chance.one_in(6) {
        return;
    }
    let path = "/api/v1/namespaces/<ns>";
    sequence.push(Request::new("delete the namespace", Method::DELETE, path).with(Body::None));
    sequence.push(Request::get("get the namespace", path));
    let resource = sequence.resource();
    let new = object(resource, &Name::plain("late").shown(resource), &mut sequence.chance);
    sequence.push(Request::post("create in a terminating namespace", resource.all(), new));
    let (resource, name) = sequence.target();
    let patch = json!({ "metadata": { "labels": { "app": "late" } } });
    sequence.push(Request::merge("merge patch in a terminating namespace", resource.one(&name), patch));
}
