//! Roles of the manifests as data for the chart, and what is left of them in an overlay that needs less.

use super::super::{NAMESPACE, SERVICE_ACCOUNT, labels, provider_objects};
use super::is_own;
use self_healing_api::marks::GROUP;
use serde_json::{Map, Value, json};

/// What a Role of a watched namespace cannot give: resources without a namespace, and Events, as those about nodes and records lie elsewhere.
const CLUSTER_WIDE: &[(&str, &str)] = &[
    ("", "nodes"),
    ("", "namespaces"),
    ("", "persistentvolumes"),
    ("", "events"),
    ("events.k8s.io", "events"),
    (GROUP, "healingpolicies"),
    (GROUP, "healingpolicies/status"),
];
const READING: &[&str] = &["get", "list", "watch"];
/// What mode Observe writes beside its own records: words about a wrong configuration, and whether a policy is valid.
const OBSERVED: &[(&str, &str)] = &[("events.k8s.io", "events"), (GROUP, "healingpolicies/status")];
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
    if is_about(rule, CLUSTER_WIDE) {
        data["clusterWide"] = json!(true);
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
        let verbs: Vec<&Value> =
            verbs.filter(|verb| is_about(rule, OBSERVED) || READING.iter().any(|reading| verb == reading)).collect();
        let mut reduced = rule.clone();
        reduced["verbs"] = json!(verbs);
        (!verbs.is_empty()).then_some(reduced)
    };
    cluster_roles(objects, |rules| rules.iter().filter_map(reduced).collect())
}

/// What is left of the ClusterRoles when the rest is given namespace by namespace.
pub(super) fn cluster_wide(objects: &[Value]) -> Vec<Value> {
    cluster_roles(objects, |rules| rules.iter().filter(|rule| is_about(rule, CLUSTER_WIDE)).cloned().collect())
}

/// That rest, as Roles of whatever namespace they are put into.
pub(super) fn of_a_namespace(objects: &[Value]) -> Vec<Value> {
    let rbac = "rbac.authorization.k8s.io";
    let clusters =
        cluster_roles(objects, |rules| rules.iter().filter(|rule| !is_about(rule, CLUSTER_WIDE)).cloned().collect());
    let role_and_binding = |cluster: Value| {
        let name = format!("{}-watched", cluster["metadata"]["name"].as_str().unwrap_or_default());
        let metadata = json!({ "name": name, "labels": labels() });
        [
            json!({ "apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": metadata, "rules": cluster["rules"] }),
            json!({
                "apiVersion": format!("{rbac}/v1"),
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": { "apiGroup": rbac, "kind": "Role", "name": name },
                "subjects": [{ "kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE }],
            }),
        ]
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

/// Whether a rule is about one of these; each rule of ours is about one resource.
fn is_about(rule: &Value, resources: &[(&str, &str)]) -> bool {
    resources.iter().any(|(group, resource)| rule["apiGroups"][0] == *group && rule["resources"][0] == *resource)
}
