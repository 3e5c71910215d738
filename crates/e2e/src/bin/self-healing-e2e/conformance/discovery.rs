//! What is compared of an answer about what is served: the resources that the embedded API has, as it has them. A real API
//! server serves many more.

use serde_json::{Map, Value, json};

/// Of one group and version, with their subresources that are compared.
const RESOURCES: [&str; 21] = [
    "pods",
    "pods/binding",
    "pods/eviction",
    "pods/status",
    "nodes",
    "nodes/status",
    "configmaps",
    "namespaces",
    "secrets",
    "deployments",
    "deployments/scale",
    "deployments/status",
    "replicasets",
    "replicasets/scale",
    "statefulsets",
    "statefulsets/scale",
    "leases",
    "poddisruptionbudgets",
    "events",
    "recoveries",
    "recoveries/status",
];
const GROUPS: [&str; 5] = ["apps", "coordination.k8s.io", "events.k8s.io", "policy", "self-healing.dev"];

/// An answer of discovery as it is compared; `None` if it is another one.
pub(super) fn told(value: &Value) -> Option<Value> {
    match value["kind"].as_str() {
        Some("APIResourceList") => Some(json!({
            "groupVersion": value["groupVersion"],
            "resources": named(&value["resources"], &RESOURCES, resource),
        })),
        Some("APIGroupList") => Some(json!({ "groups": named(&value["groups"], &GROUPS, group) })),
        Some("APIGroup") => Some(group(value)),
        Some("APIVersions") => Some(json!({ "versions": value["versions"] })),
        // Of the version, what tells features apart.
        None if value["gitVersion"].is_string() => Some(json!({ "major": value["major"], "minor": value["minor"] })),
        _ => None,
    }
}

/// The listed items of known names, by name.
fn named(list: &Value, known: &[&str], told: fn(&Value) -> Value) -> Value {
    let items = list.as_array().into_iter().flatten();
    let known =
        items.filter_map(|item| item["name"].as_str().filter(|name| known.contains(name)).map(|name| (name, item)));
    Value::Object(known.map(|(name, item)| (name.to_owned(), told(item))).collect::<Map<_, _>>())
}

fn resource(item: &Value) -> Value {
    let fields = ["kind", "namespaced", "group", "version", "verbs", "singularName", "shortNames", "categories"];
    fields.iter().map(|field| ((*field).to_owned(), item[*field].clone())).collect()
}

fn group(item: &Value) -> Value {
    json!({ "name": item["name"], "preferred": item["preferredVersion"]["version"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_serve_is_told() {
        let list = json!({ "kind": "APIResourceList", "groupVersion": "v1", "resources": [
            { "name": "pods", "kind": "Pod", "namespaced": true, "verbs": ["get"], "storageVersionHash": "x" },
            { "name": "pods/log", "kind": "Pod" },
        ] });
        let told = told(&list).expect("a list of resources");
        assert_eq!(told["resources"].as_object().map(Map::len), Some(1));
        assert_eq!(told["resources"]["pods"]["kind"], "Pod");
        assert!(super::told(&json!({ "kind": "PodList" })).is_none());
    }
}
