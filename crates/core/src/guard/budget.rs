//! `Budget`: how many at once, how many per minute, how soon again; all counted from records, so that a restart forgets nothing.

use super::Wait;
use crate::healer::World;
use crate::names::{FailureType, Phase, Strategy};
use crate::recovery::{Attempt, Recovery};
use crate::time::Stamp;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

/// The longest wait between recoveries of one workload (contract: `workload_backoff`).
const MAX_BACKOFF: Duration = Duration::from_secs(1800);
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if recovery.next_strategy() == Some(Strategy::Monitor) {
        return None;
    }
    escalated(world, recovery)
        .or_else(|| nodes_at_once(world, recovery))
        .or_else(|| rate(world))
        .or_else(|| backoff(world, recovery))
}

fn nodes_at_once(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if recovery.spec.failure != FailureType::Node {
        return None;
    }
    let limit = world.settings.node_concurrency.of(world.cluster.nodes().count()).max(1);
    let acting = world
        .recoveries()
        .filter(|other| other.name != recovery.name && other.spec.failure == FailureType::Node && other.is_acting());
    if acting.count() < limit {
        return None;
    }
    Wait::because(format!("{limit} nodes are in recovery already (node_concurrency)"))
}

fn rate(world: &World<'_>) -> Option<Wait> {
    let limit = world.settings.recoveries_per_minute as usize;
    let mut recent: Vec<Stamp> = world
        .recoveries()
        .flat_map(writing_attempts)
        .map(|attempt| attempt.started_at)
        .filter(|started| world.now.stamp.since(*started) < MINUTE)
        .collect();
    if recent.len() < limit {
        return None;
    }
    recent.sort_unstable();
    let frees = recent.get(recent.len() - limit)?;
    Some(Wait {
        reason: format!("{limit} recoveries started within the last minute (recoveries_per_minute)"),
        until: Some(world.now.tick_of(*frees) + MINUTE),
    })
}

fn backoff(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if !recovery.status.attempts.is_empty() {
        // The ladder of one Recovery has its own pace, recovery_timeout.
        return None;
    }
    let window = world.settings.history_window;
    let earlier: Vec<Stamp> = world
        .recoveries()
        .filter(|other| other.name != recovery.name && other.same_workload(recovery))
        .flat_map(writing_attempts)
        .map(|attempt| attempt.started_at)
        .filter(|started| world.now.stamp.since(*started) <= window)
        .collect();
    let last = earlier.iter().max()?;
    let doublings = u32::try_from(earlier.len() - 1).unwrap_or(u32::MAX).min(16);
    let wait = world.settings.workload_backoff.saturating_mul(1 << doublings).min(MAX_BACKOFF);
    if world.now.stamp.since(*last) >= wait {
        return None;
    }
    Some(Wait {
        reason: format!(
            "{} was recovered {} times lately; the next may start {} s after the last (workload_backoff)",
            recovery.spec.workload,
            earlier.len(),
            wait.as_secs_f32()
        ),
        until: Some(world.now.tick_of(*last) + wait),
    })
}

/// A workload that was handed to a person is left alone until its pods come from a changed owner, or the window passes.
fn escalated(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let window = world.settings.history_window;
    let other = world.recoveries().find(|other| {
        other.name != recovery.name
            && other.status.phase == Some(Phase::Escalated)
            && other.same_workload(recovery)
            && other.evidence("owner") == recovery.evidence("owner")
            && other.status.finished_at.is_some_and(|at| world.now.stamp.since(at) <= window)
    })?;
    let until = other.status.finished_at.map(|at| world.now.tick_of(at) + window);
    Some(Wait { reason: format!("{} was handed to a person by {}", recovery.spec.workload, other.name), until })
}

fn writing_attempts(recovery: &Recovery) -> impl Iterator<Item = &Attempt> {
    recovery.status.attempts.iter().filter(|attempt| attempt.strategy != Strategy::Monitor)
}
