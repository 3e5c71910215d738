//! What the API serves: groups, versions and resources, in the old form and in the new one, and who the server is.

mod openapi;

use crate::failure::Failure;
use crate::resource::{Registry, Resource};
use crate::service::reply::{Reply, no_page, object, typed};
use http::HeaderValue;
use serde_json::{Value, json};
use std::sync::Arc;

/// The version of Kubernetes whose ways this API has.
const VERSION: (&str, &str, &str) = ("1", "37", "v1.37.2");
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Answers for a path that is no resource's.
pub(crate) fn answer(registry: &Registry, path: &str, accept: &str) -> Reply {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let aggregated = accept.contains("as=APIGroupDiscoveryList");
    match parts.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => typed(200, HeaderValue::from_static("text/plain; charset=utf-8"), "ok"),
        ["version"] => object(200, &version()),
        ["api"] if aggregated => groups(registry, |group| group.is_empty()),
        ["apis"] if aggregated => groups(registry, |group| !group.is_empty()),
        ["api"] => object(200, &json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })),
        ["apis"] => {
            let groups: Vec<Value> =
                names(registry).into_iter().filter(|(group, _)| !group.is_empty()).map(group).collect();
            object(200, &json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups }))
        }
        ["apis", name] => match names(registry).into_iter().find(|(group, _)| group == name) {
            Some(known) => {
                let mut group = group(known);
                group["kind"] = "APIGroup".into();
                group["apiVersion"] = "v1".into();
                object(200, &group)
            }
            None => no_page(),
        },
        ["api", version] => resources(registry, "", version),
        ["apis", group, version] => resources(registry, group, version),
        ["openapi", rest @ ..] => openapi::answer(registry, rest),
        _ => no_page(),
    }
}

fn version() -> Value {
    let (major, minor, full) = VERSION;
    json!({
        "major": major, "minor": minor, "gitVersion": full, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "",
    })
}

/// Groups with their versions, each once.
fn names(registry: &Registry) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::new();
    for resource in registry.iter() {
        let name = (resource.group.clone(), resource.version.clone());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn group((group, version): (String, String)) -> Value {
    let version = json!({ "groupVersion": format!("{group}/{version}"), "version": version });
    json!({ "name": group, "versions": [version], "preferredVersion": version })
}

/// A subresource with its kind (group, version, kind) and verbs.
type Part = (&'static str, (String, String, String), &'static [&'static str]);

/// Namespaces do not go all at once, and custom resources have an order of their own.
fn verbs(resource: &Resource) -> Vec<&'static str> {
    if resource.custom.is_some() {
        return vec!["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    }
    VERBS.into_iter().filter(|verb| *verb != "deletecollection" || resource.name() != "namespaces").collect()
}

fn parts(resource: &Resource) -> Vec<Part> {
    let kind = |group: &str, version: &str, kind: &str| (group.to_owned(), version.to_owned(), kind.to_owned());
    let own = || kind(&resource.group, &resource.version, &resource.kind);
    let mut parts: Vec<Part> = Vec::new();
    if resource.status {
        parts.push(("status", own(), &["get", "patch", "update"]));
    }
    if resource.scale {
        parts.push(("scale", kind("autoscaling", "v1", "Scale"), &["get", "patch", "update"]));
    }
    match resource.name().as_str() {
        "pods" => {
            parts.push(("binding", kind("", "v1", "Binding"), &["create"]));
            parts.push(("eviction", kind("policy", "v1", "Eviction"), &["create"]));
            parts.push(("resize", own(), &["get", "patch", "update"]));
        }
        "namespaces" => parts.push(("finalize", own(), &["update"])),
        _ => {}
    }
    parts
}

/// The form that kubectl asks for since 1.27.
fn groups(registry: &Registry, wanted: impl Fn(&str) -> bool) -> Reply {
    let kind =
        |(group, version, kind): (String, String, String)| json!({ "group": group, "version": version, "kind": kind });
    let resource = |resource: &Arc<Resource>| {
        let part = |(name, of, verbs): Part| json!({ "subresource": name, "responseKind": kind(of), "verbs": verbs });
        json!({
            "resource": resource.plural,
            "responseKind": kind((resource.group.clone(), resource.version.clone(), resource.kind.clone())),
            "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": resource.singular(), "verbs": verbs(resource), "shortNames": resource.short,
            "categories": resource.categories, "subresources": parts(resource).into_iter().map(part).collect::<Vec<_>>(),
        })
    };
    let item = |(group, version): (String, String)| {
        let inside = registry.iter().filter(|known| known.group == group && known.version == version);
        let resources: Vec<Value> = inside.map(resource).collect();
        let version = json!({ "version": version, "resources": resources, "freshness": "Current" });
        json!({ "metadata": { "name": group, "creationTimestamp": null }, "versions": [version] })
    };
    let items: Vec<Value> = names(registry).into_iter().filter(|(group, _)| wanted(group)).map(item).collect();
    let list = json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items });
    typed(200, HeaderValue::from_static(AGGREGATED), list.to_string())
}

/// The resources of one version, in the old form.
fn resources(registry: &Registry, group: &str, version: &str) -> Reply {
    let mut list = Vec::new();
    for resource in registry.iter().filter(|known| known.group == group && known.version == version) {
        let (name, namespaced) = (&resource.plural, resource.namespaced);
        let mut item = json!({
            "name": name, "singularName": resource.singular(), "namespaced": namespaced, "kind": resource.kind,
            "verbs": verbs(resource),
        });
        for (field, words) in [("shortNames", &resource.short), ("categories", &resource.categories)] {
            if !words.is_empty() {
                item[field] = words.clone().into();
            }
        }
        list.push(item);
        for (part, (group, version, kind), verbs) in parts(resource) {
            let mut item = json!({
                "name": format!("{name}/{part}"), "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs,
            });
            // Said where it is another one.
            if (&group, &version) != (&resource.group, &resource.version) {
                (item["group"], item["version"]) = (group.into(), version.into());
            }
            list.push(item);
        }
    }
    if list.is_empty() {
        let known = registry.iter().any(|resource| resource.group == group && resource.custom.is_none());
        return if known { (&Failure::no_such_path()).into() } else { no_page() };
    }
    let version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    object(200, &json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list }))
}
