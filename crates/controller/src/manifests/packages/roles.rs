//! Roles of the manifests as data for the chart, and what is left of them in an overlay that needs less.

use super::super::grant::Grant;
use super::super::provider_objects;
use super::super::rbac::{is_cluster_wide, is_for_observing, remedy_of};
use super::is_own;
use self_healing_api::marks::GROUP;
use serde_json::{Map, Value, json};

const READING: &[&str] = &["get", "list", "watch"];
/// Every role's name begins so; the chart may put another name in its place.
const PREFIX: &str = "self-healing-";

/// Roles with each rule marked by what it depends on, roles of the providers, and what people may do with our custom resources.
/// `least` are the objects of an installation that may not create pods.
pub(super) fn data(objects: &[Value], least: &[Value]) -> Value {
    let roles = objects.iter().filter(|object| is_role(object)).map(|role| {
        let smaller = least.iter().find(|other| is_role(other) && other["metadata"] == role["metadata"]);
        let always = smaller.map_or(&[][..], rules);
        let mut data = json!({
            "kind": role["kind"],
            "name": suffix(&role["metadata"]["name"]),
            "binding": suffix(binding(objects, role).map_or(&Value::Null, |binding| &binding["metadata"]["name"])),
            "rules": rules(role).iter().map(|rule| marked(rule, always)).collect::<Vec<_>>(),
        });
        if let Some(namespace) = role["metadata"]["namespace"].as_str().filter(|_| !is_own(role)) {
            data["namespace"] = json!(namespace);
        }
        data
    });
    json!({ "roles": roles.collect::<Vec<_>>(), "providers": providers(), "people": people() })
}

/// A rule, whether it has to hold in the whole cluster, and the value of the chart without which it is left out.
fn marked(rule: &Value, always: &[Value]) -> Value {
    let mut data = json!({ "rule": rule });
    if holds_everywhere(rule) {
        data["clusterWide"] = json!(true);
    }
    if let Some(remedy) = remedy_of(rule) {
        data["remedy"] = json!(remedy);
    }
    if !always.contains(rule) {
        data["needs"] = json!("recreateBarePods");
    }
    data
}

fn providers() -> Map<String, Value> {
    let rules_of =
        |documents: &[Value]| documents.iter().find(|object| is_role(object)).map(|role| role["rules"].clone());
    let of = |(kind, documents): (_, Vec<Value>)| (format!("{kind}"), rules_of(&documents).unwrap_or_default());
    provider_objects().into_iter().map(of).collect()
}

/// Whoever may change a Recovery may approve it: that is an annotation.
fn people() -> Value {
    let rule =
        |resource: &str, verbs: &[&str]| json!({ "apiGroups": [GROUP], "resources": [resource], "verbs": verbs });
    json!({
        "view": [rule("healingpolicies", READING), rule("recoveries", READING)],
        "edit": [
            rule("healingpolicies", &["create", "update", "patch", "delete"]),
            rule("recoveries", &["update", "patch", "delete"]),
        ],
    })
}

/// The ClusterRoles of a controller that stays in mode Observe: no right to change a workload or a node.
pub(super) fn observing(objects: &[Value]) -> Vec<Value> {
    let reduced = |rule: &Value| {
        let verbs = rule["verbs"].as_array()?.iter();
        let (group, resource) = about(rule);
        let observes = |verb: &Value| verb.as_str().is_some_and(|verb| is_for_observing(verb, group, resource));
        let verbs: Vec<&Value> = verbs.filter(|verb| observes(verb)).collect();
        let mut reduced = rule.clone();
        reduced["verbs"] = json!(verbs);
        (!verbs.is_empty()).then_some(reduced)
    };
    cluster_roles(objects, |rules| rules.iter().filter_map(reduced).collect())
}

/// What is left of the ClusterRoles when the rest is given namespace by namespace.
pub(super) fn cluster_wide(objects: &[Value]) -> Vec<Value> {
    cluster_roles(objects, |rules| rules.iter().filter(|rule| holds_everywhere(rule)).cloned().collect())
}

/// That rest, as Roles of whatever namespace they are put into.
pub(super) fn of_a_namespace(objects: &[Value]) -> Vec<Value> {
    let clusters =
        cluster_roles(objects, |rules| rules.iter().filter(|rule| !holds_everywhere(rule)).cloned().collect());
    let role_and_binding = |cluster: Value| {
        let name = format!("{}-watched", cluster["metadata"]["name"].as_str().unwrap_or_default());
        Grant::namespaced(None, &name, &name).of(rules(&cluster).to_vec())
    };
    clusters.into_iter().flat_map(role_and_binding).collect()
}

fn cluster_roles(objects: &[Value], keep: impl Fn(&[Value]) -> Vec<Value>) -> Vec<Value> {
    let roles = objects.iter().filter(|object| object["kind"] == "ClusterRole");
    let change = |role: &Value| {
        let mut role = role.clone();
        role["rules"] = json!(keep(rules(&role)));
        role
    };
    roles.map(change).collect()
}

fn is_role(object: &Value) -> bool {
    object["kind"] == "ClusterRole" || object["kind"] == "Role"
}

fn rules(role: &Value) -> &[Value] {
    role["rules"].as_array().map_or(&[], Vec::as_slice)
}

/// The binding of a role.
fn binding<'a>(objects: &'a [Value], role: &Value) -> Option<&'a Value> {
    objects.iter().find(|object| {
        let (to, at) = (&object["roleRef"], &object["metadata"]["namespace"]);
        to["kind"] == role["kind"] && to["name"] == role["metadata"]["name"] && *at == role["metadata"]["namespace"]
    })
}

fn suffix(name: &Value) -> &str {
    let name = name.as_str().unwrap_or_default();
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// Group and resource; each rule of ours is about one.
fn about(rule: &Value) -> (&str, &str) {
    let first = |list: &str| rule[list][0].as_str().unwrap_or_default();
    (first("apiGroups"), first("resources"))
}

fn holds_everywhere(rule: &Value) -> bool {
    let (group, resource) = about(rule);
    is_cluster_wide(group, resource)
}
