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
            (Some((_, keys)), Value::Array(items)) => {
                let order = changes.get(&format!("$setElementOrder/{name}"));
                merge_list(&mut target[name], items, keys, order);
            }
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

fn merge_list(target: &mut Value, items: &[Value], keys: &[&str], order: Option<&Value>) {
    let known = target.as_array().cloned().unwrap_or_default();
    if items.iter().any(|item| item["$patch"] == "replace") {
        *target = items.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
        return;
    }
    let all = items.iter().chain(&known);
    let Some(key) = keys.iter().find(|key| all.clone().all(|item| !item[**key].is_null())) else { return };
    let find = |list: &[Value], item: &Value| list.iter().position(|one| one[*key] == item[*key]);
    let mut merged = known.clone();
    for item in items {
        match (find(&merged, item), item["$patch"] == "delete") {
            (Some(at), true) => drop(merged.remove(at)),
            (Some(at), false) => merge(&mut merged[at], item),
            (None, true) => {}
            (None, false) => merged.push(item.clone()),
        }
    }
    // What the patch names comes in its order, and what only the server knows before what it stood before.
    let named = order.and_then(Value::as_array).map_or(items, Vec::as_slice);
    let mut ordered: Vec<Value> = Vec::new();
    for item in named.iter().filter_map(|item| find(&merged, item).map(|at| merged[at].clone())) {
        let place = find(&known, &item).unwrap_or(0);
        let before = known[..place].iter().filter(|one| find(named, one).is_none() && find(&ordered, one).is_none());
        let before: Vec<Value> = before.cloned().collect();
        ordered.extend(before);
        ordered.push(item);
    }
    merged.retain(|item| find(&ordered, item).is_none());
    ordered.extend(merged);
    *target = ordered.into();
}

/// What is new comes first.
fn unite(target: &mut Value, items: &[Value]) {
    let known = target.as_array().cloned().unwrap_or_default();
    let new = items.iter().filter(|item| !known.contains(item)).cloned();
    *target = new.chain(known.iter().cloned()).collect();
}
