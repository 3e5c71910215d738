//! Getting and listing.

use super::Sequence;
use crate::conformance::request::Request;
use crate::conformance::resource::{EVENTS, Name, PODS, Resource};

/// Those of the sequence.
pub(super) const OWN: &str = "labelSelector=seq%3D<ns>";

pub(super) fn get(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let request = match sequence.chance.up_to(6) {
        0 => Request::get("get what is not there", resource.one(&Name::plain("nobody"))),
        1 => Request::get("get from any view", format!("{}?resourceVersion=0", resource.one(&name))),
        2 => Request::get("get the status", format!("{}/status", resource.one(&name))),
        _ => Request::get("get", resource.one(&name)),
    };
    sequence.push(request);
}

/// Where to list: mostly in the namespace, else everywhere.
fn place(sequence: &mut Sequence, resource: &Resource) -> String {
    if sequence.chance.one_in(4) { resource.everywhere() } else { resource.all() }
}

pub(super) fn list(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let place = place(sequence, resource);
    let key = name.key(resource);
    let (label, query) = match sequence.chance.up_to(10) {
        0 => ("list by label", format!("{OWN},app%3Dx")),
        1 => ("list by a set of labels", format!("{OWN},app%20in%20(x,z)")),
        2 => ("list by labels that are not", format!("{OWN},app!%3Dx,!new%2Fone")),
        3 => ("list by name", format!("{OWN}&fieldSelector=metadata.name%3D{}", name.shown(resource))),
        4 => ("list from any view", format!("{OWN}&resourceVersion=0")),
        5 => (
            "list a view that is at least as new",
            format!("{OWN}&resourceVersion=<rv {key}>&resourceVersionMatch=NotOlderThan"),
        ),
        6 => ("list an exact view", format!("{OWN}&resourceVersion=<first {key}>&resourceVersionMatch=Exact")),
        7 => ("list the view of the start", format!("{OWN}&resourceVersion=<start>&resourceVersionMatch=Exact")),
        8 => return list_pods(sequence),
        _ => ("list", OWN.to_owned()),
    };
    sequence.push(Request::get(label, format!("{place}?{query}")));
}

fn list_pods(sequence: &mut Sequence) {
    let fields = sequence.chance.pick(&[
        "spec.nodeName%3Dn1",
        "status.phase%3DFailed",
        "status.phase!%3DRunning,spec.nodeName%3Dn2",
        "spec.nodeName%3D",
    ]);
    let place = place(sequence, PODS);
    sequence.push(Request::get("list pods by field", format!("{place}?{OWN}&fieldSelector={fields}")));
}

/// Two pages; sometimes something is written between them.
pub(super) fn pages(sequence: &mut Sequence) {
    let path = sequence.namespaced().all();
    let limit = sequence.chance.pick(&[1, 1, 2]);
    let selector = sequence.chance.pick(&["", "&labelSelector=app%3Dx", "&labelSelector=app%3Dy"]);
    sequence.push(Request::get("list a page", format!("{path}?limit={limit}{selector}")));
    if sequence.chance.one_in(2) {
        super::writes::create(sequence);
    }
    let query = format!("limit={limit}&continue=<token>{selector}");
    sequence.push(Request::get("list the next page", format!("{path}?{query}")));
}

/// Lists of what etcd has forgotten: `<old events>` is the version of a page that was read before, `<page events>` its token.
pub(super) fn forgotten(sequence: &mut Sequence) {
    // Of other kinds, the real server's cache has a history of its own.
    let (path, of) = (EVENTS.within("self-healing"), EVENTS.plural);
    let (label, query) = match sequence.chance.up_to(3) {
        0 => ("list an exact view that is forgotten", format!("resourceVersion=<old {of}>&resourceVersionMatch=Exact")),
        1 => ("list a page of a view that is forgotten", format!("resourceVersion=<old {of}>&limit=1")),
        _ => ("list the next page of a view that is forgotten", format!("limit=1&continue=<page {of}>")),
    };
    sequence.push(Request::get(label, format!("{path}?{query}")));
}

pub(super) fn list_wrongly(sequence: &mut Sequence) {
    let mut path = sequence.resource().all();
    let (label, query) = match sequence.chance.up_to(12) {
        0 => ("list with a selector that does not parse", "labelSelector=app%20in%20x"),
        1 => ("list with a field selector that does not parse", "fieldSelector=metadata.name"),
        2 => ("list by a field that cannot be selected", "fieldSelector=spec.bogus%3Dx"),
        3 => ("list a version that is no number", "resourceVersion=abc"),
        4 => {
            path = EVENTS.all();
            ("list a view that is forgotten", "resourceVersion=1&resourceVersionMatch=Exact")
        }
        5 => ("list exactly any view", "resourceVersion=0&resourceVersionMatch=Exact"),
        6 => ("list exactly without a version", "resourceVersionMatch=Exact"),
        7 => ("list with an unknown match", "resourceVersion=<start>&resourceVersionMatch=Roughly"),
        8 => ("list with a token that is none", "limit=1&continue=nonsense"),
        9 => ("list with a limit that is no number", "limit=many"),
        // The real server waits three seconds for it.
        10 => ("list a view of the future", "resourceVersion=999999999&resourceVersionMatch=NotOlderThan"),
        _ => {
            path = sequence.namespaced().all();
            (
                "list with a token and a version",
                "labelSelector=seq%3D<ns>&limit=1&continue=<token>&resourceVersion=<start>",
            )
        }
    };
    sequence.push(Request::get(label, format!("{path}?{query}")));
}
