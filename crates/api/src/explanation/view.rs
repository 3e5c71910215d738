//! From the core's explanation to the one that users get.

use super::{
    AttemptBrief, Decision, Evidence, Explanation, Guard, Next, Object, Observer, Part, RecoveryBrief, Signal,
};
use crate::recovery::words::{HOLD, PASS, result_word};
use self_healing_core::explanation as core;
use self_healing_core::key::{Kind, Target};
use self_healing_core::names::{Cause, Phase, Strategy};
use self_healing_core::time::Stamp;
use std::time::Duration;

/// The version of these answers, the same as that of the custom resources.
pub(crate) const VERSION: &str = "self-healing.dev/v1alpha1";

/// Names that are offered for a misspelled one.
const OFFERED: usize = 3;

impl From<&core::Explanation> for Explanation {
    fn from(found: &core::Explanation) -> Self {
        let object = Object::named(&found.kind, &found.key.namespace, &found.key.name);
        let mut view = Self {
            api_version: VERSION.to_owned(),
            kind: "Explanation".to_owned(),
            object,
            at: time(found.at),
            observer: Observer::from(&found.observer),
            standing: found.standing.to_string(),
            summary: found.summary.clone(),
            next: found.next.iter().map(|next| Next { at: next.at.map(time), what: next.what.clone() }).collect(),
            ..Self::default()
        };
        if let Some(account) = &found.account {
            view.tell(account);
        }
        if let Some(unknown) = &found.unknown {
            view.unknown_because.clone_from(&unknown.reasons);
            view.ended = unknown.recoveries.iter().map(RecoveryBrief::from).collect();
            let wanted = if unknown.of_namespaces { &found.key.namespace } else { &found.key.name };
            view.did_you_mean = alike(wanted, unknown);
        }
        view
    }
}

impl From<&core::Observer> for Observer {
    fn from(observer: &core::Observer) -> Self {
        Self {
            name: String::new(),
            leader: observer.leads,
            mode: observer.mode.to_string(),
            paused: observer.paused,
            stale_watches: observer.stale.iter().map(ToString::to_string).collect(),
            notes: Vec::new(),
        }
    }
}

impl Explanation {
    fn tell(&mut self, account: &core::Account) {
        self.object = Object::from(&account.target);
        self.seen.clone_from(&account.seen);
        self.workload = Some(Object::from(&account.workload));
        self.signals = account.signals.iter().map(Signal::from).collect();
        let part = |part: &core::Part| Part { recovery: part.recovery.to_string(), reason: part.reason.clone() };
        self.part_of = account.part_of.as_ref().map(part);
        self.decision = account.decision.as_ref().map(Decision::from);
        self.guards = account.guards.iter().map(Guard::from).collect();
        self.recovery = account.recovery.as_ref().map(RecoveryBrief::from);
        self.ended = account.ended.iter().map(RecoveryBrief::from).collect();
        self.below.clone_from(&account.below);
    }
}

/// The names most like `wanted`, if any is near enough to be meant.
fn alike(wanted: &str, unknown: &core::Unknown) -> Vec<String> {
    let near = |name: &str| {
        let distance = strsim::damerau_levenshtein(wanted, name);
        let begins = !wanted.is_empty() && name.starts_with(wanted);
        (begins || distance <= name.len() / 3).then(|| (usize::from(!begins) * distance, name.to_owned()))
    };
    let mut found: Vec<(usize, String)> = unknown.candidates.iter().filter_map(|key| near(&key.name)).collect();
    found.sort();
    found.truncate(OFFERED);
    found.into_iter().map(|(_, name)| name).collect()
}

impl Object {
    fn named(kind: &Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.as_str().to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: String::new(),
        }
    }
}

impl From<&Target> for Object {
    fn from(target: &Target) -> Self {
        Self { uid: target.uid.to_string(), ..Self::named(&target.kind, &target.key.namespace, &target.key.name) }
    }
}

impl From<&core::SignalView> for Signal {
    fn from(signal: &core::SignalView) -> Self {
        Self {
            cause: signal.cause.to_string(),
            bad: signal.bad,
            description: signal.description.clone(),
            score_seconds: seconds(signal.score),
            threshold_seconds: seconds(signal.threshold),
            fired: signal.fired,
            first_seen: signal.first_seen.map(time),
            fires_at: signal.fires_at.map(time),
        }
    }
}

impl From<&core::Decision> for Decision {
    fn from(decision: &core::Decision) -> Self {
        Self {
            supposed: decision.supposed,
            cause: word(decision.cause.map(Cause::as_str)),
            severity: decision.severity.to_string(),
            strategy: decision.strategy.map_or_else(String::new, |strategy| Strategy::as_str(strategy).to_owned()),
            similar_failures: decision.similar,
            policy: decision.policy.clone(),
            reasons: decision.reasons.clone(),
        }
    }
}

impl From<&core::GuardView> for Guard {
    fn from(guard: &core::GuardView) -> Self {
        let result = match guard.answer {
            core::Answer::Pass => PASS,
            core::Answer::Hold => HOLD,
            core::Answer::Later => "Later",
        };
        Self {
            name: guard.name.to_string(),
            result: result.to_owned(),
            reason: guard.reason.clone(),
            since: guard.since.map(time),
            until: guard.until.map(time),
        }
    }
}

impl From<&core::RecoveryView> for RecoveryBrief {
    fn from(view: &core::RecoveryView) -> Self {
        Self {
            name: view.name.to_string(),
            target: Object::from(&view.target),
            cause: word(view.cause.map(Cause::as_str)),
            phase: word(view.phase.map(Phase::as_str)),
            message: view.message.clone(),
            detected_at: time(view.detected_at),
            finished_at: view.finished_at.map(time),
            attempts: view.attempts.iter().map(AttemptBrief::from).collect(),
            impact: view.impact.clone(),
            evidence: view.evidence.iter().cloned().map(|(name, value)| Evidence { name, value }).collect(),
        }
    }
}

impl From<&core::AttemptView> for AttemptBrief {
    fn from(attempt: &core::AttemptView) -> Self {
        Self {
            strategy: attempt.strategy.to_string(),
            result: result_word(attempt.result).to_owned(),
            started_at: time(attempt.started_at),
            finished_at: attempt.finished_at.map(time),
            last_step: attempt.last_step.clone(),
        }
    }
}

/// A word of a stored record; one that this version does not know is shown as such.
fn word(known: Option<&str>) -> String {
    known.unwrap_or("unknown to this version").to_owned()
}

fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}

/// A moment to the second, as people read it.
#[must_use]
pub fn time(stamp: Stamp) -> String {
    let time = jiff::Timestamp::from_millisecond(stamp.0).unwrap_or_default();
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
