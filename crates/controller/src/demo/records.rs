//! Recoveries as they are stored in the embedded cluster.

use self_healing_api::recovery::{self as resource, from_resource};
use self_healing_core::names::Phase;
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use self_healing_sim::hand::Hand;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// The resource, as the cluster calls it.
pub(super) const RECOVERIES: &str = "recoveries.self-healing.dev";

/// All Recoveries, in the order in which they were found.
pub(super) fn records(hand: &Hand) -> Vec<Recovery> {
    let mut all: Vec<Recovery> = hand.list(RECOVERIES, "").iter().filter_map(|object| record(object)).collect();
    all.sort_by_key(|recovery| (recovery.spec.detected_at, recovery.spec.target.clone()));
    all
}

/// One Recovery; `None` when this version cannot read it, which the controller's log tells.
pub(super) fn record(object: &Value) -> Option<Recovery> {
    from_resource(&resource::Recovery::deserialize(object).ok()?).ok()
}

/// Whether a Recovery that ended so was seen to be well again.
pub(super) const fn is_verified(phase: Phase) -> bool {
    matches!(phase, Phase::Succeeded | Phase::SelfRecovered)
}

/// From detection to the end.
pub(super) fn took(recovery: &Recovery) -> Option<Duration> {
    recovery.status.finished_at.map(|end: Stamp| end.since(recovery.spec.detected_at))
}

/// A time of the demo, as `+01:23`.
pub(super) fn clock(since_start: Duration) -> String {
    let seconds = since_start.as_secs();
    format!("+{:02}:{:02}", seconds / 60, seconds % 60)
}

/// A span, as `4 ms` or `4.2 s`. Nothing takes time in the demo but what its script gives some.
pub(super) fn seconds(span: Duration) -> String {
    match span.as_millis() {
        0 => "at once".to_owned(),
        millis @ 1..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", span.as_secs_f64()),
    }
}
