//! Strategic merge: a merge patch in which some lists are maps. Which ones is a property of the real types; here the
//! names of the fields tell, as far as kubectl sends them.

use serde_json::{Map, Value};

/// Lists that are maps, with the fields by which their items are told apart; the first one that the items have counts.
const MAPS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("volumes", &["name"]),
    ("env", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("ports", &["containerPort", "port"]),
    ("imagePullSecrets", &["name"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey"]),
    ("conditions", &["type"]),
    ("addresses", &["type"]),
    ("ownerReferences", &["uid"]),
    ("secrets", &["name"]),
];

/// Lists of plain words that are sets.
const SETS: &[&str] = &["finalizers", "podCIDRs"];

/// Merges `patch` into `target`.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() || changes.get("$patch").is_some_and(|how| how == "replace") {
        *target = Value::Object(Map::new());
    }
    for (name, change) in changes.iter().filter(|(name, _)| !name.starts_with('$')) {
        match (MAPS.iter().find(|(list, _)| list == name), change) {
            (_, Value::Null) => drop(target.as_object_mut().map(|fields| fields.remove(name))),
            (Some((_, keys)), Value::Array(items)) => merge_list(&mut target[name], items, keys),
            (None, Value::Array(items)) if SETS.contains(&name.as_str()) => unite(&mut target[name], items),
            _ => merge(&mut target[name], change),
        }
    }
    for (name, gone) in changes {
        if let (Some(name), Some(gone)) = (name.strip_prefix("$deleteFromPrimitiveList/"), gone.as_array())
            && let Some(items) = target.get_mut(name).and_then(Value::as_array_mut)
        {
            items.retain(|item| !gone.contains(item));
        }
    }
    if let (Some(kept), Some(fields)) = (changes.get("$retainKeys").and_then(Value::as_array), target.as_object_mut()) {
        fields.retain(|name, _| kept.iter().any(|keep| keep == name));
    }
}

fn merge_list(target: &mut Value, items: &[Value], keys: &[&str]) {
    if !target.is_array() {
        *target = Value::Array(Vec::new());
    }
    let Some(known) = target.as_array_mut() else { return };
    if items.iter().any(|item| item["$patch"] == "replace") {
        *known = items.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
        return;
    }
    for item in items {
        let Some(key) = keys.iter().find(|key| !item[**key].is_null()) else { continue };
        let place = known.iter().position(|one| one[*key] == item[*key]);
        match (place, item["$patch"] == "delete") {
            (Some(at), true) => drop(known.remove(at)),
            (Some(at), false) => merge(&mut known[at], item),
            (None, true) => {}
            (None, false) => known.push(item.clone()),
        }
    }
}

fn unite(target: &mut Value, items: &[Value]) {
    if !target.is_array() {
        *target = Value::Array(Vec::new());
    }
    if let Some(known) = target.as_array_mut() {
        for item in items {
            if !known.contains(item) {
                known.push(item.clone());
            }
        }
    }
}
