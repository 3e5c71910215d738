//! `spec.match`: which failures a policy is about.

use crate::recovery::{NAME, WORD};
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use self_healing_core::names::{Cause, FailureType};
use serde::{Deserialize, Serialize};

/// Most entries of one list of the match.
pub(super) const MAX_LIST: u32 = 64;

/// Which failures a policy is about; every part that is there has to hold.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("has(self.types) || has(self.causes) || has(self.namespaces) || has(self.workloadKinds)").message("an empty match matches nothing: expected at least one of types, causes, namespaces, workloadKinds"))]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct MatchSpec {
    /// Types of failure, e.g. pod_failure; the failure is of one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "types")]
    pub types: Option<Vec<String>>,
    /// Causes, e.g. CrashLoop; the failure has one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "causes")]
    pub causes: Option<Vec<String>>,
    /// Namespaces; the failed object is in one of them, so that no node is matched. What is named here is acted on even if
    /// the configuration protects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "namespaces")]
    pub namespaces: Option<Vec<String>>,
    /// Kinds of controller at the top of the failed object's owners, e.g. Deployment; Pod for a pod without one; with the API
    /// group, as Kind.group, when it is not built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kinds")]
    pub workload_kinds: Option<Vec<String>>,
}

fn types(_: &mut SchemaGenerator) -> Schema {
    list(crate::schema::one_of(FailureType::ALL.iter().map(|word| word.as_str())))
}

fn causes(_: &mut SchemaGenerator) -> Schema {
    list(crate::schema::one_of(Cause::ALL.iter().map(|word| word.as_str())))
}

fn namespaces(_: &mut SchemaGenerator) -> Schema {
    list(
        json_schema!({ "type": "string", "minLength": 1, "maxLength": WORD, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }),
    )
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    list(
        json_schema!({ "type": "string", "minLength": 1, "maxLength": NAME, "pattern": "^[A-Z][A-Za-z0-9]*([.][-a-z0-9.]+)?$" }),
    )
}

fn list(items: Schema) -> Schema {
    json_schema!({ "type": "array", "minItems": 1, "maxItems": MAX_LIST, "items": items })
}
