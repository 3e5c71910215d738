//! `Budget`: how many at once, how many per minute, how soon again; all counted from records, so that a restart
//! forgets nothing, and on the monotonic clock, so that a jump of the wall clock frees nothing.

use super::{Scope, Wait, is_before, policy_budget};
use crate::board::Gauge;
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use crate::names::{Phase, Strategy};
use crate::recovery::Recovery;
use crate::strategy::next_strategy;
use crate::time::{Past, Tick};
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

/// The longest wait between recoveries of one workload (contract: `workload_backoff`).
const MAX_BACKOFF: Duration = Duration::from_secs(1800);
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if next_strategy(world.settings, recovery) == Some(Strategy::Monitor) {
        return None;
    }
    escalated(world, recovery)
        .or_else(|| nodes_at_once(world, recovery))
        .or_else(|| rate(world))
        .or_else(|| backoff(world, recovery))
        .or_else(|| policy_budget::check(world, recovery))
}

fn nodes_at_once(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if recovery.spec.target.kind != Kind::Node {
        return None;
    }
    let limit = node_limit(world);
    let acting: Vec<&str> = acting_nodes(world)
        .filter(|other| is_before(&other.recovery, recovery))
        .map(|other| &*other.recovery.spec.target.key.name)
        .collect();
    if acting.len() < limit {
        return None;
    }
    Wait::because(format!("{} are in recovery already, and node_concurrency allows {limit}", acting.join(", ")))
}

fn node_limit(world: &World<'_>) -> usize {
    let nodes = world.fleet.tally(&Scope::Cluster).map_or(0, |tally| tally.nodes);
    world.settings.node_concurrency.of(nodes).max(1)
}

fn acting_nodes<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Case> {
    world.cases().filter(|other| other.recovery.spec.target.kind == Kind::Node && other.is_acting())
}

/// When each attempt that began within the last minute stops to count.
fn recent(world: &World<'_>) -> Vec<Tick> {
    let started = world.cases().flat_map(Case::writing_attempts).chain(world.own_attempts.iter().copied());
    let ends = started.map(|started| started.plus(MINUTE));
    ends.filter(|end| world.now.tick < *end).collect()
}

/// How much of the configured budgets is used.
pub(crate) fn gauges(world: &World<'_>) -> [Gauge; 2] {
    let of_cluster = |key, what, used, limit| Gauge { key, zone: Text::from(""), what, used, limit };
    [
        of_cluster(
            "recoveries_per_minute",
            "recoveries begun within the last minute",
            recent(world).len(),
            world.settings.recoveries_per_minute as usize,
        ),
        of_cluster("node_concurrency", "nodes in recovery at once", acting_nodes(world).count(), node_limit(world)),
    ]
}

fn rate(world: &World<'_>) -> Option<Wait> {
    let limit = world.settings.recoveries_per_minute as usize;
    let mut recent = recent(world);
    if recent.len() < limit {
        return None;
    }
    recent.sort_unstable();
    let until = *recent.get(recent.len() - limit)?;
    Some(Wait {
        reason: format!("{limit} recoveries started within the last minute (recoveries_per_minute)"),
        until: Some(until),
    })
}

fn backoff(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if !recovery.status.attempts.is_empty() {
        // The ladder of one Recovery has its own pace, recovery_timeout.
        return None;
    }
    let (now, window) = (world.now.tick, world.settings.history_window);
    let earlier: Vec<Past> = world
        .cases()
        .filter(|other| other.recovery.name != recovery.name && other.recovery.same_workload(recovery))
        .flat_map(Case::writing_attempts)
        .filter(|started| started.elapsed(now) <= window)
        .collect();
    let last = earlier.iter().min_by_key(|started| started.elapsed(now))?;
    let doublings = u32::try_from(earlier.len() - 1).unwrap_or(u32::MAX).min(16);
    let wait = world.settings.workload_backoff.saturating_mul(1 << doublings).min(MAX_BACKOFF);
    if last.elapsed(now) >= wait {
        return None;
    }
    Some(Wait {
        reason: format!(
            "{} was recovered {} times lately; the next may start {} s after the last (workload_backoff)",
            recovery.spec.workload,
            earlier.len(),
            wait.as_secs_f32()
        ),
        until: Some(last.plus(wait)),
    })
}

/// A workload that was handed to a person is left alone until its pods come from a changed owner, or the window passes.
fn escalated(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let window = world.settings.history_window;
    let same = |other: &Recovery| {
        other.name != recovery.name
            && other.status.phase == Some(Phase::Escalated)
            && other.same_workload(recovery)
            && !has_changed(other.evidence("owner"), recovery.evidence("owner"))
    };
    let recent = |case: &Case| case.times.finished().filter(|at| at.elapsed(world.now.tick) <= window);
    let mut handed = world.cases().filter(|case| same(&case.recovery));
    let (other, at) = handed.find_map(|case| Some((&case.recovery, recent(case)?)))?;
    let reason = format!("{} was handed to a person by {}", recovery.spec.workload, other.name);
    Some(Wait { reason, until: Some(at.plus(window)) })
}

/// A record whose evidence was lost in a crash does not show that its owner was another.
fn has_changed(before: Option<&str>, now: Option<&str>) -> bool {
    before.zip(now).is_some_and(|(before, now)| before != now)
}
