//! Recoveries as the page gets them: all in one line each, JSON of `GET /api/v1/history`, or one with all that belongs to it.

use crate::explanation::{Explanation, Object, VERSION, time};
use crate::recovery::{Recovery as Resource, to_resource};
use self_healing_core::explanation as core;
use self_healing_core::names::{Cause, Phase, Strategy};
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use serde::{Deserialize, Serialize};

/// So many are listed, the newest.
pub const MOST: usize = 2000;

/// The Recoveries that are kept, over or not, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// `self-healing.dev/v1alpha1`.
    pub api_version: String,
    /// `History`.
    pub kind: String,
    /// When it held, RFC 3339.
    pub at: String,
    /// How many there are, listed or not.
    pub total: usize,
    /// The newest of them.
    pub recoveries: Vec<Past>,
}

/// One Recovery with all that belongs to it, as the page tells it: JSON of `GET /api/v1/recoveries/{name}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// The record, without what was saved of a pod.
    pub recovery: Resource,
    /// What is thought of its target now.
    pub explanation: Explanation,
    /// The newest other ones of the same workload and type of failure, at most [`SIMILAR`].
    pub similar: Vec<Past>,
}

/// So many similar ones are named.
pub const SIMILAR: usize = 10;

impl Told {
    /// The record `of`, as it is kept in `namespace` among `records`. What was saved of a pod is left out: it may hold secrets.
    #[must_use]
    pub fn new<'a>(
        of: &'a Recovery,
        namespace: &str,
        explanation: &core::Explanation,
        records: impl Iterator<Item = &'a Recovery>,
    ) -> Self {
        let mut recovery = to_resource(of, namespace);
        if let Some(status) = &mut recovery.status {
            status.saved_manifest = None;
        }
        let similar = records
            .filter(|other| other.name != of.name && other.spec.failure == of.spec.failure && other.same_workload(of));
        let mut similar = History::of(explanation.at, similar).recoveries;
        similar.truncate(SIMILAR);
        Self { recovery, explanation: Explanation::from(explanation), similar }
    }
}

/// One Recovery in one line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Past {
    /// Its name.
    pub name: String,
    /// Its type of failure.
    #[serde(rename = "type")]
    pub failure: String,
    /// Why.
    pub cause: String,
    /// How bad.
    pub severity: String,
    /// The mode when it was opened.
    pub mode: String,
    /// What failed.
    pub target: Object,
    /// What it belongs to.
    pub workload: Object,
    /// What was tried last; of one that was only observed, what would have been.
    pub strategy: String,
    /// Where it stands.
    pub phase: String,
    /// When the failure was detected, RFC 3339.
    pub detected_at: String,
    /// When it was over, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// From detection to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

impl History {
    /// The newest of these.
    #[must_use]
    pub fn of<'a>(at: Stamp, records: impl Iterator<Item = &'a Recovery>) -> Self {
        let mut all: Vec<&Recovery> = records.collect();
        let total = all.len();
        all.sort_by_key(|recovery| std::cmp::Reverse(recovery.spec.detected_at));
        all.truncate(MOST);
        Self {
            api_version: VERSION.to_owned(),
            kind: "History".to_owned(),
            at: time(at),
            total,
            recoveries: all.into_iter().map(Past::from).collect(),
        }
    }
}

impl From<&Recovery> for Past {
    fn from(recovery: &Recovery) -> Self {
        let (spec, status) = (&recovery.spec, &recovery.status);
        let strategy = recovery.attempt().map(|attempt| attempt.strategy).or(spec.strategy);
        Self {
            name: recovery.name.to_string(),
            failure: spec.failure.to_string(),
            cause: spec.cause.map_or("", Cause::as_str).to_owned(),
            severity: spec.severity.to_string(),
            mode: spec.mode.to_string(),
            target: Object::from(&spec.target),
            workload: Object::from(&spec.workload),
            strategy: strategy.map_or("", Strategy::as_str).to_owned(),
            phase: status.phase.map_or("", Phase::as_str).to_owned(),
            detected_at: time(spec.detected_at),
            finished_at: status.finished_at.map(time),
            seconds: status.recovery_seconds,
        }
    }
}
