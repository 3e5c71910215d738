//! An answer as it is compared: code, headers, and of the body what was asked for and what the controller reads.
//!
//! Uids and versions are told by how they relate to what was seen before, times that a server sets by their presence, and
//! what the controller reads as the same (null, empty, false, 0 and absent) is left out.

use super::memory::{Memory, number};
use super::request::{Read, Request};
use super::side::Answer;
use super::{discovery, fields};
use serde_json::{Map, Value, json};

/// The resource of a path, for example `pods`; `scale` for that of any.
pub(super) fn plural(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.trim_start_matches('/').split('/');
    // api/v1/… or apis/group/version/…
    let skipped = if parts.next() == Some("apis") { 2 } else { 1 };
    let rest: Vec<&str> = parts.skip(skipped).collect();
    match rest.as_slice() {
        [.., "scale"] => "scale",
        ["namespaces", _, plural, ..] | [plural, ..] => plural,
        [] => "",
    }
}

/// The whole answer.
pub(super) fn answer(answer: &Answer, request: &Request, plural: &str, memory: &Memory) -> Value {
    let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut told = json!({ "code": answer.code });
    put(&mut told, "retry-after", header("retry-after").into());
    // What follows the type is its encoding.
    put(&mut told, "content-type", header("content-type").split(';').next().unwrap_or_default().into());
    if request.read != Read::Whole && answer.code == 200 {
        told["lines"] = lines(&answer.text, plural, memory);
        told["closed"] = answer.closed.into();
        return told;
    }
    told["body"] = match serde_json::from_str(&answer.text) {
        Ok(value) => body(&value, plural, memory),
        Err(_) => Value::String(answer.text.trim().to_owned()),
    };
    told
}

fn body(value: &Value, plural: &str, memory: &Memory) -> Value {
    if value["kind"] == "Status" {
        return status(value, memory);
    }
    if let Some(told) = discovery::told(value) {
        return clean(told, memory);
    }
    let Some(items) = value["items"].as_array() else { return object(value, plural, memory) };
    let mut told = json!({ "kind": value["kind"], "apiVersion": value["apiVersion"] });
    let more = value["metadata"]["continue"].as_str().is_some_and(|token| !token.is_empty());
    put(&mut told, "continue", more.into());
    put(&mut told, "remaining", value["metadata"]["remainingItemCount"].clone());
    told["items"] = items.iter().map(|item| object(item, plural, memory)).collect();
    let version = |value: &Value| number(value["metadata"]["resourceVersion"].as_str().unwrap_or_default());
    told["newest"] = items.iter().all(|item| version(item) <= version(value)).into();
    told
}

/// An answer in words.
fn status(value: &Value, memory: &Memory) -> Value {
    let mut told = json!({});
    for field in ["status", "code", "reason"] {
        put(&mut told, field, value[field].clone());
    }
    put(&mut told, "message", words(&value["message"], memory));
    let details = &value["details"];
    for field in ["name", "group", "kind", "retryAfterSeconds"] {
        put(&mut told, &format!("details.{field}"), words(&details[field], memory));
    }
    put(&mut told, "details.uid", (!details["uid"].is_null()).into());
    let cause = |cause: &Value| -> Value {
        ["reason", "field", "message"].iter().map(|field| ((*field).to_owned(), words(&cause[field], memory))).collect()
    };
    let mut causes: Vec<Value> = details["causes"].as_array().into_iter().flatten().map(cause).collect();
    if causes.len() > 1 {
        // Of custom objects, the real server finds them in no order.
        causes.sort_by_key(Value::to_string);
        told["message"] = sorted(&told["message"]);
    }
    put(&mut told, "details.causes", causes.into());
    put(&mut told, "continue", value["metadata"]["continue"].is_string().into());
    told
}

/// A text for people, without what differs from server to server.
fn words(value: &Value, memory: &Memory) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let mut text = memory.without_names(text);
    // Of a pod, the real server shows the change in Go's words as well: up to the end, or to the bracket of a list of causes.
    if let Some(diff) = text.find("\n@@") {
        let end = if text.ends_with(']') { "]" } else { "" };
        text.replace_range(diff.., end);
    }
    let versions = text.contains("ersion");
    let word = |word: &str| {
        if is_uid(word) {
            "<uid>".to_owned()
        } else if versions && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            "<version>".to_owned()
        } else {
            word.to_owned()
        }
    };
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        out.push_str(&word(&rest[..end]));
        let next = rest[end..].find(is_part).map_or(rest.len(), |next| end + next);
        out.push_str(&rest[end..next]);
        rest = &rest[next..];
    }
    Value::String(out)
}

/// The words of a text in the order of the alphabet.
fn sorted(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_default();
    let mut words: Vec<&str> = text.split([' ', ',', '[', ']']).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ").into()
}

/// The lines of a watch.
fn lines(text: &str, plural: &str, memory: &Memory) -> Value {
    let mut last = 0;
    let line = |line: &str| {
        let Ok(event) = serde_json::from_str::<Value>(line) else { return Value::String(line.to_owned()) };
        let shown = &event["object"];
        if event["type"] == "ERROR" {
            return json!({ "type": "ERROR", "object": status(shown, memory) });
        }
        let version = number(shown["metadata"]["resourceVersion"].as_str().unwrap_or_default());
        let order = if version > last { "later" } else { "not later" };
        last = version;
        if event["type"] == "BOOKMARK" {
            let annotations = &shown["metadata"]["annotations"];
            return json!({ "type": "BOOKMARK", "kind": shown["kind"], "annotations": annotations });
        }
        let mut told = object(shown, plural, memory);
        // How a line relates to what came before is in the order of the lines.
        for field in ["uid", "resourceVersion"] {
            told["metadata"][field] = shown["metadata"][field].is_string().into();
        }
        json!({ "type": event["type"], "order": order, "object": told })
    };
    text.lines().map(line).collect()
}

/// An object: the fields of its table, its identity by relation.
fn object(value: &Value, plural: &str, memory: &Memory) -> Value {
    let mut told = json!({});
    for path in fields::METADATA.iter().chain(fields::of(plural)) {
        copy(value, &path.split('.').collect::<Vec<_>>(), &mut told);
    }
    for (path, default) in fields::defaults(plural) {
        let there = path.iter().fold(&told, |value, part| &value[*part]);
        if there.is_null() {
            *path.iter().fold(&mut told, |value, part| &mut value[*part]) = default;
        }
    }
    let metadata = &value["metadata"];
    for field in ["creationTimestamp", "deletionTimestamp"] {
        put(&mut told["metadata"], field, metadata[field].is_string().into());
    }
    if metadata["uid"].is_string() {
        let (uid, version) = memory.relation(plural, metadata);
        told["metadata"]["uid"] = uid.into();
        told["metadata"]["resourceVersion"] = version.into();
    }
    clean(told, memory)
}

/// Copies what is at `path`; a part that ends in `[]` stands for each item of a list.
fn copy(from: &Value, path: &[&str], into: &mut Value) {
    let Some((part, rest)) = path.split_first() else {
        from.clone_into(into);
        return;
    };
    match part.strip_suffix("[]") {
        Some(list) => {
            let Some(items) = from[list].as_array() else { return };
            let target = &mut into[list];
            if !target.is_array() {
                *target = items.iter().map(|_| json!({})).collect();
            }
            for (item, told) in items.iter().zip(target.as_array_mut().into_iter().flatten()) {
                copy(item, rest, told);
            }
        }
        None if from[part].is_null() => {}
        None => copy(&from[part], rest, &mut into[*part]),
    }
}

/// Without what reads as absent, and without uids and made names.
fn clean(value: Value, memory: &Memory) -> Value {
    let is_nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) => false,
    };
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().map(|(name, value)| (memory.without_names(&name), clean(value, memory)));
            Value::Object(kept.filter(|(_, value)| !is_nothing(value)).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(|item| clean(item, memory)).collect(),
        Value::String(text) if is_uid(&text) => "<uid>".into(),
        Value::String(text) if is_now(&text) => "<now>".into(),
        Value::String(text) => memory.without_names(&text).into(),
        other => other,
    }
}

/// A time that the server set: the sequences send none but of one day long ago.
fn is_now(word: &str) -> bool {
    word.starts_with("20")
        && word.ends_with('Z')
        && !word.starts_with("2020-")
        && word.parse::<jiff::Timestamp>().is_ok()
}

fn is_uid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn put(told: &mut Value, field: &str, value: Value) {
    if !value.is_null() && value != false && value != "" && value.as_array().is_none_or(|items| !items.is_empty()) {
        told[field] = value;
    }
}
