//! `resize`: the memory limit of a container that is killed for its memory is raised in place, once per Recovery, by what a policy says.
//!
//! The pod keeps its raised limit when the Recovery is over, as it would keep a new start: to lower it again would kill what needs it. Its
//! successor begins with the limit of the template, which is its owner's to change.

use super::Move;
use crate::effect::Verb;
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use crate::names::GuardName;
use crate::recovery::PodView;
use crate::settings::Resize;
use alloc::format;
use alloc::string::{String, ToString};

/// The evidence that says what the limit was, as `CONTAINER=BYTES`.
pub(crate) const BEFORE: &str = "memoryLimit";

pub(super) fn next(world: &World<'_>, case: &Case) -> Move {
    let subject = case.recovery.subject();
    let Some(pod) = world.cluster.exact_pod(subject) else { return Move::Verify };
    if pod.owned_by(&Kind::Job) {
        return impossible(format!("{subject} belongs to a Job, which makes another one: it is left alone"));
    }
    let Some(policy) = world.settings.resize else {
        return impossible("no HealingPolicy says by what factor and up to which limit (spec.resize)".to_string());
    };
    if let Some(why) = &case.refused {
        return impossible(format!("{subject} cannot be resized in place: {why}"));
    }
    match case.fresh_pod(world.now.tick) {
        Some(view) => by_view(case, view, policy),
        None => Move::Do(Verb::LookAtPod(subject.clone())),
    }
}

fn impossible(why: String) -> Move {
    Move::Impossible(GuardName::NoProvider, why)
}

fn by_view(case: &Case, view: &PodView, policy: Resize) -> Move {
    let subject = case.recovery.subject();
    let Some(container) = killed(view) else {
        return Move::Wait(
            format!("a fresh read of {subject} shows no container that was killed for its memory"),
            None,
        );
    };
    let Some(limit) = view.memory.limits.iter().find(|limit| *limit.container == *container) else {
        return impossible(format!(
            "container {container} of {subject} has no memory limit: its node ran out of memory"
        ));
    };
    let before = before(case, &container).unwrap_or(limit.wanted);
    let to = raised(before, policy);
    if to <= before {
        return impossible(format!(
            "the memory limit of container {container} of {subject}, {before} bytes, is not below the policy's resize.max, {} bytes",
            policy.max
        ));
    }
    match limit.wanted {
        wanted if wanted >= to => done(case, view, to),
        wanted if wanted == before && !was_resized(case) => Move::Do(Verb::ResizePod {
            target: subject.clone(),
            container,
            limit: to,
            guaranteed: view.memory.guaranteed,
            // Put in from the fresh read that confirms the failure, right before sending.
            resource_version: Text::from(""),
        }),
        wanted => Move::Stop(format!(
            "somebody else set the memory limit of container {container} of {subject} to {wanted} bytes"
        )),
    }
}

/// The first container that was killed for its memory, as the read shows it.
fn killed(view: &PodView) -> Option<Text> {
    let containers = view.fact.trouble.iter().flat_map(|trouble| &trouble.containers);
    containers
        .into_iter()
        .find(|container| !container.memory_kills.is_empty())
        .map(|container| Text::from(container.name.as_str()))
}

/// The limit that the record keeps from before our write.
fn before(case: &Case, container: &str) -> Option<u64> {
    let (known, bytes) = case.recovery.evidence(BEFORE)?.split_once('=')?;
    bytes.parse().ok().filter(|_| known == container)
}

/// What the record has to keep before `limit` of `container` is raised, if it does not yet.
pub(crate) fn keeps(case: &Case, view: &PodView, container: &Text) -> Option<(String, String)> {
    let limit = view.memory.limits.iter().find(|limit| limit.container == *container)?;
    let kept = before(case, container).is_some();
    (!kept).then(|| (BEFORE.to_string(), format!("{container}={}", limit.wanted)))
}

fn raised(before: u64, policy: Resize) -> u64 {
    let by = u128::from(before) * u128::from(policy.thousandths) / 1000;
    u64::try_from(by).unwrap_or(u64::MAX).min(policy.max)
}

fn was_resized(case: &Case) -> bool {
    let begin = format!("resize {} ", case.recovery.subject().key);
    case.recovery.has_done(|step| step.starts_with(&begin))
}

/// The limit is raised; whether its kubelet has done so, too.
fn done(case: &Case, view: &PodView, to: u64) -> Move {
    let subject = case.recovery.subject();
    match &view.memory.pending {
        Some(why) if why.starts_with("Infeasible") => impossible(format!("the kubelet cannot resize {subject}: {why}")),
        Some(why) => Move::Wait(format!("the kubelet has not resized {subject} yet: {why}"), None),
        None if has_it(view, to) => Move::Verify,
        None => Move::Wait(format!("waits until the kubelet has resized {subject}"), None),
    }
}

fn has_it(view: &PodView, to: u64) -> bool {
    let container = killed(view);
    let mut limits = view.memory.limits.iter().filter(|limit| Some(&limit.container) == container.as_ref());
    limits.any(|limit| limit.actual.is_some_and(|actual| actual >= to))
}

/// Whether the container has its raised limit and the pod is ready, by a fresh read and by the watch.
pub(super) fn verify(world: &World<'_>, case: &Case) -> (bool, String) {
    let subject = case.recovery.subject();
    let Some(pod) = world.cluster.exact_pod(subject) else {
        return (true, format!("{subject} is gone; what comes in its place begins with the limit of its template"));
    };
    let ready = pod.ready && !pod.terminating();
    let limit = case.fresh_pod(world.now.tick).and_then(|view| {
        let container = killed(view)?;
        view.memory.limits.iter().find(|limit| limit.container == container)?.actual
    });
    match limit {
        Some(limit) => (
            ready,
            format!(
                "{subject} is {}, with a memory limit of {limit} bytes",
                if ready { "ready" } else { "not ready yet" }
            ),
        ),
        None => (false, format!("waits for a read of {subject}")),
    }
}
