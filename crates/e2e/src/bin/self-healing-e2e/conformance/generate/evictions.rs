//! Evictions, with and without disruption budgets.

use super::{NAMES, Sequence, writes};
use crate::conformance::object::object;
use crate::conformance::request::Request;
use crate::conformance::resource::{BUDGETS, Name, PODS};
use serde_json::{Value, json};

fn eviction(name: &Name, options: Value) -> (String, Value) {
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": name.shown(PODS), "namespace": "<ns>" },
        "deleteOptions": options,
    });
    (format!("{}/eviction?fieldValidation=Strict", PODS.one(name)), body)
}

pub(super) fn evict(sequence: &mut Sequence) {
    let (_, name) = sequence.target_among(&[PODS]);
    let request = one(sequence, &name);
    sequence.push(request);
}

fn one(sequence: &mut Sequence, name: &Name) -> Request {
    let key = name.key(PODS);
    let uid = json!({ "preconditions": { "uid": format!("<uid {key}>") } });
    let other = json!({ "preconditions": { "uid": "00000000-1111-4222-8333-444444444444" } });
    let old = json!({ "preconditions": { "resourceVersion": format!("<first {key}>") } });
    let (label, options) = match sequence.chance.up_to(10) {
        0 => ("evict without options", Value::Null),
        1 => ("evict with another uid", other),
        2 => ("evict with an old resourceVersion", old),
        3 => ("evict with grace", json!({ "gracePeriodSeconds": 3 })),
        4 => {
            let (path, mut body) = eviction(name, uid);
            body["metadata"]["name"] = "another".into();
            return Request::post("evict under another name", path, body);
        }
        5 => {
            let (path, mut body) = eviction(name, uid);
            body["delete_options"] = json!({});
            return Request::post("evict with an unknown field", path, body);
        }
        _ => ("evict with the uid", uid),
    };
    let (path, body) = eviction(name, options);
    Request::post(label, path, body)
}

/// A pod that runs and is ready, one or two budgets for it, and its eviction.
pub(super) fn with_budgets(sequence: &mut Sequence) {
    let name = Name::plain(sequence.chance.pick(&NAMES));
    let mut pod = object(PODS, name.text, &mut sequence.chance);
    pod["spec"]["nodeName"] = "n1".into();
    pod["metadata"]["labels"]["app"] = "x".into();
    sequence.created.push((PODS, name));
    sequence.push(Request::post("create", PODS.all(), pod));
    let ready = |truth: &str| {
        let condition = json!({ "type": "Ready", "status": truth, "lastTransitionTime": "2020-01-01T00:00:00Z" });
        json!({ "status": { "phase": "Running", "conditions": [condition] } })
    };
    let truth = sequence.chance.pick(&["True", "True", "False"]);
    sequence.push(Request::merge("merge patch of the status", format!("{}/status", PODS.one(&name)), ready(truth)));
    let budgets = if sequence.chance.one_in(4) { &["a", "b"][..] } else { &["a"] };
    for budget in budgets {
        let budget = Name::plain(budget);
        let mut new = object(BUDGETS, budget.text, &mut sequence.chance);
        new["spec"]["selector"]["matchLabels"]["app"] = "x".into();
        sequence.push(Request::post("create", BUDGETS.all(), new));
        let request = writes::status_of(sequence, BUDGETS, budget);
        sequence.push(request);
    }
    let request = one(sequence, &name);
    sequence.push(request);
    for budget in budgets {
        sequence.push(Request::get("get", BUDGETS.one(&Name::plain(budget))));
    }
}
