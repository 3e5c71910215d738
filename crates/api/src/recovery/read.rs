//! From the custom resource to the core's record.

use super::bounds::{WORD, cut};
use super::words::{PASS, delivery_of, result_of};
use super::{AttemptStatus, NotificationStatus, ObjectRef, Recovery, RecoverySpec, RecoveryStatus, StepStatus};
use crate::marks;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::ResourceExt;
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{Action, Cause, Channel, FailureType, GuardName, Mode, Phase, Severity, Strategy};
use self_healing_core::recovery::{self as record, Orders, Spec, Status};
use self_healing_core::time::Stamp;

/// A stored Recovery that this version cannot read; it is skipped, and left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// A word that the schema restricts is none of the known ones.
    #[error("Recovery {record}: {field} {found:?}: expected one of {expected}; the record is left alone")]
    UnknownWord {
        /// The record's name.
        record: String,
        /// Path of the field.
        field: &'static str,
        /// What it holds.
        found: String,
        /// The known words, comma-separated.
        expected: String,
    },
    /// A part without which nothing can be said about it is missing.
    #[error("Recovery {record}: {field} is empty: expected a value; the record is left alone")]
    Missing {
        /// The record's name.
        record: String,
        /// Path of the field.
        field: &'static str,
    },
}

/// The core's record of `resource`.
///
/// Unknown actions, causes, strategies and phases become `None`, as the core's types say. An attempt with an unknown
/// strategy cannot be carried on by this version, so the whole record then reads as one of unknown strategy. Unknown
/// guards and channels are left out. A missing status, or one without a phase, is that of a Recovery just opened.
///
/// # Errors
/// [`BadRecord`] when type, severity or mode is no known word, or the name or the target's kind or name is missing.
pub fn from_resource(resource: &Recovery) -> Result<record::Recovery, BadRecord> {
    let name = resource.name_any();
    if name.is_empty() {
        return Err(BadRecord::Missing { record: "(no name)".to_owned(), field: "metadata.name" });
    }
    let status = resource.status.clone().unwrap_or_default();
    let mut spec = spec_of(&name, &resource.spec)?;
    let attempts: Vec<_> = status.attempts.iter().filter_map(attempt).collect();
    if attempts.len() < status.attempts.len() {
        spec.strategy = None;
    }
    let created = resource.metadata.creation_timestamp.as_ref();
    Ok(record::Recovery {
        name: Text::from(name),
        uid: Text::from(resource.metadata.uid.as_deref().unwrap_or_default()),
        resource_version: Text::from(resource.metadata.resource_version.as_deref().unwrap_or_default()),
        created: created.map_or(Stamp::default(), |time| Stamp(time.0.as_millisecond())),
        spec,
        status: status_of(status, attempts),
        orders: orders_of(resource),
    })
}

/// What people wrote on `resource`; a blank name is nobody's order.
#[must_use]
pub fn orders_of(resource: &Recovery) -> Orders {
    let who = |key: &str| {
        let text = resource.annotations().get(key)?.trim();
        (!text.is_empty()).then(|| cut(text, WORD))
    };
    Orders { approved_by: who(marks::APPROVE), cancelled_by: who(marks::CANCEL) }
}

fn spec_of(record: &str, spec: &RecoverySpec) -> Result<Spec, BadRecord> {
    Ok(Spec {
        failure: word(record, "spec.type", &spec.failure_type, FailureType::parse, FailureType::ALL)?,
        action: Action::parse(&spec.action),
        cause: Cause::parse(&spec.cause),
        severity: word(record, "spec.severity", &spec.severity, Severity::parse, Severity::ALL)?,
        strategy: Strategy::parse(&spec.strategy),
        mode: word(record, "spec.mode", &spec.mode, Mode::parse, Mode::ALL)?,
        target: target(record, "spec.target", &spec.target)?,
        workload: if spec.workload.is_empty() {
            object(&spec.target)
        } else {
            target(record, "spec.workload", &spec.workload)?
        },
        policy: spec.policy.clone(),
        description: spec.description.clone(),
        first_seen: stamp(spec.first_seen.as_ref()),
        detected_at: stamp(spec.detected_at.as_ref()),
        similar_failures: u32::try_from(spec.similar_failures.max(0)).unwrap_or(u32::MAX),
        reasons: spec.reasons.clone(),
    })
}

fn word<W: ToString>(
    record: &str,
    field: &'static str,
    found: &str,
    parse: fn(&str) -> Option<W>,
    all: &[W],
) -> Result<W, BadRecord> {
    parse(found).ok_or_else(|| BadRecord::UnknownWord {
        record: record.to_owned(),
        field,
        found: cut(found, WORD),
        expected: all.iter().map(W::to_string).collect::<Vec<_>>().join(", "),
    })
}

fn target(record: &str, field: &'static str, stored: &ObjectRef) -> Result<Target, BadRecord> {
    if stored.kind.is_empty() || stored.name.is_empty() {
        return Err(BadRecord::Missing { record: record.to_owned(), field });
    }
    Ok(object(stored))
}

fn object(stored: &ObjectRef) -> Target {
    Target {
        kind: Kind::named(&stored.kind),
        key: Key::new(&stored.namespace, &stored.name),
        uid: Text::from(stored.uid.as_str()),
    }
}

fn status_of(status: RecoveryStatus, attempts: Vec<record::Attempt>) -> Status {
    Status {
        phase: if status.phase.is_empty() { Some(Phase::Pending) } else { Phase::parse(&status.phase) },
        message: status.message,
        reason: status.reason,
        attempts,
        guards: status.guards.into_iter().filter_map(guard).collect(),
        evidence: status.evidence.into_iter().map(|item| (item.name, item.value)).collect(),
        impact: status.impact,
        verification: status.verification.map(|found| record::Verification {
            passed: found.passed,
            at: stamp(found.at.as_ref()),
            message: found.message,
        }),
        recovery_seconds: status.recovery_seconds.and_then(|seconds| u64::try_from(seconds).ok()),
        notifications: status.notifications.into_iter().filter_map(notification).collect(),
        saved_manifest: status.saved_manifest,
        finished_at: status.finished_at.as_ref().map(moment),
    }
}

fn attempt(stored: &AttemptStatus) -> Option<record::Attempt> {
    Some(record::Attempt {
        strategy: Strategy::parse(&stored.strategy)?,
        target: object(&stored.target),
        started_at: stamp(stored.started_at.as_ref()),
        finished_at: stored.finished_at.as_ref().map(moment),
        result: result_of(&stored.result, stored.finished_at.is_some()),
        steps: stored.steps.iter().map(step).collect(),
    })
}

fn step(stored: &StepStatus) -> record::Step {
    record::Step {
        name: stored.name.clone(),
        started_at: stamp(stored.started_at.as_ref()),
        finished_at: stored.finished_at.as_ref().map(moment),
        result: result_of(&stored.result, stored.finished_at.is_some()),
        message: stored.message.clone(),
    }
}

fn guard(stored: super::GuardStatus) -> Option<record::GuardState> {
    Some(record::GuardState {
        name: GuardName::parse(&stored.name)?,
        // Whatever is not plainly a pass holds; the guard is asked again before anything is done.
        pass: stored.result == PASS,
        since: stamp(stored.since.as_ref()),
        reason: stored.reason,
    })
}

fn notification(stored: NotificationStatus) -> Option<record::Notification> {
    Some(record::Notification {
        channel: Channel::parse(&stored.channel)?,
        key: stored.key,
        state: delivery_of(&stored.state),
        tries: u32::try_from(stored.tries.max(0)).unwrap_or(u32::MAX),
        last_error: stored.last_error,
    })
}

/// A missing moment reads as the epoch, as every missing time of an object does.
fn stamp(time: Option<&MicroTime>) -> Stamp {
    time.map_or(Stamp::default(), moment)
}

fn moment(time: &MicroTime) -> Stamp {
    Stamp(time.0.as_millisecond())
}
