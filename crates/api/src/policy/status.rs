//! What changes in a HealingPolicy: whether it is ready, and what it applies to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use self_healing_core::names::Readiness;
use self_healing_core::policy::PolicyStatus;
use self_healing_core::time::Stamp;
use serde::{Deserialize, Serialize};

/// The condition that says whether it applies.
const READY: &str = "Ready";

/// Whether a policy is ready, and what it applies to.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct HealingPolicyStatus {
    /// Ready is True while the policy applies to what it matches; when it is False, reason and message say why, with the path
    /// of the field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Recoveries that it applies to.
    #[serde(default)]
    pub matched: MatchedStatus,
    /// The metadata.generation that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64")]
    pub observed_generation: Option<i64>,
}

/// How many Recoveries a policy applies to.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct MatchedStatus {
    /// Those that are not over.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub active: i64,
    /// Those that are kept, and that it applies to, or did.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub total: i64,
}

/// The resource's status.
#[must_use]
pub fn status_of(status: &PolicyStatus) -> HealingPolicyStatus {
    let condition = Condition {
        type_: READY.to_owned(),
        status: if status.is_ready() { "True" } else { "False" }.to_owned(),
        reason: status.readiness.to_string(),
        message: status.message.clone(),
        last_transition_time: Time(crate::recovery::timestamp(status.since)),
        observed_generation: Some(status.observed_generation),
    };
    HealingPolicyStatus {
        conditions: vec![condition],
        matched: MatchedStatus { active: i64::from(status.active), total: i64::from(status.total) },
        observed_generation: Some(status.observed_generation),
    }
}

/// The core's view of a status; `None` when it is not one that this version writes.
pub(super) fn stored_status(status: &HealingPolicyStatus) -> Option<PolicyStatus> {
    let condition = status.conditions.iter().find(|condition| condition.type_ == READY)?;
    let count = |number: i64| u32::try_from(number).ok();
    Some(PolicyStatus {
        observed_generation: status.observed_generation?,
        readiness: Readiness::parse(&condition.reason)?,
        message: condition.message.clone(),
        since: Stamp(condition.last_transition_time.0.as_millisecond()),
        active: count(status.matched.active)?,
        total: count(status.matched.total)?,
    })
}
