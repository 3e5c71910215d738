//! Watches: what happened since a version, in its order.

use super::reads::OWN;
use super::{NAMES, Sequence};
use crate::conformance::object::object;
use crate::conformance::request::{Read, Request};
use crate::conformance::resource::{CONFIG_MAPS, EVENTS, NODES, Name, PODS, RECOVERIES, Resource};
use http::Method;
use serde_json::{Value, json};

/// Names of objects that are created so that a watch can be read up to them.
const SENTINELS: [&str; 6] = ["z1", "z2", "z3", "z4", "z5", "z6"];

/// Creates the last object that a watch is to show, if there is a name left for it; `on_node` is for pods.
fn sentinel(sequence: &mut Sequence, resource: &Resource, on_node: bool) -> Option<String> {
    let name = Name::plain(SENTINELS.get(sequence.sentinels)?).shown(resource);
    sequence.sentinels += 1;
    let mut object = object(resource, &name, &mut sequence.chance);
    object["metadata"]["labels"]["app"] = "x".into();
    if on_node {
        object["spec"]["nodeName"] = "n1".into();
    }
    sequence.push(Request::post("create", resource.all(), object));
    Some(name)
}

pub(super) fn watch(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let path = if sequence.chance.one_in(3) { resource.everywhere() } else { resource.all() };
    let key = name.key(resource);
    let Some(last) = sentinel(sequence, resource, false) else { return };
    let until = Read::Until(last.clone());
    let (label, query, read) = match sequence.chance.up_to(9) {
        0 => ("watch from what an object was first", format!("{OWN}&resourceVersion=<first {key}>"), until),
        1 => ("watch by label", format!("{OWN},app%3Dx&resourceVersion=<start>"), until),
        2 => ("watch without a version", OWN.to_owned(), until),
        3 => ("watch from any version", format!("{OWN}&resourceVersion=0"), until),
        4 => {
            let query =
                format!("{OWN}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
            ("watch with initial events", query, Read::InitialEvents)
        }
        5 => {
            let query = format!("{OWN}&fieldSelector=metadata.name%3D{last}&resourceVersion=<start>");
            ("watch one object", query, until)
        }
        _ => ("watch from the start", format!("{OWN}&resourceVersion=<start>"), until),
    };
    sequence.push(Request::get(label, format!("{path}?watch=true&timeoutSeconds=10&{query}")).until(read));
}

/// Objects begin and cease to be selected: a watch tells of them as if they came and went.
pub(super) fn come_and_go(sequence: &mut Sequence) {
    let by_node = sequence.chance.one_in(3);
    let resource = if by_node { PODS } else { sequence.resource() };
    let name = Name::plain(sequence.chance.pick(&NAMES));
    let mut new = object(resource, &name.shown(resource), &mut sequence.chance);
    new["metadata"]["labels"]["app"] = "y".into();
    if by_node {
        new["spec"]["nodeName"] = Value::Null;
    }
    sequence.created.push((resource, name));
    sequence.push(Request::post("create", resource.all(), new));
    let selector = if by_node {
        let binding = json!({ "metadata": { "name": name.text }, "target": { "name": "n1" } });
        sequence.push(Request::post("bind", format!("{}/binding", resource.one(&name)), binding));
        "&fieldSelector=spec.nodeName%3Dn1"
    } else {
        for app in ["x", "y", "x"] {
            let patch = json!({ "metadata": { "labels": { "app": app } } });
            sequence.push(Request::merge("merge patch of a label", resource.one(&name), patch));
        }
        ",app%3Dx"
    };
    if sequence.chance.one_in(2) {
        sequence.push(Request::new("delete without options", Method::DELETE, resource.one(&name)));
    }
    let Some(last) = sentinel(sequence, resource, by_node) else { return };
    let query = format!("watch=true&timeoutSeconds=10&{OWN}{selector}&resourceVersion=<start>");
    let request = Request::get("watch what comes and goes", format!("{}?{query}", resource.all()));
    sequence.push(request.until(Read::Until(last)));
}

pub(super) fn watch_wrongly(sequence: &mut Sequence) {
    let resource = sequence.resource();
    let mut path = sequence.among(&[resource, CONFIG_MAPS, NODES]).all();
    let (label, query) = match sequence.chance.up_to(8) {
        0 | 1 => {
            // The real server's cache of the built-in kinds may begin with its start, and then forgets nothing here.
            path = sequence.among(&[EVENTS, RECOVERIES]).all();
            ("watch from a forgotten version", "timeoutSeconds=5&resourceVersion=1".to_owned())
        }
        2 => ("watch from a version that is no number", "timeoutSeconds=1&resourceVersion=abc".to_owned()),
        3 => {
            ("watch until it is closed", "timeoutSeconds=1&resourceVersion=<start>&labelSelector=app%3Dnone".to_owned())
        }
        4 => (
            "watch with initial events but no match",
            "timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true".to_owned(),
        ),
        5 => (
            "watch with a match but no initial events",
            "timeoutSeconds=1&resourceVersionMatch=NotOlderThan&resourceVersion=0".to_owned(),
        ),
        6 => ("watch with a selector that does not parse", "timeoutSeconds=1&labelSelector=app%20in%20x".to_owned()),
        _ => (
            "watch with initial events and no bookmarks",
            "timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=app%3Dnone"
                .to_owned(),
        ),
    };
    sequence.push(Request::get(label, format!("{path}?watch=true&{query}")).until(Read::Closed));
}
