//! How the controller is doing as users get it: the JSON of `GET /api/v1/status` and of `status -o json`.

use crate::explanation::{Guard, Observer, RecoveryBrief};
use self_healing_core::explanation as core;
use self_healing_core::names::Strategy;
use serde::{Deserialize, Serialize};

/// How the controller as a whole is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// `self-healing.dev/v1alpha1`.
    pub api_version: String,
    /// `Overview`.
    pub kind: String,
    /// When it held, RFC 3339.
    pub at: String,
    /// Who answers.
    pub observer: Observer,
    /// Recoveries that are not over, held ones first.
    pub active: Vec<Active>,
    /// Recoveries that are over, the newest first.
    pub ended: Vec<RecoveryBrief>,
    /// How each watch is doing; empty when the running controller was not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watches: Vec<Watch>,
}

/// A Recovery that is not over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// How bad.
    pub severity: String,
    /// What is tried now or next; empty when nothing is left.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub strategy: String,
    /// The guard that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Guard>,
    /// The Recovery.
    pub recovery: RecoveryBrief,
}

/// How one watch is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watch {
    /// What is watched, as plural.
    pub resource: String,
    /// Objects known.
    pub objects: usize,
    /// Whether it is believed.
    pub current: bool,
    /// Seconds since its last sign of life; absent before its first list was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<f64>,
}

impl From<&core::Overview> for Overview {
    fn from(found: &core::Overview) -> Self {
        Self {
            api_version: crate::explanation::VERSION.to_owned(),
            kind: "Overview".to_owned(),
            at: crate::explanation::time(found.at),
            observer: Observer::from(&found.observer),
            active: found.active.iter().map(Active::from).collect(),
            ended: found.ended.iter().map(RecoveryBrief::from).collect(),
            watches: found.watches.iter().map(Watch::from).collect(),
        }
    }
}

impl From<&core::ActiveView> for Active {
    fn from(active: &core::ActiveView) -> Self {
        Self {
            severity: active.severity.to_string(),
            strategy: active.strategy.map_or("", Strategy::as_str).to_owned(),
            held: active.held.as_ref().map(Guard::from),
            recovery: RecoveryBrief::from(&active.recovery),
        }
    }
}

impl From<&core::WatchView> for Watch {
    fn from(watch: &core::WatchView) -> Self {
        Self {
            resource: watch.kind.to_string(),
            objects: watch.objects,
            current: watch.current,
            lag_seconds: watch.lag.map(|lag| lag.as_secs_f64()),
        }
    }
}
