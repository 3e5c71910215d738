//! Conditions, as nodes and controllers of pods carry them in their status.

use super::text::Str;
use super::{Shared, short, stamp};
use jiff::Timestamp;
use self_healing_core::fact::{Condition, ConditionStatus};
use serde::Deserialize;

/// One entry of `status.conditions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct SlimCondition<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    status: Option<Str<'a>>,
    reason: Option<Str<'a>>,
    last_transition_time: Option<Timestamp>,
    // What nodes have; controllers of pods have lastUpdateTime, which only they rewrite.
    #[serde(alias = "lastUpdateTime")]
    last_heartbeat_time: Option<Timestamp>,
}

/// All conditions; of two of one type the last.
pub(super) fn conditions(listed: Option<&[SlimCondition<'_>]>, shared: &mut Shared) -> Vec<Condition> {
    let listed = listed.unwrap_or_default();
    let mut kept: Vec<Condition> = Vec::with_capacity(listed.len());
    for condition in listed {
        let new = Condition {
            kind: shared.text(short(condition.kind.as_deref())),
            status: condition_status(condition.status.as_deref()),
            reason: shared.text(short(condition.reason.as_deref())),
            changed: stamp(condition.last_transition_time),
            heartbeat: stamp(condition.last_heartbeat_time),
        };
        match kept.iter_mut().find(|c| c.kind == new.kind) {
            Some(earlier) => *earlier = new,
            None => kept.push(new),
        }
    }
    kept
}

fn condition_status(word: Option<&str>) -> ConditionStatus {
    match word {
        Some("True") => ConditionStatus::True,
        Some("False") => ConditionStatus::False,
        _ => ConditionStatus::Unknown,
    }
}
