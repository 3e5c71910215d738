//! The parts of a policy that change something.

use super::Span;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use self_healing_core::names::{FailureType, Severity, Strategy};
use serde::{Deserialize, Serialize};

/// Steps of one ladder.
pub(super) const MAX_LADDER: u32 = 8;

/// How bad the failures are.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("!has(self.floor) || !has(self.ceiling) || self.floor == 'low' || self.ceiling == 'critical' || self.floor == self.ceiling || (self.floor == 'medium' && self.ceiling == 'high')").message("the floor may be at most the ceiling"))]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct SeveritySpec {
    /// Where a failure starts, in place of its type's own base; similar failures still raise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::severities")]
    pub base: Option<String>,
    /// The least that it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::severities")]
    pub floor: Option<String>,
    /// The most that it can be, however often it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::schema::severities")]
    pub ceiling: Option<String>,
}

/// What follows an attempt that did not help.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct EscalationSpec {
    /// Strategies that are tried one after the other when an attempt was not verified in time, in place of the next severity's
    /// strategy; then a person is called. The first attempt has the strategy of the failure's severity; what follows is the
    /// part of the ladder behind that, or all of it; strategies that the failure's type does not have are left out. With a
    /// ladder, monitor goes up as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "ladder")]
    pub ladder: Vec<String>,
    /// Time that an attempt has until it must be verified, in place of recovery_timeout: seconds, or as 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub timeout: Option<Span>,
}

/// How much at once, and how soon again.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct BudgetSpec {
    /// Recoveries under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 1, max = 100_000))]
    pub max_concurrent: Option<i64>,
    /// Attempts that begin within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 1, max = 100_000))]
    pub per_hour: Option<i64>,
    /// Failures at once above which a shared cause is assumed and nothing begins, as 3; for node failures also a share, as
    /// 20%. Nodes are counted that are sick and that the policy selects; else, Recoveries that are not over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "shares")]
    pub max_unhealthy: Option<IntOrString>,
    /// Wait before the second recovery of one workload within history_window, in place of workload_backoff: seconds, or as
    /// 5m; doubles each time, up to 1800 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub backoff: Option<Span>,
}

/// The schema of the table: of each type the severities, and for each the strategies that there are.
pub(super) fn strategies(_: &mut SchemaGenerator) -> Schema {
    let types = FailureType::ALL.iter().map(|failure| {
        let word = crate::schema::one_of(failure.strategies().iter().map(|strategy| strategy.as_str()));
        let cells = Severity::ALL.iter().map(|severity| (severity.to_string(), word.clone().into()));
        let cells: serde_json::Map<String, serde_json::Value> = cells.collect();
        (failure.to_string(), serde_json::json!({ "type": "object", "properties": cells }))
    });
    let types: serde_json::Map<String, serde_json::Value> = types.collect();
    json_schema!({ "type": "object", "properties": types })
}

/// A count, or a share of nodes.
fn shares(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "nullable": false,
        "maxLength": 6,
        "minimum": 1,
        "pattern": "^([1-9][0-9]*|([1-9][0-9]?|100)%)$",
    })
}

fn ladder(_: &mut SchemaGenerator) -> Schema {
    let step = crate::schema::one_of(Strategy::ALL.iter().map(|strategy| strategy.as_str()));
    json_schema!({ "type": "array", "maxItems": MAX_LADDER, "items": step })
}
