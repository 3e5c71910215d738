//! Every guard in the contract's order, also those behind the first that holds, and the two that are asked within an attempt.

use super::{Standin, under_way};
use crate::explanation::{Answer, GuardView};
use crate::guard::{self, Says};
use crate::healer::{Case, Healer, World};
use crate::names::{GuardName, Strategy};
use crate::recovery::GuardState;
use crate::remedy::{self, Move};
use crate::strategy::strategy_now;
use crate::time::{Now, Stamp, Tick};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

impl Healer {
    /// What each guard says of this Recovery now.
    pub(super) fn guards(&self, now: Now, leading_since: Tick, standin: &Standin<'_>) -> Vec<GuardView> {
        let case = standin.case();
        let world = self.world_around(now, leading_since, case);
        let starts = under_way(&case.recovery).is_none();
        let mut views: Vec<GuardView> = guard::every(&world, &case.recovery, starts)
            .map(|(name, says)| match says {
                Says::Pass => view(name, Answer::Pass, ""),
                Says::NotAsked => {
                    view(name, Answer::Later, "not asked again: the attempt under way has its share already")
                }
                Says::Hold(hold) => {
                    let until = hold.until.map(|until| now.stamp_of(until));
                    GuardView { until, since: since(case, name), ..view(name, Answer::Hold, hold.reason) }
                }
            })
            .collect();
        views.push(plan(&world, case));
        views.push(live(&world, case));
        views
    }
}

/// Whether the next step of the strategy can be done.
fn plan(world: &World<'_>, case: &Case) -> GuardView {
    let recovery = &case.recovery;
    let Some(strategy) = strategy_now(world.settings, recovery) else {
        return view(GuardName::Plan, Answer::Later, "there is no strategy left to plan");
    };
    match remedy::next(strategy, world, case) {
        Move::Do(verb) if !verb.writes() => {
            view(GuardName::Plan, Answer::Later, format!("asked after a fresh read, before the first write ({verb})"))
        }
        Move::Do(_) | Move::Wait(..) | Move::Verify | Move::Instead(..) => view(GuardName::Plan, Answer::Pass, ""),
        Move::Blocked(reason, until) => GuardView {
            until: until.map(|until| world.now.stamp_of(until)),
            since: since(case, GuardName::Plan),
            ..view(GuardName::Plan, Answer::Hold, reason)
        },
        Move::Held(name, reason, until) => GuardView {
            until: until.map(|until| world.now.stamp_of(until)),
            since: since(case, name),
            ..view(name, Answer::Hold, reason)
        },
        Move::Impossible(name, reason) => GuardView { since: since(case, name), ..view(name, Answer::Hold, reason) },
        Move::Fail(reason) | Move::Stop(reason) => view(GuardName::Plan, Answer::Hold, reason),
    }
}

/// The fresh read is made right before each destructive write, so it has no answer before.
fn live(world: &World<'_>, case: &Case) -> GuardView {
    let held = held(case, GuardName::Live);
    let doubt = held
        .map(|held| GuardView { since: Some(held.since), ..view(GuardName::Live, Answer::Hold, held.reason.clone()) });
    let monitors = strategy_now(world.settings, &case.recovery) == Some(Strategy::Monitor);
    let reason = if monitors {
        "not asked: nothing is written"
    } else {
        "a fresh read has to show it failing right before each write"
    };
    doubt.unwrap_or_else(|| view(GuardName::Live, Answer::Later, reason))
}

fn since(case: &Case, name: GuardName) -> Option<Stamp> {
    held(case, name).map(|held| held.since)
}

fn held(case: &Case, name: GuardName) -> Option<&GuardState> {
    case.recovery.status.guards.iter().find(|guard| guard.name == name && !guard.pass)
}

fn view(name: GuardName, answer: Answer, reason: impl Into<String>) -> GuardView {
    GuardView { name, answer, reason: reason.into(), since: None, until: None }
}
