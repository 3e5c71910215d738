//! `Breaker`: many sick nodes at once are a shared cause, and the last Ready node is never touched.
//!
//! Three bands, over the cluster and over each of its zones. Up to `node_concurrency` sick nodes: each is recovered. Between that
//! and `max_unhealthy_nodes`: one is tried, the next only after that one was verified. Above: none. More sick nodes never mean more
//! recoveries, unlike in Kubernetes' own eviction, which goes on at full speed in a zone that is wholly gone. When the share falls,
//! nothing begins for `settle_period`: nodes that return do so one after the other, and the last one is not alone sick.

mod scope;
mod share;

pub(crate) use scope::Scope;
pub(crate) use share::Share;

use super::{Wait, is_before};
use crate::healer::{Case, World};
use crate::names::{FailureType, Phase};
use crate::recovery::Recovery;
use alloc::format;
use alloc::string::String;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if recovery.spec.failure != FailureType::Node {
        return None;
    }
    if !world.fleet.has_other_well(&recovery.spec.target.key.name) {
        return Wait::because("it would leave no Ready node in the cluster");
    }
    Scope::all_of(world, recovery).into_iter().find_map(|scope| within(world, recovery, &scope))
}

/// Where too many nodes are sick for `recovery` to begin, and the sentence that says so.
pub(crate) fn storm(world: &World<'_>, recovery: &Recovery) -> Option<(Scope, String)> {
    if recovery.spec.failure != FailureType::Node {
        return None;
    }
    let mut scopes = Scope::all_of(world, recovery).into_iter();
    scopes.find_map(|scope| {
        let share = Share::of(world, &scope, Some(recovery)).filter(Share::is_above)?;
        let words = share.words(&scope);
        Some((scope, words))
    })
}

fn within(world: &World<'_>, recovery: &Recovery, scope: &Scope) -> Option<Wait> {
    let share = Share::of(world, scope, Some(recovery))?;
    if share.is_above() {
        return Wait::because(share.words(scope));
    }
    calm(world, scope).or_else(|| if share.is_small() { None } else { probe(world, recovery, scope, share) })
}

/// Nodes return one after the other.
fn calm(world: &World<'_>, scope: &Scope) -> Option<Wait> {
    let fell = world.fleet.tally(scope)?.fell?;
    let until = fell + world.settings.settle_period;
    (world.now.tick < until).then(|| Wait {
        reason: format!(
            "until less than {} s ago, more nodes{scope} were sick than max_unhealthy_nodes allows (settle_period)",
            world.settings.settle_period.as_secs_f32()
        ),
        until: Some(until),
    })
}

/// One is tried; the next waits until it is known that it helps.
fn probe(world: &World<'_>, recovery: &Recovery, scope: &Scope, share: Share) -> Option<Wait> {
    let (sick, nodes) = (share.sick, share.nodes);
    let mut acting = world.node_cases().filter(|other| other.is_acting() && scope.has(world, &other.recovery));
    if let Some(other) = acting.find(|other| is_before(&other.recovery, recovery)) {
        let other = &other.recovery.spec.target.key.name;
        return Wait::because(format!(
            "{sick} of {nodes} nodes{scope} are sick: one is recovered at a time, now {other}"
        ));
    }
    let (failed, ended) = last_failed(world, scope).filter(|_| !recovery.is_acting())?;
    let other = &failed.recovery.spec.target.key.name;
    Some(Wait {
        reason: format!("{sick} of {nodes} nodes{scope} are sick, and what was tried on {other} did not help"),
        until: Some(ended.plus(world.settings.history_window)),
    })
}

/// A recovery that did not help, of a node that is sick to this day: a hint that the next would not either, as long as failures
/// count as similar.
fn last_failed<'a>(world: &'a World<'_>, scope: &Scope) -> Option<(&'a Case, crate::time::Past)> {
    let in_vain = |case: &&Case| {
        let target = &case.recovery.spec.target;
        let phase = case.recovery.status.phase;
        let same = world.cluster.exact_node(target).is_some();
        matches!(phase, Some(Phase::Escalated | Phase::Failed))
            && case.recovery.has_acted()
            && same
            && world.fleet.is_sick(&target.key.name)
            && scope.has(world, &case.recovery)
    };
    let ended = world.node_cases().filter(in_vain).filter_map(|case| Some((case, case.times.finished()?)));
    let lately = ended.filter(|(_, at)| at.elapsed(world.now.tick) <= world.settings.history_window);
    lately.min_by_key(|(_, at)| at.elapsed(world.now.tick))
}
