//! An explanation as users get it: the JSON of `GET /api/v1/explain/…` and of `explain -o json`, and what the text is made of.

mod view;

pub(crate) use view::VERSION;
pub use view::time;

use serde::{Deserialize, Serialize};

/// What the controller thinks of one object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `self-healing.dev/v1alpha1`.
    pub api_version: String,
    /// `Explanation`.
    pub kind: String,
    /// What was asked about.
    pub object: Object,
    /// When it held, RFC 3339.
    pub at: String,
    /// Who answers.
    pub observer: Observer,
    /// The answer in one word.
    pub standing: String,
    /// The answer in one sentence.
    pub summary: String,
    /// What happens next, in the order of time.
    pub next: Vec<Next>,
    /// What is seen of the object, one fact each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// The top controller of a pod, else the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<Object>,
    /// What each rule says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
    /// The bigger trouble that its failure is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Part>,
    /// How severe it is, and what is done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What each guard says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    /// The Recovery under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryBrief>,
    /// Recoveries that are over, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<RecoveryBrief>,
    /// Objects below it that are in trouble.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<String>,
    /// For an object that is not known: why that may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_because: Vec<String>,
    /// For an object that is not known: names like the one that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
}

/// One object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid; empty when it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

/// The state of the process that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observer {
    /// Its name; empty for a command that computes by itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether it leads.
    pub leader: bool,
    /// The mode in force.
    pub mode: String,
    /// The kill switch.
    pub paused: bool,
    /// Watches that are not current.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_watches: Vec<String>,
    /// What limits the answer, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Something that is going to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// When, RFC 3339; absent when that depends on something else than time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What.
    pub what: String,
}

/// What one rule says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// What it would mean.
    pub cause: String,
    /// Whether it is bad now.
    pub bad: bool,
    /// The values seen; empty while it is good.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The unhealthy score, in seconds.
    pub score_seconds: f64,
    /// The score at which it fires, in seconds; 0 fires at once.
    pub threshold_seconds: f64,
    /// Whether it has fired.
    pub fired: bool,
    /// When it was first seen bad, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// When it fires if it stays bad, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fires_at: Option<String>,
}

/// The bigger trouble that a failure is part of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The Recovery that it belongs to; empty while a sick node has none yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recovery: String,
    /// In words.
    pub reason: String,
}

/// How severe it is, and what is done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The failure has not happened: this is what would follow.
    pub supposed: bool,
    /// The cause it is made for.
    pub cause: String,
    /// How bad.
    pub severity: String,
    /// What is tried next; empty when nothing is left.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub strategy: String,
    /// Earlier failures of the same type and workload within the history window.
    pub similar_failures: u32,
    /// The HealingPolicy that decided; empty for the configuration's defaults.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy: String,
    /// Why.
    pub reasons: Vec<String>,
}

/// What one guard says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Which guard.
    pub name: String,
    /// `Pass`, `Hold`, or `Later` when it is asked at another moment.
    pub result: String,
    /// Why; empty when it passes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Since when it holds, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it is asked again even if nothing changes, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One Recovery in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryBrief {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub target: Object,
    /// Why.
    pub cause: String,
    /// Where it stands.
    pub phase: String,
    /// Why it stands there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When the failure was detected, RFC 3339.
    pub detected_at: String,
    /// When it was over, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// What was tried, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptBrief>,
    /// Failures that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impact: Vec<String>,
    /// What was seen when it was opened; all of it is in the Recovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// One thing that was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is, e.g. `exitCode`, `state` or `event`.
    pub name: String,
    /// What it showed.
    pub value: String,
}

/// One attempt in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptBrief {
    /// What was tried.
    pub strategy: String,
    /// `InProgress`, `Succeeded` or `Failed`.
    pub result: String,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it was over, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// The last thing done, and how that went.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_step: String,
}

impl Explanation {
    /// Whether the object is known.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.workload.is_some()
    }
}
