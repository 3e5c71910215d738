//! What happens next to a Recovery in hand, or one that is coming.

use super::verdict::holding;
use super::{Study, under_way};
use crate::explanation::{Answer, GuardView, Next};
use crate::healer::{Case, Healer};
use crate::key::{Kind, Target};
use crate::names::{ProviderKind, Strategy};
use crate::remedy::{self, Move};
use crate::strategy::{next_strategy, strategy_now};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Healer {
    /// What a held Recovery waits for.
    pub(super) fn after_hold(&self, study: &Study<'_>, case: &Case, hold: &GuardView) -> Vec<Next> {
        let plan = self.plan_words(case);
        let mut next = match hold.until {
            Some(at) => alloc::vec![Next {
                at: Some(at),
                what: format!("{} is asked again; when it passes, {plan}", hold.name)
            }],
            None => {
                let sweep = self.settings.sweep.as_secs_f32();
                always(format!(
                    "{} is asked again on every change, and every {sweep} s; when it passes, {plan}",
                    hold.name
                ))
            }
        };
        let others = study.guards.iter().filter(|guard| guard.answer == Answer::Hold && guard.name != hold.name);
        next.extend(others.map(|guard| Next {
            at: guard.until,
            what: format!("{} would hold it then: {}", guard.name, guard.reason),
        }));
        next
    }

    pub(super) fn approval(&self, study: &Study<'_>, case: &Case) -> Vec<Next> {
        let name = &case.recovery.name;
        let mut next = always(format!("when somebody approves {name}, {}", self.plan_words(case)));
        if let Some(since) = case.times.awaiting() {
            let at = study.now.stamp_of(since.plus(self.settings_of(case).approval_timeout));
            next.push(Next {
                at: Some(at),
                what: "it is cancelled if nobody has approved it (approval_timeout)".to_string(),
            });
        }
        next
    }

    /// What an attempt under way does next.
    pub(super) fn attempt(&self, study: &Study<'_>, case: &Case) -> Vec<Next> {
        let world = self.world_around(study.now, self.leading.unwrap_or_default(), case);
        let Some(strategy) = under_way(&case.recovery) else { return always("it ends within moments") };
        if strategy == Strategy::Monitor {
            return always("nothing is written; it ends when the failure goes away");
        }
        if case.recovery.is_on_standby() {
            return always(format!("{}; then it is switched back", case.recovery.status.message));
        }
        let (at, what) = match remedy::next(strategy, &world, case) {
            Move::Do(verb) => (None, verb.to_string()),
            Move::Wait(words, until) | Move::Blocked(words, until) | Move::Held(_, words, until) => (until, words),
            Move::Verify => (None, format!("waits until the workload is back: {}", remedy::verify(&world, case).1)),
            Move::Impossible(_, words) | Move::Fail(words) | Move::Stop(words) | Move::Instead(_, words) => {
                (None, words)
            }
        };
        let mut next = alloc::vec![Next { at: at.map(|at| study.now.stamp_of(at)), what }];
        next.extend(holding(&study.guards).map(|guard| Next {
            at: guard.until,
            what: format!("{} holds its next write: {}", guard.name, guard.reason),
        }));
        let left = case.time_left(study.now.tick, remedy::time_limit(world.settings, &case.recovery));
        next.extend(left.map(|left| {
            let then = next_strategy(world.settings, &case.recovery)
                .map_or_else(|| "a person is called".to_string(), |next| format!("{next} is tried"));
            Next {
                at: Some(study.now.stamp_of(study.now.tick + left)),
                what: format!("the attempt fails if it is not verified by then, and {then}"),
            }
        }));
        next
    }

    /// What the next attempt does.
    pub(super) fn plan_words(&self, case: &Case) -> String {
        let recovery = &case.recovery;
        match strategy_now(self.settings_of(case), recovery) {
            Some(strategy) => {
                let provider = self.settings_of(case).provider.kind;
                let replaces = remedy::is_drain(strategy, &recovery.spec.target) && provider != ProviderKind::None;
                let also = if replaces { format!("; {provider} replaces it") } else { String::new() };
                format!("{strategy} ({}{also})", means(strategy, &recovery.spec.target))
            }
            None => "a person is called".to_string(),
        }
    }
}

pub(super) fn would_hold(guard: &GuardView) -> Next {
    Next { at: guard.until, what: format!("{} would hold it: {}", guard.name, guard.reason) }
}

pub(super) fn always(what: impl Into<String>) -> Vec<Next> {
    alloc::vec![Next { at: None, what: what.into() }]
}

/// What a strategy does to an object of this kind.
fn means(strategy: Strategy, target: &Target) -> &'static str {
    match (strategy, &target.kind) {
        (Strategy::Monitor, _) => "it is watched, nothing is written",
        (Strategy::Restart, Kind::Node) => "its provider reboots it",
        (Strategy::Restart, Kind::Pod) => "the pod is deleted and made again",
        (Strategy::Restart, _) => "its workloads are restarted",
        (Strategy::Recreate, _) => "the pod is deleted and made again on another node if it fits",
        (Strategy::ScaleAndReplace, _) => "another pod is started first, then this one is deleted",
        (Strategy::DrainAndReplace, _) => "the node is cordoned and its pods are evicted",
        (Strategy::EmergencyReplace, _) => "the node is cordoned and its pods are freed, so that they start elsewhere",
        (Strategy::Failover | Strategy::EmergencyFailover, _) => "the service is switched to its standby",
        (Strategy::Relieve, _) => "what the node does not need leaves it, one pod after the other",
        (Strategy::Resize, _) => "the memory limit of the container is raised in place",
        (Strategy::Rollback, _) => "the last good revision is brought back",
    }
}
