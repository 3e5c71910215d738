//! Recoveries that break their definition: as sent, and in their status.

use super::Sequence;
use crate::conformance::object::object;
use crate::conformance::request::Request;
use crate::conformance::resource::{Name, RECOVERIES};
use serde_json::{Value, json};

/// One fault, or two at once.
pub(super) fn break_definition(sequence: &mut Sequence) {
    let mut object = object(RECOVERIES, sequence.chance.pick(&super::NAMES), &mut sequence.chance);
    let faults = if sequence.chance.one_in(3) { 2 } else { 1 };
    for _ in 0..faults {
        let (path, value) = fault(sequence);
        *path.iter().fold(&mut object, |value, part| &mut value[*part]) = value;
    }
    sequence.push(Request::post("create against the definition", RECOVERIES.all(), object));
}

fn fault(sequence: &mut Sequence) -> (&'static [&'static str], Value) {
    match sequence.chance.up_to(13) {
        0 => (&["spec", "action"], "".into()),
        1 => (&["spec", "cause"], "c".repeat(64).into()),
        2 => (&["spec", "mode"], "Sometimes".into()),
        3 => (&["spec", "type"], 5.into()),
        4 => (&["spec", "similarFailures"], (-1).into()),
        5 => (&["spec", "similarFailures"], "many".into()),
        6 => (&["spec", "detectedAt"], "soon".into()),
        7 => (&["spec", "reasons"], vec!["why"; 17].into()),
        8 => (&["spec", "reasons"], json!([1])),
        9 => (&["spec", "target", "name"], Value::Null),
        10 => (&["spec", "workload"], json!({ "kind": "Deployment" })),
        11 => (&["spec", "strategy"], true.into()),
        _ => (&["spec", "severity"], Value::Null),
    }
}

/// A status that the definition does not allow, or has no word for.
pub(super) fn break_status(sequence: &mut Sequence) {
    let (_, name) = sequence.target_among(&[RECOVERIES]);
    let status = match sequence.chance.up_to(7) {
        0 => json!({ "attempts": [{ "startedAt": "2020-01-01T00:00:00Z" }] }),
        1 => json!({ "phase": 7 }),
        2 => json!({ "reason": "r".repeat(2000) }),
        3 => json!({ "attempts": "none" }),
        4 => json!({ "unheardOf": { "a": 1 }, "phase": "Acting" }),
        5 => Value::Null,
        _ => json!({ "attempts": [{ "strategy": "restart", "startedAt": "then" }] }),
    };
    let path = format!("{}/status", RECOVERIES.one(&name));
    sequence.push(Request::merge(
        "merge patch of the status against the definition",
        path,
        json!({ "status": status }),
    ));
}

/// The spec of a Recovery never changes: a rule of its definition.
pub(super) fn change_spec(sequence: &mut Sequence) {
    let (_, name) = sequence.target_among(&[RECOVERIES]);
    let spec = match sequence.chance.up_to(3) {
        0 => json!({ "severity": "high" }),
        1 => json!({ "severity": "medium" }),
        _ => json!({ "severity": "terrible" }),
    };
    let patch = json!({ "spec": spec });
    sequence.push(Request::merge("merge patch of a fixed spec", RECOVERIES.one(&name), patch));
}

/// As the controller names its records: the second create finds the first.
pub(super) fn record_twice(sequence: &mut Sequence) {
    let name = Name::plain(sequence.chance.pick(&super::NAMES));
    let record = object(RECOVERIES, name.text, &mut sequence.chance);
    sequence.created.push((RECOVERIES, name));
    sequence.push(Request::post("create", RECOVERIES.all(), record.clone()));
    sequence.push(Request::post("create once more", RECOVERIES.all(), record));
}
