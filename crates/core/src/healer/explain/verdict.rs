//! The answer in a word and a sentence, and what happens next.

use super::next::{always, would_hold};
use super::{Opening, Standin, Study, under_way};
use crate::explanation::{Answer, GuardView, Next, Part};
use crate::healer::{Case, Healer};
use crate::key::Text;
use crate::names::{GuardName, Phase, Standing};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) struct Verdict {
    pub(super) standing: Standing,
    pub(super) summary: String,
    pub(super) next: Vec<Next>,
    pub(super) part_of: Option<Part>,
}

impl Verdict {
    fn new(standing: Standing, summary: String, next: Vec<Next>) -> Self {
        Self { standing, summary, next, part_of: None }
    }
}

impl Healer {
    pub(super) fn verdict(&self, study: &Study<'_>) -> Verdict {
        match (&study.case, &study.opening) {
            (Some(Standin::Real(case)), _) => self.in_hand(study, case),
            (Some(Standin::Coming(case)), _) => self.coming(study, case),
            (Some(Standin::Supposed(_)), _) => self.well(study),
            (None, Some(Opening::Recorded(name))) => self.over(study, name),
            (None, Some(Opening::Of(parent))) => self.part(study, parent.clone(), self.why_part(parent)),
            (None, Some(Opening::OfSick)) => {
                let why = "its node, or the rollout of its workload, is sick: that is judged first".to_string();
                self.part(study, Text::from(""), why)
            }
            (None, Some(Opening::Known)) => {
                let why = "it follows from a trouble of its workload that a person has in hand".to_string();
                self.part(study, Text::from(""), why)
            }
            (None, Some(Opening::New(_)) | None) => self.unjudged(study),
        }
    }

    /// A Recovery is under way.
    fn in_hand(&self, study: &Study<'_>, case: &Case) -> Verdict {
        let (recovery, target) = (&case.recovery, &study.target);
        let what = format!("{target} {}: Recovery {}", self.trouble(study), recovery.name);
        let holds = holding(&study.guards);
        match recovery.status.phase {
            Some(Phase::AwaitingApproval) => {
                let summary = format!("{what} waits for a person to approve it.");
                Verdict::new(Standing::AwaitingApproval, summary, self.approval(study, case))
            }
            Some(Phase::Observed) => {
                let next = "nothing: the mode is Observe; it ends when the failure goes away";
                Verdict::new(
                    Standing::Observed,
                    format!("{what} is recorded only, because the mode is Observe."),
                    always(next),
                )
            }
            Some(Phase::Held) => match holds {
                Some(hold) => {
                    let summary = format!("{what} is held by {}: {}.", hold.name, hold.reason);
                    Verdict::new(Standing::Held, summary, self.after_hold(study, case, hold))
                }
                None => {
                    let next =
                        always(format!("{} goes on within moments: no guard holds it any more", self.plan_words(case)));
                    Verdict::new(Standing::Recovering, format!("{what} was held and goes on."), next)
                }
            },
            Some(Phase::Pending) if under_way(recovery).is_none() => match holds {
                Some(hold) => {
                    let summary = format!("{what} was opened; {} holds it: {}.", hold.name, hold.reason);
                    Verdict::new(Standing::Held, summary, self.after_hold(study, case, hold))
                }
                None => {
                    let next = always(format!("{} starts within moments", self.plan_words(case)));
                    Verdict::new(Standing::Recovering, format!("{what} is about to start."), next)
                }
            },
            Some(phase) => {
                let doing = under_way(recovery).map_or_else(String::new, |strategy| format!(" with {strategy}"));
                let message = &recovery.status.message;
                let words = if message.is_empty() { String::new() } else { format!(" ({message})") };
                let summary = format!("{what} is {phase}{doing}{words}.");
                Verdict::new(Standing::Recovering, summary, self.attempt(study, case))
            }
            None => {
                let summary = format!("{what} was written by another version, in a phase that this one does not know.");
                Verdict::new(Standing::Held, summary, always("nothing: its record is left alone"))
            }
        }
    }

    /// Its failure stands or is suspected, and would have a Recovery of its own.
    fn coming(&self, study: &Study<'_>, case: &Case) -> Verdict {
        let target = &study.target;
        let holds = holding(&study.guards);
        let Some(at) = self.fires_at(study) else {
            let summary = format!("{target} {}: a Recovery is about to be opened.", self.trouble(study));
            let mut next = always(format!("the leader opens a Recovery; {} starts", self.plan_words(case)));
            next.extend(holds.map(would_hold));
            return Verdict::new(Standing::Failing, summary, next);
        };
        let words = format!("{}; then {}", self.fires(study), self.plan_words(case));
        let mut next = alloc::vec![Next { at, what: words }];
        next.extend(holds.map(would_hold));
        let summary = format!("{target} {}, but not for long enough to act.", self.trouble(study));
        Verdict::new(Standing::Suspected, summary, next)
    }

    /// Nothing is wrong with it.
    fn well(&self, study: &Study<'_>) -> Verdict {
        let target = &study.target;
        let off = study.guards.iter().find(|guard| {
            guard.answer == Answer::Hold && matches!(guard.name, GuardName::Excluded | GuardName::ProtectedNamespace)
        });
        if let Some(guard) = off {
            let summary = format!("{target} is healthy, and nothing would be done if it failed: {}.", guard.reason);
            let next = format!("nothing, as long as {} holds", guard.name);
            return Verdict::new(Standing::Excluded, summary, always(next));
        }
        let draining = study.seen.iter().find(|seen| !seen.view.score.is_zero());
        let last = study.ended.first();
        let why = match (draining, last) {
            (Some(seen), _) => format!("{} was bad a moment ago and is good now", seen.view.cause),
            (None, Some(last)) => {
                let (cause, phase) =
                    (last.cause.map_or("?", |cause| cause.as_str()), last.phase.map_or("?", Phase::as_str));
                format!(
                    "no signal is bad; its workload's last trouble was {cause}, Recovery {}, which ended {phase}",
                    last.name
                )
            }
            (None, None) => "no signal is bad".to_string(),
        };
        let next = always("nothing, until a signal turns bad; it is looked at again on every change");
        Verdict::new(Standing::Healthy, format!("{target} is healthy: {why}."), next)
    }

    /// It still fails, and the Recovery of this very trouble is over.
    fn over(&self, study: &Study<'_>, name: &Text) -> Verdict {
        let status = self.cases.get(name).map(|case| &case.recovery.status);
        let phase = status.and_then(|status| status.phase).map_or("over", Phase::as_str);
        let message = status.map_or("", |status| status.message.as_str());
        let summary =
            format!("{} {}, and its Recovery {name} is over: {phase} ({message}).", study.target, self.trouble(study));
        let next = "nothing: one trouble has one Recovery; a person has to look, or the object has to change";
        Verdict::new(Standing::GivenUp, summary, always(next))
    }

    fn part(&self, study: &Study<'_>, recovery: Text, reason: String) -> Verdict {
        let summary = format!("{} {}, and gets no action of its own: {reason}.", study.target, self.trouble(study));
        let mut next = Vec::new();
        if let Some(at) = self.fires_at(study) {
            next.push(Next { at, what: self.fires(study) });
        }
        let what = if recovery.is_empty() {
            "that verdict decides; if it is well, this failure is judged by itself".to_string()
        } else {
            format!("what Recovery {recovery} does decides; explain it to see more")
        };
        next.push(Next { at: None, what });
        Verdict { standing: Standing::Attributed, summary, next, part_of: Some(Part { recovery, reason }) }
    }

    fn why_part(&self, parent: &Text) -> String {
        let Some(case) = self.cases.get(parent) else { return format!("it belongs to Recovery {parent}") };
        let target = &case.recovery.spec.target;
        if case.recovery.status.phase == Some(Phase::Cancelled) {
            return format!("a person stopped Recovery {parent} of it ({})", case.recovery.status.message);
        }
        format!("it is part of the trouble of {target}, Recovery {parent}")
    }

    /// No rule looks at this kind itself.
    fn unjudged(&self, study: &Study<'_>) -> Verdict {
        let below = self.below(&study.target, study.now);
        let kind = study.target.kind.as_str();
        let (standing, what) = match below.len() {
            0 => (Standing::Healthy, "none of its pods is in trouble".to_string()),
            1 => (Standing::Healthy, "one of its pods is in trouble, see below".to_string()),
            many => (Standing::Healthy, format!("{many} of its pods are in trouble, see below")),
        };
        let summary = format!("{} has no failure of its own: {what}.", study.target);
        let next = format!("nothing to the {kind} itself; its pods are judged one by one");
        Verdict::new(standing, summary, always(next))
    }

    /// How it fails.
    fn trouble(&self, study: &Study<'_>) -> String {
        let fired = study.seen.iter().find(|seen| seen.view.fired);
        let bad = || study.seen.iter().filter(|seen| seen.view.bad).min_by_key(|seen| seen.view.fires_at);
        match fired.or_else(bad) {
            Some(seen) if seen.view.fired && seen.view.bad => {
                format!("fails ({}: {})", seen.view.cause, seen.view.description)
            }
            Some(seen) if seen.view.fired => format!("failed a moment ago ({})", seen.view.cause),
            Some(seen) => format!("looks bad ({}: {})", seen.view.cause, seen.view.description),
            None => match &study.case {
                Some(Standin::Real(case)) => {
                    let cause = case.recovery.spec.cause.map_or("?", |cause| cause.as_str());
                    let of = &case.recovery.spec.target;
                    if *of == study.target {
                        format!("failed ({cause}) and shows no bad signal now")
                    } else {
                        format!("is concerned by {cause} of {of}")
                    }
                }
                _ => "shows no bad signal".to_string(),
            },
        }
    }

    /// When the first bad signal fires, while none has; the inner time is unknown while its watch is not current.
    fn fires_at(&self, study: &Study<'_>) -> Option<Option<crate::time::Stamp>> {
        if study.seen.iter().any(|seen| seen.view.fired) {
            return None;
        }
        let bad = study.seen.iter().filter(|seen| seen.view.bad);
        bad.map(|seen| seen.view.fires_at).min_by_key(|at| at.map_or(i64::MAX, |at| at.0))
    }

    fn fires(&self, study: &Study<'_>) -> String {
        let bad = study.seen.iter().filter(|seen| seen.view.bad).min_by_key(|seen| seen.view.fires_at);
        bad.map_or_else(String::new, |seen| format!("{} counts as a failure if it stays bad", seen.view.cause))
    }
}

/// The guard that holds, as a turn would find it.
pub(super) fn holding(guards: &[GuardView]) -> Option<&GuardView> {
    guards.iter().find(|guard| guard.answer == Answer::Hold)
}
