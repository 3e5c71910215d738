//! As much OpenAPI as kubectl needs: that the server checks fields itself, which kinds there are, and the schemas of
//! custom ones. Built-in kinds are objects without further words.

use crate::resource::{Registry, Resource};
use crate::service::reply::{Reply, no_page, object};
use serde_json::{Map, Value, json};

/// Answers below `/openapi`.
pub(super) fn answer(registry: &Registry, path: &[&str]) -> Reply {
    match path {
        ["v3"] => {
            let place = |resource: &Resource| match resource.group.as_str() {
                "" => format!("api/{}", resource.version),
                group => format!("apis/{group}/{}", resource.version),
            };
            let entry = |place: String| {
                let url = format!("/openapi/v3/{place}");
                (place, json!({ "serverRelativeURL": url }))
            };
            let paths: Map<String, Value> = registry.iter().map(|resource| entry(place(resource))).collect();
            object(200, &json!({ "paths": paths }))
        }
        ["v3", "api", version] => document(registry, "", version),
        ["v3", "apis", group, version] => document(registry, group, version),
        _ => no_page(),
    }
}

fn document(registry: &Registry, group: &str, version: &str) -> Reply {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for resource in registry.iter().filter(|known| known.group == group && known.version == version) {
        let kind = json!({ "group": group, "version": version, "kind": resource.kind });
        let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
        let inside = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let path = format!("{root}/{version}{inside}/{}/{{name}}", resource.plural);
        let parameter = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
        let parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map(parameter);
        let operation = json!({
            "parameters": parameters,
            "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind, "responses": {},
        });
        paths.insert(path, json!({ "patch": operation }));
        let mut schema =
            resource.custom.as_ref().map_or_else(|| json!({ "type": "object" }), |custom| custom.schema.clone());
        schema["x-kubernetes-group-version-kind"] = json!([kind]);
        schemas
            .insert(format!("{}.{version}.{}", if group.is_empty() { "core" } else { group }, resource.kind), schema);
    }
    if paths.is_empty() {
        return no_page();
    }
    let info = json!({ "title": "Kubernetes", "version": "v1.37.2" });
    object(200, &json!({ "openapi": "3.0.0", "info": info, "paths": paths, "components": { "schemas": schemas } }))
}
