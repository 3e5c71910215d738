//! Recoveries in short, and those that are over.

use crate::explanation::{AttemptView, RecoveryView};
use crate::healer::{Case, Healer};
use crate::key::{Key, Kind, Target};
use crate::recovery::{Attempt, Recovery, StepResult};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// So many of those that are over are shown.
const SHOWN: usize = 5;

impl Healer {
    /// Recoveries that are over, of this object and of its workload, the newest first.
    pub(super) fn ended(&self, target: &Target, workload: &Target) -> Vec<RecoveryView> {
        let of = |recovery: &Recovery| {
            let same = recovery.spec.workload.kind == workload.kind && recovery.spec.workload.key == workload.key;
            same || recovery.spec.target.uid == target.uid
        };
        self.newest(SHOWN, |case| !case.recovery.is_active() && of(&case.recovery))
    }

    /// Recoveries whose target had this name.
    pub(super) fn named(&self, kind: &Kind, key: &Key) -> Vec<RecoveryView> {
        let same = |target: &Target| target.kind == *kind && target.key == *key;
        self.newest(SHOWN, |case| same(&case.recovery.spec.target) || same(case.recovery.subject()))
    }

    /// At most `most` of these, the newest first.
    pub(in crate::healer) fn newest(&self, most: usize, which: impl Fn(&Case) -> bool) -> Vec<RecoveryView> {
        let mut found: Vec<&Recovery> =
            self.cases.values().filter(|case| which(case)).map(|case| &case.recovery).collect();
        found.sort_by_key(|recovery| {
            core::cmp::Reverse(recovery.status.finished_at.unwrap_or(recovery.spec.detected_at))
        });
        found.truncate(most);
        found.into_iter().map(view).collect()
    }
}

/// A Recovery in short. What was saved of a pod is left out.
pub(in crate::healer) fn view(recovery: &Recovery) -> RecoveryView {
    let (spec, status) = (&recovery.spec, &recovery.status);
    RecoveryView {
        name: recovery.name.clone(),
        target: spec.target.clone(),
        cause: spec.cause,
        phase: status.phase,
        message: status.message.clone(),
        detected_at: spec.detected_at,
        finished_at: status.finished_at,
        attempts: status.attempts.iter().map(attempt).collect(),
        impact: status.impact.clone(),
        evidence: status.evidence.clone(),
    }
}

fn attempt(attempt: &Attempt) -> AttemptView {
    let last_step = attempt.steps.last().map_or_else(String::new, |step| {
        let went = match step.result {
            StepResult::InProgress => "under way",
            StepResult::Succeeded => "done",
            StepResult::Failed => "failed",
        };
        let words = if step.message.is_empty() { String::new() } else { format!(": {}", step.message) };
        format!("{} {went}{words}", step.name)
    });
    AttemptView {
        strategy: attempt.strategy,
        result: attempt.result,
        started_at: attempt.started_at,
        finished_at: attempt.finished_at,
        last_step,
    }
}
