//! The Recovery custom resource, and its way to and from the core's record.
//!
//! Every field tolerates absence and every closed word that is only read back is a plain string, so that a record of
//! another version never breaks the watch: what cannot be understood is found out by [`from_resource`], record by record.

#![allow(unreachable_pub, reason = "KubeSchema repeats a struct, pub and all, inside a function")]
#![allow(clippy::duplicated_attributes, reason = "printer columns share words")]

mod bounds;
mod read;
mod status;
pub(crate) mod words;
mod write;

pub use bounds::{MAX_ATTEMPTS, MAX_EVIDENCE_BYTES, MAX_IMPACT, MAX_NOTIFICATIONS, NAME, SENTENCE, UID, WORD};
pub use read::{BadRecord, from_resource, orders_of};
pub use status::{
    AttemptStatus, EvidenceItem, GuardStatus, NotificationStatus, RecoveryStatus, StepStatus, VerificationStatus,
};
pub(crate) use write::timestamp;
pub use write::{status_of, to_resource};

use bounds::MAX_REASONS;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::{CustomResource, CustomResourceExt, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is fixed when a Recovery is created.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "self-healing.dev",
    version = "v1alpha1",
    kind = "Recovery",
    plural = "recoveries",
    singular = "recovery",
    shortname = "rec",
    category = "healing",
    namespaced,
    status = "RecoveryStatus",
    derive = "PartialEq",
    label("app.kubernetes.io/part-of", "self-healing"),
    doc = "Recovery is the record of one failure and of what was done about it. The controller creates it before its \
           first write to the failed object, and keeps in it what it saw, decided, did and verified. It is the history, \
           the lock and the log of that failure at once. To approve a Recovery that waits for a person, annotate it \
           with self-healing.dev/approve=<who>; to stop one, with self-healing.dev/cancel=<who>.",
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "Target", type_ = "string", json_path = ".spec.target.name"),
    printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.target.namespace"),
    printcolumn(name = "Cause", type_ = "string", json_path = ".spec.cause"),
    printcolumn(name = "Severity", type_ = "string", json_path = ".spec.severity"),
    printcolumn(name = "Strategy", type_ = "string", json_path = ".spec.strategy"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(
        name = "Duration",
        type_ = "integer",
        json_path = ".status.recoverySeconds",
        description = "Seconds from detection to the end"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Workload", type_ = "string", json_path = ".spec.workload.name", priority = 1),
    printcolumn(name = "Policy", type_ = "string", json_path = ".spec.policy", priority = 1),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.reason", priority = 1)
)]
#[x_kube(validation = Rule::new("self == oldSelf").message("the spec of a Recovery is immutable: delete the Recovery to have the failure judged anew"))]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct RecoverySpec {
    /// Type of the failure.
    #[serde(rename = "type")]
    #[schemars(schema_with = "crate::schema::failure_types")]
    pub failure_type: String,
    /// What kind of recovery it is, e.g. pod_recovery.
    #[schemars(length(min = 1, max = WORD))]
    pub action: String,
    /// Why the target counts as failed, e.g. CrashLoop.
    #[schemars(length(min = 1, max = WORD))]
    pub cause: String,
    /// How bad it is.
    #[schemars(schema_with = "crate::schema::severities")]
    pub severity: String,
    /// The first attempt's strategy, e.g. restart.
    #[schemars(length(min = 1, max = WORD))]
    pub strategy: String,
    /// The mode when the Recovery was created.
    #[schemars(schema_with = "crate::schema::modes")]
    pub mode: String,
    /// What failed.
    pub target: ObjectRef,
    /// The controller at the top of the target's owners, or the target itself; absent means the target.
    #[serde(default, skip_serializing_if = "ObjectRef::is_empty")]
    pub workload: ObjectRef,
    /// The HealingPolicy that matched; absent when the configuration's defaults apply.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = NAME))]
    pub policy: String,
    /// The failure in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SENTENCE))]
    pub description: String,
    /// When the signal was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub first_seen: Option<MicroTime>,
    /// When the signal fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MicroTime")]
    pub detected_at: Option<MicroTime>,
    /// Earlier failures of the same type and workload within the history window.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub similar_failures: i64,
    /// Why this severity, and why this strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_REASONS), inner(length(max = SENTENCE)))]
    pub reasons: Vec<String>,
}

/// One object and no other: the uid tells it from a later one of the same name.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct ObjectRef {
    /// Its kind; with the API group, as Kind.group, when that is not built in.
    #[schemars(length(min = 1, max = NAME))]
    pub kind: String,
    /// Its namespace; absent for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = WORD))]
    pub namespace: String,
    /// Its name.
    #[schemars(length(min = 1, max = NAME))]
    pub name: String,
    /// Its uid; absent where only the name is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = UID))]
    pub uid: String,
}

impl ObjectRef {
    /// Whether it names nothing.
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// serde's `skip_serializing_if` hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The CustomResourceDefinition of Recovery, as the manifests install it.
#[must_use]
pub fn recovery_crd() -> CustomResourceDefinition {
    Recovery::crd()
}
