//! `spec.detection`: from when on something counts as failed.

use super::read::{span, word};
use super::{BadPolicy, Span};
use crate::recovery::WORD;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use self_healing_core::fact::ConditionStatus;
use self_healing_core::key::Text;
use self_healing_core::policy::Thresholds;
use self_healing_core::settings::NodeProblem;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Conditions of one policy.
const MAX_CONDITIONS: u32 = 32;
const STATUSES: [ConditionStatus; 3] = [ConditionStatus::True, ConditionStatus::False, ConditionStatus::Unknown];
const FIELD: &str = "spec.detection";

/// From when on something counts as failed; each part is the configuration's key of that name.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct DetectionSpec {
    /// Length of one health check of a node: seconds, or as 1m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub node_check_interval: Option<Span>,
    /// Length of one health check of a pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub pod_check_interval: Option<Span>,
    /// Length of one health check of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub service_check_interval: Option<Span>,
    /// Length of one health check of a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub deployment_check_interval: Option<Span>,
    /// Failed checks in a row that make a node failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 1, max = 1000))]
    pub node_failure_threshold: Option<i64>,
    /// Time after a node's creation in which never having been Ready is no failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub node_startup_grace: Option<Span>,
    /// Container restarts that make a crash-looping pod failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 1, max = 1000))]
    pub pod_restart_threshold: Option<i64>,
    /// Node conditions that make a node failed (cause ProblemCondition), in place of the default list: KernelDeadlock,
    /// ReadonlyFilesystem, FrequentKubeletRestart and NetworkUnavailable, each when True.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<NodeConditionSpec>", length(min = 1, max = MAX_CONDITIONS))]
    pub node_conditions: Option<Vec<NodeConditionSpec>>,
}

/// One condition of a node.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct NodeConditionSpec {
    /// Its type, as KernelDeadlock.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 316))]
    pub kind: String,
    /// The status that counts; True when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "statuses")]
    pub status: Option<String>,
    /// The only reason that counts; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub reason: Option<String>,
    /// For how long it has to be so: seconds, or as 2m; nodeFailureThreshold checks when absent.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub span: Option<Span>,
}

/// The thresholds that `said` describes.
pub(super) fn thresholds(said: &DetectionSpec) -> Result<Thresholds, BadPolicy> {
    let interval = |name: &str, said: &Option<Span>| {
        let hour = Duration::from_secs(3600);
        span(&format!("{FIELD}.{name}"), said.as_ref(), Duration::from_millis(50)..=hour)
    };
    let count = |name: &str, said: Option<i64>| {
        let wrong = |number| BadPolicy::new(format!("{FIELD}.{name}"), number, "a whole number from 1 to 1000");
        let read = |number: i64| u32::try_from(number).ok().filter(|number| (1..=1000).contains(number));
        said.map(|number| read(number).ok_or_else(|| wrong(number))).transpose()
    };
    let day = Duration::from_secs(86_400);
    let grace = span(&format!("{FIELD}.nodeStartupGrace"), said.node_startup_grace.as_ref(), Duration::ZERO..=day)?;
    Ok(Thresholds {
        node_check_interval: interval("nodeCheckInterval", &said.node_check_interval)?,
        pod_check_interval: interval("podCheckInterval", &said.pod_check_interval)?,
        service_check_interval: interval("serviceCheckInterval", &said.service_check_interval)?,
        deployment_check_interval: interval("deploymentCheckInterval", &said.deployment_check_interval)?,
        node_failure_threshold: count("nodeFailureThreshold", said.node_failure_threshold)?,
        node_startup_grace: grace,
        pod_restart_threshold: count("podRestartThreshold", said.pod_restart_threshold)?,
        node_conditions: said.node_conditions.as_deref().map(conditions).transpose()?,
    })
}

fn conditions(said: &[NodeConditionSpec]) -> Result<Vec<NodeProblem>, BadPolicy> {
    let field = format!("{FIELD}.nodeConditions");
    if said.is_empty() || said.len() > MAX_CONDITIONS as usize {
        let expected = format!("1 to {MAX_CONDITIONS} conditions");
        return Err(BadPolicy::new(field, format!("{} conditions", said.len()), expected));
    }
    said.iter().enumerate().map(|(at, said)| condition(&format!("{field}[{at}]"), said)).collect()
}

fn condition(field: &str, said: &NodeConditionSpec) -> Result<NodeProblem, BadPolicy> {
    if said.kind.is_empty() || said.kind.len() > 5 * WORD as usize + 1 {
        return Err(BadPolicy::new(format!("{field}.type"), format!("{:?}", said.kind), "a condition's type"));
    }
    if said.kind == "Ready" {
        let expected = "another condition: Ready has its own causes, NotReady and Unreachable";
        return Err(BadPolicy::new(format!("{field}.type"), "\"Ready\"", expected));
    }
    let parse = |text: &str| STATUSES.into_iter().find(|status| status.as_str() == text);
    let status = word(&format!("{field}.status"), said.status.as_deref(), parse, &STATUSES)?;
    let day = Duration::from_secs(86_400);
    Ok(NodeProblem {
        kind: Text::from(said.kind.as_str()),
        status: status.unwrap_or(ConditionStatus::True),
        reason: said.reason.as_deref().map(Text::from),
        span: span(&format!("{field}.for"), said.span.as_ref(), Duration::ZERO..=day)?,
    })
}

fn statuses(_: &mut SchemaGenerator) -> Schema {
    crate::schema::one_of(STATUSES.iter().map(|status| status.as_str()))
}
