//! Reading and writing the fields of objects that all actors have to do with.

use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The text at `pointer`; empty when there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at `pointer`.
pub(super) fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// The list at `pointer`; empty when there is none.
pub(super) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The time at `pointer`.
pub(super) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// A time as the API writes it: in whole seconds.
pub(super) fn stamp(time: Timestamp) -> Value {
    Value::String(format!("{time:.0}"))
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// Whether it is being deleted.
pub(super) fn going(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// The owner that is its controller.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|owner| owner["controller"] == true)
}

/// The uid of its controller.
pub(super) fn controller_uid(object: &Value) -> Option<&str> {
    controller(object)?["uid"].as_str()
}

/// The entry of `ownerReferences` that makes `owner` a controller.
pub(super) fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// The condition of that type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").iter().rev().find(|condition| condition["type"] == kind)
}

/// Whether the condition of that type is True.
pub(super) fn holds(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// The conditions of an object, to be changed.
pub(super) fn conditions(object: &Value) -> Vec<Value> {
    list(object, "/status/conditions").to_vec()
}

/// Sets a condition at its place or at the end. `lastTransitionTime` moves only when the status does.
/// `new` has `type`, `status` and what else the kind of object knows.
pub(super) fn set_condition(conditions: &mut Vec<Value>, mut new: Value, now: Timestamp) {
    let known = conditions.iter_mut().find(|condition| condition["type"] == new["type"]);
    let same = known.as_ref().filter(|known| known["status"] == new["status"]);
    new["lastTransitionTime"] = match same.map(|known| &known["lastTransitionTime"]) {
        Some(since) if since.is_string() => since.clone(),
        _ => stamp(now),
    };
    match known {
        Some(known) => *known = new,
        None => conditions.push(new),
    }
}

/// A count or a share of `of`, like `2` or `25%`, rounded up or down; `or` when there is none.
pub(super) fn share(value: &Value, of: i64, up: bool, or: &str) -> i64 {
    let text = match value {
        Value::Number(number) => return number.as_i64().unwrap_or(0),
        Value::String(text) => text.as_str(),
        _ => or,
    };
    match text.strip_suffix('%').map(str::parse::<i64>) {
        Some(Ok(percent)) if up => (of * percent + 99).div_euclid(100),
        Some(Ok(percent)) => (of * percent).div_euclid(100),
        _ => text.parse().unwrap_or(0),
    }
}

/// Replaces the status if it is another one than before. Numbers that are 0 are left out, as the API leaves them out,
/// but for those in `shown`.
///
/// # Errors
/// What the API refused.
pub(super) fn write_status(
    hand: &Hand,
    key: &Key,
    object: &Value,
    mut status: Value,
    shown: &[&str],
) -> Result<(), Failure> {
    if let Some(fields) = status.as_object_mut() {
        fields.retain(|field, value| !value.is_null() && (*value != 0 || shown.contains(&field.as_str())));
    }
    if object["status"] == status {
        return Ok(());
    }
    let mut changed = object.clone();
    changed["status"] = status;
    hand.update_part(&key.resource, &key.namespace, "status", &changed).map(drop)
}

/// Keys of objects by something that they have in common, e.g. the uid of their owner.
#[derive(Default)]
pub(super) struct Index(BTreeMap<String, BTreeSet<Key>>);

impl Index {
    /// The object moves from one group to another.
    pub(super) fn note(&mut self, key: &Key, old: Option<&str>, new: Option<&str>) {
        if old == new {
            return;
        }
        if let Some(group) = old
            && let Some(members) = self.0.get_mut(group)
        {
            members.remove(key);
            if members.is_empty() {
                self.0.remove(group);
            }
        }
        if let Some(group) = new {
            self.0.entry(group.to_owned()).or_default().insert(key.clone());
        }
    }

    /// The members of a group, in the order of their names.
    pub(super) fn of(&self, group: &str) -> impl Iterator<Item = &Key> {
        self.0.get(group).into_iter().flatten()
    }
}
