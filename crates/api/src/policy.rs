//! The HealingPolicy custom resource, and its way to the core's checked policy.
//!
//! What the API server can check is in the schema and its rules; [`check`] checks all of it again and the rest, because a
//! policy may have been stored before a rule was, and an API server may not know the rules.

#![allow(unreachable_pub, reason = "KubeSchema repeats a struct, pub and all, inside a function")]

mod matches;
mod parts;
mod read;
mod span;
mod yaml;

pub use matches::MatchSpec;
pub use parts::{BudgetSpec, EscalationSpec, SeveritySpec};
pub use read::{BadPolicy, check, from_resource, read_resource};
pub use span::Span;
pub use yaml::{BadYaml, read_yaml};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{CustomResource, CustomResourceExt, KubeSchema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Least and greatest priority.
const PRIORITIES: std::ops::RangeInclusive<i64> = -1_000_000..=1_000_000;

/// What a policy says.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "self-healing.dev",
    version = "v1alpha1",
    kind = "HealingPolicy",
    plural = "healingpolicies",
    singular = "healingpolicy",
    shortname = "hp",
    category = "healing",
    derive = "PartialEq",
    label("app.kubernetes.io/part-of", "self-healing"),
    doc = "HealingPolicy says what is to be done about some failures where that differs from the configuration. Of the \
           policies that match a failure, the one of the highest priority applies, of equal ones the first by name; what it \
           leaves out is as configured. It applies at once when it is created, changed or deleted, also to Recoveries that \
           are under way. One that is not valid matches nothing.",
    printcolumn(name = "Priority", type_ = "integer", json_path = ".spec.priority"),
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct HealingPolicySpec {
    /// The higher one wins; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = -1_000_000, max = 1_000_000))]
    pub priority: Option<i64>,
    /// Which failures it is about. Every part that is there has to hold; at least one has to be there.
    #[serde(rename = "match")]
    pub matches: MatchSpec,
    /// Enforce acts, Approve waits for a person first, Observe decides and records but writes nothing else. It wins over the
    /// configuration's mode; the kill switch (configuration key paused) wins over both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::modes")]
    pub mode: Option<String>,
    /// How bad the failures are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SeveritySpec")]
    pub severity: Option<SeveritySpec>,
    /// Cells of the table of strategies to replace: by type of failure, then by severity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "parts::strategies")]
    pub strategies: BTreeMap<String, BTreeMap<String, String>>,
    /// What follows an attempt that did not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EscalationSpec")]
    pub escalation: Option<EscalationSpec>,
    /// How much at once, and how soon again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BudgetSpec")]
    pub budget: Option<BudgetSpec>,
}

/// The CustomResourceDefinition of HealingPolicy, as the manifests install it.
#[must_use]
pub fn policy_crd() -> CustomResourceDefinition {
    HealingPolicy::crd()
}
