//! `spec.match`: which failures a policy is about.

use super::selectors::{SelectorSpec, with_plain_labels};
use super::when::MAX_LENGTH;
use crate::recovery::{NAME, WORD};
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use self_healing_core::names::{Cause, FailureType};
use serde::{Deserialize, Serialize};

/// Most entries of one list of the match.
pub(super) const MAX_LIST: u32 = 64;

/// Which failures a policy is about; every part that is there has to hold.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("has(self.types) || has(self.causes) || has(self.namespaces) || has(self.namespaceSelector) || has(self.selector) || has(self.workloadKinds) || has(self.nodeSelector) || has(self.when)").message("an empty match matches nothing: expected at least one of types, causes, namespaces, namespaceSelector, selector, workloadKinds, nodeSelector, when"))]
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
    /// Labels of the failed object's namespace, so that no node is matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SelectorSpec")]
    pub namespace_selector: Option<SelectorSpec>,
    /// Labels of the failed object together with those of the workload at the top of its owners; of one key the object's own
    /// value counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SelectorSpec")]
    pub selector: Option<SelectorSpec>,
    /// Kinds of controller at the top of the failed object's owners, e.g. Deployment; Pod for a pod without one; with the API
    /// group, as Kind.group, when it is not built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kinds")]
    pub workload_kinds: Option<Vec<String>>,
    /// Labels of the node that failed, or on which the object failed; also as a plain map of labels. Control-plane nodes are
    /// recovered only where this requires node-role.kubernetes.io/control-plane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "with_plain_labels")]
    pub node_selector: Option<SelectorSpec>,
    /// A CEL expression that gives true or false, with the functions that Kubernetes adds to CEL. It sees failure (type, cause,
    /// severity, description, similarFailures, firstSeen, detectedAt, metadata) and target (kind, namespace, name, uid, labels,
    /// namespaceLabels, node, nodeLabels, workload). One that cannot be evaluated for a failure does not match it. Not together
    /// with detection, which is asked before there is a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = MAX_LENGTH))]
    pub when: Option<String>,
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
