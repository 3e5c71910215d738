//! CustomResourceDefinitions: creating one makes the API serve its resource, deleting it takes the resource away.

use crate::cluster::State;
use crate::resource::{Registry, Resource};
use crate::store::Origin;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// The resource of the definitions themselves.
pub(crate) const RESOURCE: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// What a definition says about its resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// `openAPIV3Schema` of the version that is served.
    pub schema: Value,
    /// Whether the schema has CEL rules. They are left to the real server.
    pub rules: bool,
    /// `additionalPrinterColumns`.
    pub columns: Vec<Value>,
}

/// Serves what `definition` defines, and says so in its status. Of its versions only the stored one is served.
pub(crate) fn serve(registry: &mut Registry, definition: &mut Value, now: Timestamp) {
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().into_iter().flatten();
    let Some(version) = versions.into_iter().find(|version| version["storage"] == true) else { return };
    let (names, subresources) = (&spec["names"], &version["subresources"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    let schema = version["schema"]["openAPIV3Schema"].clone();
    registry.add(Resource {
        group: text(&spec["group"]),
        version: text(&version["name"]),
        plural: text(&names["plural"]),
        kind: text(&names["kind"]),
        namespaced: spec["scope"] == "Namespaced",
        status: subresources["status"].is_object(),
        short: words(&names["shortNames"]),
        categories: words(&names["categories"]),
        custom: Some(Arc::new(Custom {
            rules: schema.to_string().contains("\"x-kubernetes-validations\""),
            columns: version["additionalPrinterColumns"].as_array().cloned().unwrap_or_default(),
            schema,
        })),
        ..Resource::default()
    });
    let stored = json!([version["name"]]);
    let mut accepted = names.clone();
    if accepted["singular"].is_null() {
        accepted["singular"] = text(&names["kind"]).to_lowercase().into();
    }
    let condition = |kind: &str, reason: &str, message: &str| json!({ "type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": format!("{now:.0}") });
    let status = &mut definition["status"];
    if status["conditions"].is_null() {
        status["conditions"] = json!([
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ]);
    }
    status["acceptedNames"] = accepted;
    status["storedVersions"] = stored;
}

/// Serves it no longer, and removes its objects.
pub(crate) fn withdraw(state: &mut State, name: &str, origin: &Origin) {
    let Some(resource) = state.registry.named(name).filter(|known| known.custom.is_some()).cloned() else { return };
    let keys: Vec<_> = state.store.list(name, "").map(|(key, _)| key.clone()).collect();
    for key in keys {
        state.store.commit(&resource, key, None, origin.clone());
    }
    state.registry.remove(name);
}
