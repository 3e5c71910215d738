//! Answers to "why": the same rules, triage, table and guards as a turn, asked without doing or noting anything.

mod below;
mod guards;
mod next;
mod past;
mod seen;
mod unknown;
mod verdict;

use super::open::Opening;
use super::sickbed::Seen;
use super::{Case, Healer};
use crate::cluster::Subject;
use crate::explanation::{Account, Decision, Explanation, GuardView, Observer, Question, RecoveryView};
use crate::finding::Finding;
use crate::key::{Key, Kind, Target};
use crate::names::{Cause, FailureType, WatchKind};
use crate::recovery::{Recovery, name_of};
use crate::settings::Settings;
use crate::strategy::strategy_now;
use crate::time::Now;
use alloc::boxed::Box;
use alloc::vec::Vec;
use verdict::Verdict;

pub(super) use past::view as brief;

/// Everything that is worked out about a known object before it is put into words.
struct Study<'a> {
    now: Now,
    target: Target,
    workload: Target,
    seen: Vec<Seen>,
    /// What its failure leads to, if it fails.
    opening: Option<Opening>,
    /// Its Recovery, or the one that would be opened.
    case: Option<Standin<'a>>,
    guards: Vec<GuardView>,
    ended: Vec<RecoveryView>,
}

/// A Recovery in hand, or one that is only supposed.
enum Standin<'a> {
    Real(&'a Case),
    /// Its failure stands, or a signal is bad for too short a time.
    Coming(Box<Case>),
    /// Nothing is wrong.
    Supposed(Box<Case>),
}

impl Standin<'_> {
    fn case(&self) -> &Case {
        match self {
            Self::Real(case) => case,
            Self::Coming(case) | Self::Supposed(case) => case,
        }
    }

    const fn is_real(&self) -> bool {
        matches!(self, Self::Real(_))
    }
}

impl Healer {
    /// What it thinks of an object at `now`, which is not before the last turn. Changes nothing.
    #[must_use]
    pub fn explain(&self, now: Now, question: &Question) -> Explanation {
        let (kind, key) = match question {
            Question::Object(kind, key) => (kind.clone(), key.clone()),
            Question::Recovery(name) => match self.cases.get(name) {
                Some(case) => (case.recovery.spec.target.kind.clone(), case.recovery.spec.target.key.clone()),
                None => return self.unknown_recovery(now, name),
            },
        };
        match self.study(now, &kind, &key) {
            Some(study) => self.report(study),
            None => self.unknown(now, kind, key),
        }
    }

    /// Those that apply to this case.
    pub(super) fn settings_of(&self, case: &Case) -> &Settings {
        self.policies.settings(case.policy.as_ref(), &self.settings)
    }

    /// Who answers.
    pub(super) fn observer(&self, now: Now) -> Observer {
        let stale = |kind: &&WatchKind| !self.cluster.freshness.current(now.tick, **kind);
        Observer {
            leads: self.leading.is_some() && self.adopted,
            mode: self.settings.mode,
            paused: self.settings.paused,
            stale: WatchKind::ALL.iter().filter(stale).copied().collect(),
        }
    }

    fn study(&self, now: Now, kind: &Kind, key: &Key) -> Option<Study<'_>> {
        let (target, workload, seen) = match kind {
            Kind::Node => {
                let node = self.cluster.node(&key.name)?;
                (
                    node.target(),
                    node.target(),
                    self.sighted(now, &Subject::Node(node.name.clone()), |sight| self.sickbed.view_node(node, sight)),
                )
            }
            Kind::Pod => {
                let pod = self.cluster.pod(key)?;
                (
                    pod.target(),
                    self.cluster.workload_of(&pod),
                    self.sighted(now, &Subject::Pod(pod.key.clone()), |sight| self.sickbed.view_pod(&pod, sight)),
                )
            }
            Kind::Service => {
                let service = self.cluster.service(key)?;
                (
                    service.target(),
                    service.target(),
                    self.sighted(now, &Subject::Service(service.key.clone()), |sight| {
                        self.sickbed.view_service(service, sight)
                    }),
                )
            }
            other => {
                let fact = self.cluster.workload(other, key)?;
                (
                    fact.target(),
                    fact.target(),
                    self.sighted(now, &Subject::of(&fact.target()), |sight| self.sickbed.view_workload(fact, sight)),
                )
            }
        };
        let leading_since = self.leading.unwrap_or_default();
        let finding = telling(&seen);
        let opening = finding.map(|finding| self.opening(now, leading_since, finding));
        let case = self.standin(now, &target, &workload, finding, opening.as_ref());
        let guards = case.as_ref().map(|case| self.guards(now, leading_since, case)).unwrap_or_default();
        let ended = self.ended(&target, &workload);
        Some(Study { now, target, workload, seen, opening, case, guards, ended })
    }

    /// The Recovery about this object, else the one that its failure would open.
    fn standin(
        &self,
        now: Now,
        target: &Target,
        workload: &Target,
        finding: Option<&Finding>,
        opening: Option<&Opening>,
    ) -> Option<Standin<'_>> {
        let judged = subject(target).is_some();
        let about = |case: &&Case| {
            let recovery = &case.recovery;
            let of_workload =
                !judged && recovery.spec.workload.kind == target.kind && recovery.spec.workload.key == target.key;
            of_workload || recovery.spec.target.uid == target.uid || recovery.subject().uid == target.uid
        };
        if let Some(case) = self.active_cases().find(about) {
            return Some(Standin::Real(case));
        }
        match (finding, opening) {
            (Some(_), Some(Opening::New(recovery))) => {
                Some(Standin::Coming(Box::new(Case::new(now, (**recovery).clone()))))
            }
            // Somebody else's trouble: there is nothing of its own to guard.
            (Some(_), _) => None,
            (None, _) => {
                let supposed = supposed(now, target, workload)?;
                let recovery = self.recovery(now, name_of(&supposed), &supposed);
                Some(Standin::Supposed(Box::new(Case::new(now, recovery))))
            }
        }
    }

    fn report(&self, study: Study<'_>) -> Explanation {
        let Verdict { standing, summary, next, part_of } = self.verdict(&study);
        let decision = study.case.as_ref().map(|case| decision(self.settings_of(case.case()), case));
        let recovery = study.case.as_ref().filter(|case| case.is_real());
        let account = Account {
            seen: self.seen_of(&study.target, study.now),
            below: self.below(&study.target, study.now),
            workload: study.workload,
            part_of,
            decision,
            guards: study.guards,
            recovery: recovery.map(|case| brief(&case.case().recovery)),
            ended: study.ended,
            signals: study.seen.into_iter().map(|seen| seen.view).collect(),
            target: study.target,
        };
        Explanation {
            at: study.now.stamp,
            kind: account.target.kind.clone(),
            key: account.target.key.clone(),
            observer: self.observer(study.now),
            standing,
            summary,
            next,
            account: Some(Box::new(account)),
            unknown: None,
        }
    }
}

/// The finding that counts: the first rule's that fired, else that of the bad signal that fires first.
fn telling(seen: &[Seen]) -> Option<&Finding> {
    let fired = seen.iter().find(|seen| seen.view.fired);
    let soonest = || seen.iter().filter(|seen| seen.view.bad).min_by_key(|seen| seen.view.fires_at);
    fired.or_else(soonest)?.finding.as_ref()
}

/// A failure that has not happened, to ask what would follow; `None` for kinds that nothing is done about.
fn supposed(now: Now, target: &Target, workload: &Target) -> Option<Finding> {
    let failure = match target.kind {
        Kind::Node => FailureType::Node,
        Kind::Pod => FailureType::Pod,
        Kind::Service => FailureType::Service,
        Kind::Deployment | Kind::StatefulSet => FailureType::Deployment,
        Kind::ReplicaSet | Kind::DaemonSet | Kind::Job | Kind::Other(_) => return None,
    };
    let cause = match failure {
        FailureType::Node | FailureType::Pod => Cause::NotReady,
        FailureType::Service => Cause::NoEndpoints,
        FailureType::Deployment | FailureType::Resource => Cause::RolloutStuck,
    };
    Some(Finding {
        failure,
        cause,
        target: target.clone(),
        workload: workload.clone(),
        node: None,
        onset: now.stamp,
        first_seen: now,
        description: alloc::string::String::new(),
        evidence: Vec::new(),
    })
}

fn decision(settings: &Settings, case: &Standin<'_>) -> Decision {
    let recovery: &Recovery = &case.case().recovery;
    let spec = &recovery.spec;
    Decision {
        supposed: matches!(case, Standin::Supposed(_)),
        cause: spec.cause,
        severity: spec.severity,
        strategy: strategy_now(settings, recovery),
        similar: spec.similar_failures,
        policy: case.case().policy.as_deref().unwrap_or_default().into(),
        reasons: spec.reasons.clone(),
    }
}

/// The strategy of the attempt that is not over.
pub(super) fn under_way(recovery: &Recovery) -> Option<crate::names::Strategy> {
    recovery.attempt().filter(|attempt| attempt.finished_at.is_none()).map(|attempt| attempt.strategy)
}

/// The subject that rules know this object by, if any.
fn subject(target: &Target) -> Option<Subject> {
    match target.kind {
        Kind::Node | Kind::Pod | Kind::Service | Kind::Deployment | Kind::StatefulSet => Some(Subject::of(target)),
        Kind::ReplicaSet | Kind::DaemonSet | Kind::Job | Kind::Other(_) => None,
    }
}
