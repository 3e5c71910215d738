//! `drain.surge`: a pod that a disruption budget keeps although its Deployment is whole is first joined by one more elsewhere.
//!
//! One workload after the other. The one more stays while pods of its workload have to leave the node, and is then taken back; a
//! workload that has had one is not given another in the same attempt.

use super::super::{Move, impacted, plan, surge};
use super::{Class, is_leaving};
use crate::cluster::Pod;
use crate::effect::{Budget, Verb};
use crate::fact::{NodeFact, PodFact, WorkloadFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Target};
use crate::recovery::StepResult;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Evidence of a workload that cannot have one pod more begins with this; its value says why.
const REFUSED: &str = "no pod more of ";
/// So many workloads are told of.
const MAX_REFUSED: usize = 10;
/// That value when a person did not want it.
const TAKEN_BACK: &str = "somebody took back the one that it had";

/// What one pod more could do for a pod that a budget keeps.
pub(in crate::remedy) enum OneMore {
    /// The pod may leave when this workload has one more.
    Of(Target),
    /// This has to be read first.
    Ask(Verb),
    /// It cannot be had, or would not help; why.
    No(String),
    /// The policy does not want it, or no budget keeps the pod.
    Unasked,
}

/// Whether one more of its workload would let `pod` go, which `budgets` keep.
pub(in crate::remedy) fn one_more(
    world: &World<'_>,
    case: &Case,
    (class, pod): (&Class, &PodFact),
    budgets: &[Budget],
) -> OneMore {
    if !world.settings.drain.surge {
        return OneMore::Unasked;
    }
    let workload = world.cluster.workload_of(pod);
    if let Some(why) = cannot(world, case, class, &workload) {
        return OneMore::No(why);
    }
    match plan::goes_with_one_more(pod, budgets) {
        None => return OneMore::Unasked,
        Some(false) => return OneMore::No(String::from("its disruption budget would keep it then as well")),
        Some(true) => {}
    }
    match case.looks.workloads.get(&workload.uid) {
        None => OneMore::Ask(Verb::LookAtWorkload(workload)),
        Some((view, _)) => match view.keeps_from_scaling(&case.recovery.name) {
            Some(why) => OneMore::No(why),
            None => OneMore::Of(workload),
        },
    }
}

/// What speaks against one more of `workload`, by what is known of it without asking.
fn cannot(world: &World<'_>, case: &Case, class: &Class, workload: &Target) -> Option<String> {
    if *class == Class::Stateful {
        return Some(format!("{workload} holds state"));
    }
    if !matches!(workload.kind, Kind::Deployment | Kind::ReplicaSet) {
        return Some(surge::not_of_this_kind(workload));
    }
    let Some(fact) = world.cluster.exact_workload(workload) else {
        return Some(format!("{workload} is gone"));
    };
    if case.recovery.evidence(&evidence_of(workload)) == Some(TAKEN_BACK) {
        return Some(format!("somebody took back the one pod more that {workload} had"));
    }
    if is_over(case, workload) {
        return Some(format!("{workload} had one pod more in this attempt"));
    }
    let (ready, wanted) = (ready(world, workload), fact.desired.unwrap_or(0) as usize);
    // One that waits for a pod of its own may be let go when that is ready.
    (ready < wanted || wanted == 0).then(|| format!("{workload} has {ready} of {wanted} pods"))
}

fn ready(world: &World<'_>, workload: &Target) -> usize {
    world.cluster.each_pod_of(workload).filter(|pod| pod.ready && !pod.terminating()).count()
}

/// The next step of a workload that has one more, before any other pod leaves: to see it, or to take it back.
pub(super) fn go_on(
    world: &World<'_>,
    case: &Case,
    scaled: &BTreeSet<Target>,
    todo: &[(Class, Pod<'_>)],
) -> Option<Move> {
    scaled.iter().find_map(|workload| {
        let fact = world.cluster.exact_workload(workload)?;
        if fact.marked_by == case.recovery.name {
            let left =
                todo.iter().any(|(_, pod)| !is_leaving(case, pod) && world.cluster.workload_of(pod) == *workload);
            return (!left || is_taken_back(fact)).then(|| Move::Do(surge::back(workload)));
        }
        match case.fresh_workload(world.now.tick, workload) {
            None => Some(Move::Do(Verb::LookAtWorkload(workload.clone()))),
            // The watch has yet to show it.
            Some(view) if view.owner == case.recovery.name => None,
            // A person took the mark away; what is left of it goes as well.
            Some(_) => Some(Move::Do(surge::back(workload))),
        }
    })
}

/// The workload whose one more is not ready yet: its pods stay until it is.
pub(super) fn awaited(world: &World<'_>, case: &Case, scaled: &BTreeSet<Target>) -> Option<Target> {
    let awaited = scaled.iter().find(|workload| {
        let fact = world.cluster.exact_workload(workload).filter(|fact| fact.marked_by == case.recovery.name);
        fact.is_none_or(|fact| ready(world, workload) < fact.desired.unwrap_or(0) as usize)
    });
    awaited.cloned()
}

/// What lets a pod go that a budget keeps, while no workload has one more.
pub(super) fn begin(world: &World<'_>, case: &Case, node: &NodeFact, todo: &[(Class, Pod<'_>)]) -> Option<Move> {
    if !world.settings.drain.surge {
        return None;
    }
    todo.iter().filter(|(_, pod)| !is_leaving(case, pod)).find_map(|(class, pod)| {
        let refused = case.postponed.get(&pod.uid).filter(|postponed| postponed.by_budget)?;
        if cannot(world, case, class, &world.cluster.workload_of(pod)).is_some() {
            return None;
        }
        // What the budgets say is read once for each time that one has refused.
        let Some((view, _)) = case.drain.as_ref().filter(|(_, asked)| *asked >= refused.since) else {
            return Some(Move::Do(Verb::PlanDrain { node: node.name.clone() }));
        };
        match one_more(world, case, (class, pod), &view.budgets) {
            OneMore::Of(workload) => Some(scale_up(world, case, workload)),
            OneMore::Ask(look) => Some(Move::Do(look)),
            OneMore::No(_) | OneMore::Unasked => None,
        }
    })
}

fn scale_up(world: &World<'_>, case: &Case, target: Target) -> Move {
    match case.fresh_workload(world.now.tick, &target) {
        None => Move::Do(Verb::LookAtWorkload(target)),
        Some(view) => surge::up_by(view, case, &target),
    }
}

/// Why a pod that a budget keeps is not joined by one more, for those who wonder.
pub(super) fn why_not(world: &World<'_>, case: &Case, class: &Class, pod: &PodFact) -> String {
    let budgets = case.drain.as_ref().map_or(&[][..], |(view, _)| &view.budgets);
    let by_budget = case.postponed.get(&pod.uid).filter(|postponed| postponed.by_budget);
    match one_more(world, case, (class, pod), budgets) {
        OneMore::No(why) if by_budget.is_some() => format!("; no pod more first: {why}"),
        OneMore::No(_) | OneMore::Of(_) | OneMore::Ask(_) | OneMore::Unasked => String::new(),
    }
}

/// Workloads that somebody else keeps from having one more, as lines of the evidence that are not there yet.
pub(crate) fn refused(world: &World<'_>, case: &Case) -> Vec<(String, String)> {
    if !world.settings.drain.surge || case.recovery.spec.target.kind != Kind::Node {
        return Vec::new();
    }
    let known = case.recovery.status.evidence.iter().filter(|(name, _)| name.starts_with(REFUSED)).count();
    let kept = case.looks.workloads.values().filter_map(|(view, _)| {
        Some((evidence_of(&view.fact.target()), view.keeps_from_scaling(&case.recovery.name)?))
    });
    let undone = surge::scaled(world, &case.recovery).into_iter().filter(|workload| is_undone(world, case, workload));
    let undone = undone.map(|workload| (evidence_of(&workload), String::from(TAKEN_BACK)));
    let said = undone.chain(kept.take(MAX_REFUSED.saturating_sub(known)));
    said.filter(|(name, _)| case.recovery.evidence(name).is_none()).collect()
}

fn evidence_of(workload: &Target) -> String {
    format!("{REFUSED}{workload}")
}

/// Whether a person has taken the one more back, be it the number or our mark.
fn is_undone(world: &World<'_>, case: &Case, workload: &Target) -> bool {
    let name = &case.recovery.name;
    match world.cluster.exact_workload(workload) {
        Some(fact) if fact.marked_by == *name => is_taken_back(fact),
        // The watch may have yet to show it; a read that is at hand is younger than our last write.
        Some(_) => {
            let seen = case.looks.workloads.get(&workload.uid).is_some_and(|(view, _)| view.owner != *name);
            // What we have begun to take back ourselves is nobody else's doing.
            let back = surge::back(workload).to_string();
            let begun = case.recovery.steps().any(|step| step.name == back);
            seen && !begun
                && case.recovery.has_done(|step| step.strip_prefix(surge::UP) == Some(&*workload.to_string()))
        }
        None => false,
    }
}

/// The workloads that have one more by this attempt, as the record or their mark says.
pub(super) fn scaled(world: &World<'_>, case: &Case) -> BTreeSet<Target> {
    let steps = || case.recovery.attempt().into_iter().flat_map(|attempt| &attempt.steps);
    if !world.settings.drain.surge && !steps().any(|step| step.name.starts_with(surge::UP)) {
        return BTreeSet::new();
    }
    let done = steps().filter(|step| step.result == StepResult::Succeeded);
    let recorded = done.filter_map(|step| impacted(world.cluster, step.name.strip_prefix(surge::UP)?));
    let marked = world.cluster.marked_workloads().filter(|(_, marked_by)| **marked_by == case.recovery.name);
    marked.map(|(workload, _)| workload).chain(recorded).filter(|workload| !is_over(case, workload)).collect()
}

/// Whether its one more was taken back in this attempt.
fn is_over(case: &Case, workload: &Target) -> bool {
    let back = surge::back(workload).to_string();
    let mut steps = case.recovery.attempt().into_iter().flat_map(|attempt| &attempt.steps);
    steps.any(|step| step.name == back && step.result == StepResult::Succeeded)
}

/// Whether a person has set the number that was there before, or a lower one.
fn is_taken_back(fact: &WorkloadFact) -> bool {
    fact.original_replicas.is_none_or(|original| fact.desired.unwrap_or(0) <= original)
}
