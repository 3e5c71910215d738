//! What changes in a Recovery while it lives.

use super::bounds::{
    MANIFEST, MAX_ATTEMPTS, MAX_EVIDENCE, MAX_GUARDS, MAX_IMPACT, MAX_NOTIFICATIONS, NAME, SENTENCE, WORD,
};
use super::{ObjectRef, is_zero};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, MicroTime};
use kube::KubeSchema;
use schemars::JsonSchema;
use self_healing_core::recovery::MAX_STEPS;
use serde::{Deserialize, Serialize};

/// Where the Recovery stands, and what led there.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct RecoveryStatus {
    /// Where it stands: Pending, Held, AwaitingApproval, Observed, Running, Verifying, Succeeded, Failed, Escalated,
    /// SelfRecovered or Cancelled.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = WORD))]
    pub phase: String,
    /// Why it stands there, in a word, e.g. the name of the guard that holds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = NAME))]
    pub reason: String,
    /// Why it stands there, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SENTENCE))]
    pub message: String,
    /// What was tried, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_ATTEMPTS))]
    pub attempts: Vec<AttemptStatus>,
    /// What the guards that were asked said last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_GUARDS))]
    pub guards: Vec<GuardStatus>,
    /// The signals as seen when the failure was detected, at most 16 KiB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_EVIDENCE))]
    pub evidence: Vec<EvidenceItem>,
    /// Failures that this one explains, and that so get no Recovery of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_IMPACT), inner(length(max = SENTENCE)))]
    pub impact: Vec<String>,
    /// Whether the workload is back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "VerificationStatus")]
    pub verification: Option<VerificationStatus>,
    /// Seconds from detection to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    pub recovery_seconds: Option<i64>,
    /// Messages about it, and how far they got.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_NOTIFICATIONS))]
    pub notifications: Vec<NotificationStatus>,
    /// The manifest (JSON) of a pod without controller, kept from before its deletion until it runs again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = MANIFEST))]
    pub saved_manifest: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub finished_at: Option<MicroTime>,
    /// Complete is True once nothing more will be done; its reason is the phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The metadata.generation that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64")]
    pub observed_generation: Option<i64>,
}

/// One try with one strategy.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct AttemptStatus {
    /// What was tried.
    #[schemars(length(max = WORD))]
    pub strategy: String,
    /// What it acts on: the spec's target first, later the replacement that failed as well.
    #[serde(default, skip_serializing_if = "ObjectRef::is_empty")]
    pub target: ObjectRef,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub started_at: Option<MicroTime>,
    /// When its outcome was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub finished_at: Option<MicroTime>,
    /// InProgress, Succeeded or Failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = WORD))]
    pub result: String,
    /// What was done, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_STEPS))]
    pub steps: Vec<StepStatus>,
}

/// One thing done within an attempt.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct StepStatus {
    /// Verb and object, e.g. delete shop/web-1.
    #[schemars(length(max = SENTENCE))]
    pub name: String,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub started_at: Option<MicroTime>,
    /// When its outcome was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub finished_at: Option<MicroTime>,
    /// InProgress, Succeeded or Failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = WORD))]
    pub result: String,
    /// The API server's words, or the controller's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SENTENCE))]
    pub message: String,
}

/// What a guard said last.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct GuardStatus {
    /// Which guard.
    #[schemars(length(max = WORD))]
    pub name: String,
    /// Pass or Hold.
    #[schemars(length(max = WORD))]
    pub result: String,
    /// Why it holds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SENTENCE))]
    pub reason: String,
    /// Since when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub since: Option<MicroTime>,
}

/// One signal as it was seen.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct EvidenceItem {
    /// What was looked at, e.g. exit code.
    #[schemars(length(max = WORD))]
    pub name: String,
    /// What it showed.
    pub value: String,
}

/// Whether the workload is back.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct VerificationStatus {
    /// Yes, or not yet.
    pub passed: bool,
    /// What was looked at and what it showed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SENTENCE))]
    pub message: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub at: Option<MicroTime>,
}

/// One message to one channel.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct NotificationStatus {
    /// Where to.
    #[schemars(length(max = WORD))]
    pub channel: String,
    /// What it tells, the same over retries.
    #[schemars(length(max = NAME))]
    pub key: String,
    /// Pending, Sent or Failed.
    #[schemars(length(max = WORD))]
    pub state: String,
    /// How often it was tried.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub tries: i64,
    /// The last error, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SENTENCE))]
    pub last_error: String,
}
