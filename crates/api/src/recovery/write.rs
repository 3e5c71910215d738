//! From the core's record to the custom resource.

use super::bounds::{
    MAX_ATTEMPTS, MAX_GUARDS, MAX_IMPACT, MAX_NOTIFICATIONS, MAX_REASONS, NAME, SENTENCE, WORD, cut, evidence, listed,
    newest,
};
use super::words::{HOLD, PASS, delivery_word, result_word};
use super::{
    AttemptStatus, EvidenceItem, GuardStatus, NotificationStatus, ObjectRef, Recovery, RecoverySpec, RecoveryStatus,
    StepStatus, VerificationStatus,
};
use crate::marks;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, MicroTime, Time};
use kube::core::ObjectMeta;
use self_healing_core::key::Target;
use self_healing_core::recovery::{self as record, Spec, Status, Step};
use self_healing_core::time::Stamp;
use std::collections::BTreeMap;

/// The condition that sums the phase up.
const COMPLETE: &str = "Complete";

/// The resource of `recovery` in `namespace`, with the labels of a new one.
///
/// Its uid and version are set when the record has them, for reading; a create request must come from a record that
/// was never stored. The API server takes no status on create, so that needs a second request.
#[must_use]
pub fn to_resource(recovery: &record::Recovery, namespace: &str) -> Recovery {
    let stored = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Recovery {
        metadata: ObjectMeta {
            name: Some(recovery.name.to_string()),
            namespace: Some(namespace.to_owned()),
            uid: stored(&recovery.uid),
            resource_version: stored(&recovery.resource_version),
            creation_timestamp: stored(&recovery.uid).map(|_| Time(timestamp(recovery.created))),
            labels: Some(labels(&recovery.spec)),
            annotations: orders(&recovery.orders),
            ..ObjectMeta::default()
        },
        spec: spec_of(&recovery.spec),
        status: Some(status_of(&recovery.status, 1)),
    }
}

fn labels(spec: &Spec) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from([
        (marks::MANAGED_BY.to_owned(), marks::MANAGER.to_owned()),
        (marks::TYPE.to_owned(), spec.failure.to_string()),
    ]);
    labels.extend(spec.cause.map(|cause| (marks::CAUSE.to_owned(), cause.to_string())));
    labels
}

fn orders(orders: &record::Orders) -> Option<BTreeMap<String, String>> {
    let written = [(marks::APPROVE, &orders.approved_by), (marks::CANCEL, &orders.cancelled_by)];
    let written: BTreeMap<_, _> =
        written.into_iter().filter_map(|(key, who)| Some((key.to_owned(), who.clone()?))).collect();
    (!written.is_empty()).then_some(written)
}

fn spec_of(spec: &Spec) -> RecoverySpec {
    RecoverySpec {
        failure_type: spec.failure.to_string(),
        action: spec.action.map(|word| word.to_string()).unwrap_or_default(),
        cause: spec.cause.map(|word| word.to_string()).unwrap_or_default(),
        severity: spec.severity.to_string(),
        strategy: spec.strategy.map(|word| word.to_string()).unwrap_or_default(),
        mode: spec.mode.to_string(),
        target: object_ref(&spec.target),
        workload: object_ref(&spec.workload),
        policy: cut(&spec.policy, NAME),
        description: cut(&spec.description, SENTENCE),
        first_seen: Some(micro(spec.first_seen)),
        detected_at: Some(micro(spec.detected_at)),
        similar_failures: i64::from(spec.similar_failures),
        reasons: listed(&spec.reasons, MAX_REASONS),
    }
}

/// The status as stored, for a resource of `generation` (always 1, because the spec never changes).
///
/// What is longer than the schema allows is cut: texts end in `…`, the newest attempts and messages stay, evidence
/// first loses the ends of long values, then its oldest items, and says how many.
#[must_use]
pub fn status_of(status: &Status, generation: i64) -> RecoveryStatus {
    RecoveryStatus {
        phase: status.phase.map(|phase| phase.to_string()).unwrap_or_default(),
        reason: cut(&status.reason, NAME),
        message: cut(&status.message, SENTENCE),
        attempts: newest(&status.attempts, MAX_ATTEMPTS).iter().map(attempt).collect(),
        guards: newest(&status.guards, MAX_GUARDS).iter().map(guard).collect(),
        evidence: evidence(&status.evidence).into_iter().map(|(name, value)| EvidenceItem { name, value }).collect(),
        impact: listed(&status.impact, MAX_IMPACT),
        verification: status.verification.as_ref().map(|found| VerificationStatus {
            passed: found.passed,
            message: cut(&found.message, SENTENCE),
            at: Some(micro(found.at)),
        }),
        recovery_seconds: status.recovery_seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
        notifications: newest(&status.notifications, MAX_NOTIFICATIONS).iter().map(notification).collect(),
        saved_manifest: status.saved_manifest.clone(),
        finished_at: status.finished_at.map(micro),
        conditions: complete(status, generation).into_iter().collect(),
        observed_generation: Some(generation),
    }
}

fn attempt(attempt: &record::Attempt) -> AttemptStatus {
    AttemptStatus {
        strategy: attempt.strategy.to_string(),
        target: object_ref(&attempt.target),
        started_at: Some(micro(attempt.started_at)),
        finished_at: attempt.finished_at.map(micro),
        result: result_word(attempt.result).to_owned(),
        steps: attempt.steps.iter().rev().take(record::MAX_STEPS).rev().map(step).collect(),
    }
}

fn step(step: &Step) -> StepStatus {
    StepStatus {
        name: cut(&step.name, SENTENCE),
        started_at: Some(micro(step.started_at)),
        finished_at: step.finished_at.map(micro),
        result: result_word(step.result).to_owned(),
        message: cut(&step.message, SENTENCE),
    }
}

fn guard(guard: &record::GuardState) -> GuardStatus {
    GuardStatus {
        name: guard.name.to_string(),
        result: if guard.pass { PASS } else { HOLD }.to_owned(),
        reason: cut(&guard.reason, SENTENCE),
        since: Some(micro(guard.since)),
    }
}

fn notification(message: &record::Notification) -> NotificationStatus {
    NotificationStatus {
        channel: message.channel.to_string(),
        key: cut(&message.key, NAME),
        state: delivery_word(message.state).to_owned(),
        tries: i64::from(message.tries),
        last_error: cut(&message.last_error, SENTENCE),
    }
}

fn object_ref(target: &Target) -> ObjectRef {
    ObjectRef {
        kind: cut(target.kind.as_str(), NAME),
        namespace: cut(&target.key.namespace, WORD),
        name: cut(&target.key.name, NAME),
        uid: target.uid.to_string(),
    }
}

/// Condition Complete; none while the record has no moment of its own to date it by.
fn complete(status: &Status, generation: i64) -> Option<Condition> {
    let phase = status.phase?;
    let begun = status.attempts.iter().map(|attempt| attempt.started_at);
    let held = status.guards.iter().map(|guard| guard.since);
    let changed = if phase.is_terminal() { status.finished_at } else { begun.chain(held).min() }?;
    Some(Condition {
        type_: COMPLETE.to_owned(),
        status: if phase.is_terminal() { "True" } else { "False" }.to_owned(),
        reason: phase.to_string(),
        message: cut(&status.message, SENTENCE),
        last_transition_time: Time(timestamp(changed)),
        observed_generation: Some(generation),
    })
}

fn micro(stamp: Stamp) -> MicroTime {
    MicroTime(timestamp(stamp))
}

/// The moment, held within the years that RFC 3339 can write: 1 to 9999.
pub(crate) fn timestamp(stamp: Stamp) -> Timestamp {
    const YEAR_1_MS: i64 = -62_135_596_800_000;
    Timestamp::from_millisecond(stamp.0.max(YEAR_1_MS)).unwrap_or(Timestamp::MAX)
}
