//! The HealingPolicy custom resource, and its way to the core's checked policy.
//!
//! What the API server can check is in the schema and its rules; [`check`] checks all of it again and the rest, because a
//! policy may have been stored before a rule was, and an API server may not know the rules.

#![allow(unreachable_pub, reason = "KubeSchema repeats a struct, pub and all, inside a function")]
#![allow(clippy::duplicated_attributes, reason = "printer columns share words")]

mod detection;
mod drain;
mod matches;
mod notify;
mod parts;
mod read;
mod replacement;
mod resize;
mod selectors;
mod span;
mod status;
mod when;
mod windows;
mod yaml;
mod zone;

pub use detection::{DetectionSpec, NodeConditionSpec};
pub use drain::DrainSpec;
pub use matches::MatchSpec;
pub use notify::NotifySpec;
pub use parts::{BudgetSpec, EscalationSpec, SeveritySpec};
pub use read::{BadPolicy, check, from_resource, read_resource};
pub use replacement::{ReplacementSpec, TemplateRef, WebhookSpec};
pub use resize::ResizeSpec;
pub use selectors::{Requirement, SelectorSpec};
pub use span::Span;
pub use status::{HealingPolicyStatus, MatchedStatus, status_of};
pub use windows::WindowSpec;
pub use yaml::{BadYaml, read_yaml};
pub use zone::zone;

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
    status = "HealingPolicyStatus",
    derive = "PartialEq",
    label("app.kubernetes.io/part-of", "self-healing"),
    doc = "HealingPolicy says what is to be done about some failures where that differs from the configuration. Of the \
           policies that match a failure, the one of the highest priority applies, of equal ones the first by name; what it \
           leaves out is as configured. It applies at once when it is created, changed or deleted, also to Recoveries that \
           are under way. One that is not valid matches nothing.",
    printcolumn(name = "Priority", type_ = "integer", json_path = ".spec.priority"),
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(
        name = "Active",
        type_ = "integer",
        json_path = ".status.matched.active",
        description = "Recoveries that are not over and that it applies to"
    ),
    printcolumn(
        name = "Total",
        type_ = "integer",
        json_path = ".status.matched.total",
        description = "Recoveries that are kept and that it applies to, or did"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    )
)]
#[x_kube(validation = Rule::new("!(has(self.detection) && has(self.match.when))").message("detection cannot depend on match.when: it is asked before there is a failure"))]
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
    /// From when on something counts as failed. It is asked by type and cause, namespaces, labels, kinds and nodes of the match,
    /// before there is a failure; so not together with match.when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DetectionSpec")]
    pub detection: Option<DetectionSpec>,
    /// What follows an attempt that did not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EscalationSpec")]
    pub escalation: Option<EscalationSpec>,
    /// How much at once, and how soon again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BudgetSpec")]
    pub budget: Option<BudgetSpec>,
    /// When something may be done: inside one of the Allow windows, if there are any, and inside no Deny window. What is under
    /// way when that ends is held before its next write. Watching is always allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = windows::MAX_WINDOWS))]
    pub windows: Vec<WindowSpec>,
    /// How a node is drained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DrainSpec")]
    pub drain: Option<DrainSpec>,
    /// Who reboots, replaces and fences nodes, in place of the configured provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ReplacementSpec")]
    pub replacement: Option<ReplacementSpec>,
    /// How a memory limit is raised, by the strategy resize for pods that are killed for their memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ResizeSpec")]
    pub resize: Option<ResizeSpec>,
    /// Reserved: checked, but without effect in this version. Where messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NotifySpec")]
    pub notify: Option<NotifySpec>,
}

/// The CustomResourceDefinition of HealingPolicy, as the manifests install it.
#[must_use]
pub fn policy_crd() -> CustomResourceDefinition {
    HealingPolicy::crd()
}
