//! The custom resource definitions: served, and with everything that this version writes. Asked of discovery and of the published
//! schemas, which everybody may read.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::client::words;
use crate::manifests;
use http::Request;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

/// Fields that are named when many are lacking.
const SHOWN: usize = 3;
const APPLY: &str = "kubectl apply --server-side -f kubernetes/self-healing/crds.yaml, or helm upgrade";

/// One line for each definition.
pub(super) async fn checks(cluster: &Cluster) -> Vec<Check> {
    let mut checks = Vec::new();
    for definition in manifests::crds() {
        let spec = &definition.spec;
        let name = format!("definition {}.{}", spec.names.plural, spec.group);
        checks.push(match found(cluster, &definition).await {
            Ok(message) => Check::new(Area::Definitions, name, State::Ok, message),
            Err((State::Failed, message)) => Check::new(Area::Definitions, name, State::Failed, message).todo(APPLY),
            Err((state, message)) => Check::new(Area::Definitions, name, state, message),
        });
    }
    checks
}

async fn found(cluster: &Cluster, definition: &CustomResourceDefinition) -> Result<String, (State, String)> {
    let spec = &definition.spec;
    let ours = serde_json::to_value(&spec.versions).unwrap_or_default();
    let mut served = Vec::new();
    for version in ours.as_array().into_iter().flatten() {
        let name = version["name"].as_str().unwrap_or_default();
        let place = format!("apis/{}/{name}", spec.group);
        let resources = ask(cluster, &format!("/{place}")).await?.unwrap_or_default();
        let has = |resource: &str| {
            resources["resources"].as_array().into_iter().flatten().any(|known| known["name"] == resource)
        };
        if !has(&spec.names.plural) {
            let message =
                format!("{name} is not served: the custom resource definition is missing, or was not accepted yet");
            return Err((State::Failed, message));
        }
        let mut lacking = Vec::new();
        if !version["subresources"]["status"].is_null() && !has(&format!("{}/status", spec.names.plural)) {
            lacking.push("the subresource status".to_owned());
        }
        let Some(document) = ask(cluster, &format!("/openapi/v3/{place}")).await? else {
            return Err((
                State::Unchecked,
                format!("{name} is served; its schema is not published, so its age is not known"),
            ));
        };
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten().map(|(_, schema)| schema);
        let of_it = |schema: &&Value| {
            let kinds = schema["x-kubernetes-group-version-kind"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind["kind"] == spec.names.kind && kind["group"] == spec.group)
        };
        let theirs = schemas.into_iter().find(of_it).cloned().unwrap_or_default();
        compare("", &version["schema"]["openAPIV3Schema"], &theirs, &mut lacking);
        if !lacking.is_empty() {
            let more = lacking.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let first = lacking.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            let message = format!(
                "{name} is served in an older form, which lacks {first}{more}: what is written there is lost or refused"
            );
            return Err((State::Failed, message));
        }
        served.push(name.to_owned());
    }
    Ok(format!("{} is served, with all that this version writes", served.join(", ")))
}

/// A page of the API server; `None` when there is none.
async fn ask(cluster: &Cluster, path: &str) -> Result<Option<Value>, (State, String)> {
    let request = Request::get(path).body(Vec::new());
    let request = request.map_err(|error| (State::Unchecked, error.to_string()))?;
    match cluster.clients.reads.request::<Value>(request).await {
        Ok(page) => Ok(Some(page)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err((State::Unchecked, format!("cannot be asked: {}", words(&error)))),
    }
}

/// Every field and word of `ours` that `theirs` does not have.
fn compare(path: &str, ours: &Value, theirs: &Value, lacking: &mut Vec<String>) {
    for (name, field) in ours["properties"].as_object().into_iter().flatten() {
        // Every object has these, and they are published as a reference.
        if path.is_empty() && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match &theirs["properties"][name] {
            Value::Null => lacking.push(path),
            known => compare(&path, field, known, lacking),
        }
    }
    for part in ["items", "additionalProperties"] {
        if ours[part].is_object() {
            compare(&format!("{path}[]"), &ours[part], &theirs[part], lacking);
        }
    }
    let words = |schema: &Value| schema["enum"].as_array().cloned().unwrap_or_default();
    let known = words(theirs);
    let unknown = words(ours).into_iter().filter(|word| !known.is_empty() && !known.contains(word));
    lacking.extend(unknown.map(|word| format!("{word} in {path}")));
}

#[cfg(test)]
mod tests {
    use super::compare;
    use serde_json::{Value, json};

    fn lacking(ours: &Value, theirs: &Value) -> Vec<String> {
        let mut lacking = Vec::new();
        compare("", ours, theirs, &mut lacking);
        lacking
    }

    #[test]
    fn fields_and_words_that_are_not_there_are_named() {
        let object = |fields: Value| json!({ "type": "object", "properties": fields });
        let list = |of: Value| json!({ "type": "array", "items": of });
        let phases = |words: &[&str]| object(json!({ "phase": { "enum": words } }));
        let ours = object(json!({
            "metadata": {}, "spec": object(json!({ "mode": {}, "steps": list(object(json!({ "name": {}, "at": {} }))) })),
            "status": phases(&["Held", "Running"]),
        }));
        assert_eq!(lacking(&ours, &ours), Vec::<String>::new());
        let older = object(json!({
            "spec": object(json!({ "steps": list(object(json!({ "name": {} }))), "gone": {} })),
            "status": phases(&["Running"]),
        }));
        assert_eq!(lacking(&ours, &older), ["spec.mode", "spec.steps[].at", "\"Held\" in status.phase"]);
    }
}
