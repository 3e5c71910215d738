//! JSON patches: RFC 6902 over RFC 6901.

use crate::failure::Failure;
use serde_json::{Value, json};

/// Applies all operations or refuses.
pub(super) fn apply(target: &mut Value, patch: &Value) -> Result<(), Failure> {
    let malformed = || {
        Failure::bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        )
    };
    for operation in patch.as_array().ok_or_else(malformed)? {
        step(target, operation).ok_or_else(refusal)?;
    }
    Ok(())
}

/// The real server says no more about what did not fit.
fn refusal() -> Failure {
    let words = "the server rejected our request due to an error in our request";
    Failure { details: json!({}), ..Failure::new(422, "Invalid", words) }
}

/// One operation; `None` when it does not fit the target.
fn step(target: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    let value = || operation.get("value").cloned().unwrap_or_default();
    match operation["op"].as_str()? {
        "add" => add(target, path, value()),
        "remove" => remove(target, path).map(drop),
        "replace" => replace(target, path, value()),
        "move" => {
            let moved = remove(target, operation["from"].as_str()?)?;
            add(target, path, moved)
        }
        "copy" => {
            let from = operation["from"].as_str()?;
            // What is not there is null, if it could be there.
            target.pointer(from.rsplit_once('/')?.0)?;
            let copied = target.pointer(from).cloned().unwrap_or_default();
            add(target, path, copied)
        }
        "test" => (target.pointer(path).unwrap_or(&Value::Null) == &value()).then_some(()),
        _ => None,
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Option<()> {
    let Some((parent, name)) = path.rsplit_once('/') else {
        *target = value;
        return Some(());
    };
    match target.pointer_mut(parent)? {
        Value::Object(fields) => drop(fields.insert(unescape(name), value)),
        Value::Array(items) if name == "-" => items.push(value),
        Value::Array(items) => {
            let at = name.parse().ok().filter(|at| *at <= items.len())?;
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

/// The library of the real server does not mind that a field is not there.
fn replace(target: &mut Value, path: &str, value: Value) -> Option<()> {
    if let Some(place) = target.pointer_mut(path) {
        *place = value;
        return Some(());
    }
    let parent = target.pointer(path.rsplit_once('/')?.0)?;
    if parent.is_object() { add(target, path, value) } else { None }
}

fn remove(target: &mut Value, path: &str) -> Option<Value> {
    let (parent, name) = path.rsplit_once('/')?;
    match target.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&unescape(name)),
        Value::Array(items) => {
            let at = name.parse().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}

fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
