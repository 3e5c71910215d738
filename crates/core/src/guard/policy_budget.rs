//! What a policy allows of its own: how many at once, how many per hour, how many failures; counted from records as every budget.

use super::{Wait, is_before};
use crate::fact::NodeFact;
use crate::healer::{Case, World};
use crate::names::FailureType;
use crate::recovery::Recovery;
use crate::time::Tick;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    unhealthy(world, recovery).or_else(|| at_once(world, recovery)).or_else(|| per_hour(world))
}

/// The other cases under the policy of these settings.
fn others<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Case> {
    world.cases().filter(|case| case.policy.as_ref() == Some(&world.settings.policy))
}

fn unhealthy(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let limit = world.settings.budget.max_unhealthy?;
    let (what, sick, limit) = if recovery.spec.failure == FailureType::Node {
        let chosen = world.settings.budget.nodes.as_ref();
        let of_policy = |node: &&NodeFact| chosen.is_none_or(|nodes| nodes.selects(|key| node.labels.get(key)));
        let nodes = || world.cluster.nodes().filter(of_policy);
        let sick = nodes().filter(|node| world.is_sick_node(&node.name)).count();
        ("nodes are sick", sick, limit.of(nodes().count()).max(1))
    } else {
        let active = others(world).filter(|case| case.recovery.is_active()).count() + 1;
        ("failures", active, limit.of(active))
    };
    let policy = &world.settings.policy;
    let reason = || {
        format!(
            "{sick} {what} at once under HealingPolicy {policy}, more than its maxUnhealthy allows ({limit}): a shared cause is likely"
        )
    };
    if sick > limit { Wait::because(reason()) } else { None }
}

fn at_once(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let limit = world.settings.budget.max_concurrent?;
    let acting = others(world).filter(|case| case.is_acting() && is_before(&case.recovery, recovery)).count();
    if acting < limit as usize {
        return None;
    }
    let policy = &world.settings.policy;
    Wait::because(format!(
        "{acting} are in recovery under HealingPolicy {policy}, and its maxConcurrent allows {limit}"
    ))
}

fn per_hour(world: &World<'_>) -> Option<Wait> {
    let limit = world.settings.budget.per_hour? as usize;
    let own = world.own_attempts.iter().copied();
    let ends = others(world).flat_map(Case::writing_attempts).chain(own).map(|started| started.plus(HOUR));
    let mut recent: Vec<Tick> = ends.filter(|end| world.now.tick < *end).collect();
    if recent.len() < limit {
        return None;
    }
    recent.sort_unstable();
    let until = *recent.get(recent.len() - limit)?;
    let policy = &world.settings.policy;
    let reason = format!("{limit} recoveries began within the last hour under HealingPolicy {policy} (its perHour)");
    Some(Wait { reason, until: Some(until) })
}
