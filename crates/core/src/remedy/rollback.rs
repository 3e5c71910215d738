//! Deployments: `rollback` puts the template of the newest earlier revision that serves back in the place of one that fails.
//!
//! Kubernetes does not keep whether a revision was ever fully available. What can be seen is whether it still serves: a rolling update
//! takes the pods of a revision away only as those of the next one become available, so the revision before a bad one keeps as many as
//! the Deployment may not miss. That is the rule; a strategy that takes all pods away first (`Recreate`) leaves nothing to go back to.

use super::Move;
use crate::effect::{Revision, Verb, WorkloadView};
use crate::healer::{Case, World};
use crate::key::Target;
use crate::names::GuardName;
use alloc::format;
use alloc::string::{String, ToString};

pub(super) fn next(world: &World<'_>, case: &Case) -> Move {
    let target = case.recovery.subject();
    if world.cluster.exact_workload(target).is_none() {
        return impossible(format!("{target} is gone"));
    }
    let sent = case.handled.iter().any(|step| step.starts_with(&step_of(target)));
    let Some(view) = case.fresh_workload(world.now.tick, target) else {
        // What was done has only to be looked at when it seems to be through.
        return if sent { Move::Verify } else { Move::Do(Verb::LookAtWorkload(target.clone())) };
    };
    if sent || view.rolled_back.by == case.recovery.name {
        return after(view);
    }
    match plan(view) {
        Ok((from, to)) => Move::Do(Verb::RollBack {
            target: target.clone(),
            resource_version: "".into(),
            from: from.name.clone(),
            to: to.name.clone(),
        }),
        Err(why) => impossible(format!("{target}: {why}")),
    }
}

fn impossible(why: String) -> Move {
    Move::Impossible(GuardName::Plan, why)
}

/// How the step that rolls `target` back begins.
fn step_of(target: &Target) -> String {
    format!("roll back {target} ")
}

/// A person's template is not touched again.
fn after(view: &WorkloadView) -> Move {
    match view.newest() {
        Some(newest) if newest.name != view.rolled_back.to => {
            Move::Stop(format!("somebody changed the template of {} after it was rolled back", view.fact.target()))
        }
        _ => Move::Verify,
    }
}

/// From which revision to which; or why not.
fn plan(view: &WorkloadView) -> Result<(&Revision, &Revision), String> {
    if let Some(why) = view.keeps_from_rollback() {
        return Err(why);
    }
    let Some(newest) = view.newest() else {
        return Err("its newest revision has no ReplicaSet yet".to_string());
    };
    let known = &view.rolled_back;
    if newest.name == known.to {
        return Err(format!("{} rolled it back to this very revision, {}, which fails as well", known.by, known.to));
    }
    if newest.name == known.from {
        return Err(format!(
            "{} rolled back this very revision, {}, and somebody released it again",
            known.by, known.from
        ));
    }
    let least = view.fact.desired.unwrap_or(0).saturating_sub(view.max_unavailable).max(1);
    let served = |one: &&Revision| one.number < newest.number && one.name != known.from && one.available >= least;
    let earlier = view.revisions.iter().filter(served).max_by_key(|one| one.number);
    earlier.map(|to| (newest, to)).ok_or_else(|| {
        format!("no earlier revision has the {least} available pods that would show that it was once fully available")
    })
}
