//! What checks read of an object's JSON; what is missing reads as empty.

use jiff::Timestamp;
use serde_json::Value;

/// The text at a JSON pointer.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a JSON pointer.
pub(crate) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The moment at a JSON pointer.
pub(crate) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][key].as_str()
}

pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["labels"][key].as_str()
}

/// The status of the condition of type `kind`; empty when there is none.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> &'a str {
    let all = list(object, "/status/conditions");
    all.iter().rev().find(|condition| condition["type"] == kind).map_or("", |found| text(found, "/status"))
}

pub(crate) fn is_terminating(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub(crate) fn is_ready(object: &Value) -> bool {
    condition(object, "Ready") == "True"
}

pub(crate) fn is_cordoned(node: &Value) -> bool {
    node["spec"]["unschedulable"] == true
}

/// The controlling owner, as it stands in `ownerReferences`.
pub(crate) fn controller(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|owner| owner["controller"] == true)
}

/// Whether the controlling owner is an `apps` DaemonSet, StatefulSet, … of that `kind`, and not another group's.
pub(crate) fn is_controlled_by(object: &Value, group: &str, kind: &str) -> bool {
    controller(object).is_some_and(|owner| {
        owner["kind"] == kind && text(owner, "/apiVersion").split_once('/').map_or("", |(group, _)| group) == group
    })
}

/// What an Event is about; stored, it has the names of the older API.
pub(crate) fn regarding(event: &Value) -> &Value {
    [&event["regarding"], &event["involvedObject"]].into_iter().find(|about| about.is_object()).unwrap_or(&Value::Null)
}

/// What an Event says.
pub(crate) fn note(event: &Value) -> &str {
    [text(event, "/note"), text(event, "/message")].into_iter().find(|words| !words.is_empty()).unwrap_or_default()
}
