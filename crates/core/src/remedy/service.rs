//! Services: `failover` sets the selector to that of the standby of their annotations, once the standby has a ready pod, and sets it back
//! when the primary was well without a gap.
//!
//! While the standby serves, the Recovery stays open, because it owns the switch ([decision 16]).
//!
//! [decision 16]: ../../../../docs/decisions/0016-a-switched-service-keeps-its-recovery-open.md

use super::standby::{self, Growth};
use super::{Move, open_step, workload};
use crate::cluster::Cluster;
use crate::effect::Verb;
use crate::fact::{Labels, Marks, PodFact, ServiceFact, WorkloadFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use crate::names::{GuardName, Strategy};
use crate::recovery::{Recovery, ServiceView};
use crate::time::Tick;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// The primary has to be well for so many health checks in a row before it serves again (contract section 6).
const CHECKS: u32 = 10;

/// How a Service stands with its Recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is gone, or another of its name is there.
    Gone,
    /// It was not switched.
    Untouched,
    /// It has the selector that we set.
    Switched,
    /// Somebody has changed what we had set.
    TakenBack,
}

/// How the Service of this case stands, as far as the watch shows it.
pub(crate) fn standing(world: &World<'_>, case: &Case) -> Standing {
    of_fact(&case.recovery, service_of(world.cluster, &case.recovery))
}

fn of_fact(recovery: &Recovery, service: Option<&ServiceFact>) -> Standing {
    let Some(service) = service else { return Standing::Gone };
    match service.standby.as_deref().filter(|standby| standby.owner == recovery.name) {
        Some(standby) if standby.switched == service.selector => Standing::Switched,
        Some(_) => Standing::TakenBack,
        None if was_switched(recovery) => Standing::TakenBack,
        None => Standing::Untouched,
    }
}

fn service_of<'a>(cluster: &'a Cluster, recovery: &Recovery) -> Option<&'a ServiceFact> {
    let target = &recovery.spec.target;
    cluster.service(&target.key).filter(|service| target.kind == Kind::Service && service.uid == target.uid)
}

/// Whether the record says that the switch was accepted, and not that it was given back.
fn was_switched(recovery: &Recovery) -> bool {
    let to = switch_name(recovery);
    recovery.has_done(|step| step == to) && open_step(recovery, &to, &back_name(recovery))
}

fn switch_name(recovery: &Recovery) -> String {
    format!("switch service {} to its standby", recovery.spec.target.key)
}

fn back_name(recovery: &Recovery) -> String {
    format!("switch service {} back", recovery.spec.target.key)
}

/// The next move of `failover`.
pub(super) fn failover(world: &World<'_>, case: &Case) -> Move {
    match standing(world, case) {
        Standing::Gone => Move::Verify,
        Standing::TakenBack => taken_back(world, case),
        Standing::Switched if was_switched(&case.recovery) => Move::Verify,
        // Ours without being in the record: a crash came between. It is sent again, so that a person who takes it back is noticed.
        Standing::Switched => looked(world, case, switch),
        Standing::Untouched => match service_of(world.cluster, &case.recovery).and_then(chosen) {
            Some(Ok(_)) => looked(world, case, untouched),
            Some(Err(wrong)) => Move::Impossible(GuardName::NoProvider, wrong),
            None => Move::Instead(Strategy::Restart, no_standby(&case.recovery)),
        },
    }
}

/// The next move of `restart`: the workloads behind the Service, one after the other, until it has a ready endpoint.
pub(super) fn restart(world: &World<'_>, case: &Case) -> Move {
    let Some(service) = service_of(world.cluster, &case.recovery) else { return Move::Verify };
    if case.has_stepped() && world.cluster.ready_endpoints(&service.key) > 0 {
        return Move::Verify;
    }
    match restart_each(world, case, service) {
        Ok(next) => next,
        Err(why) => Move::Impossible(GuardName::Plan, why),
    }
}

/// The next move until each workload behind the Service was restarted once in this attempt; why none of them can be.
fn restart_each(world: &World<'_>, case: &Case, service: &ServiceFact) -> Result<Move, String> {
    let (mut restarted, mut kept) = (false, Vec::new());
    for fact in wanted(world.cluster, service) {
        let target = fact.target();
        if fact.marks.has(Marks::EXCLUDED) {
            kept.push(format!("{target} is marked self-healing.dev/exclude"));
            continue;
        }
        match workload::restart_of(world, case, &target) {
            Move::Verify => {
                restarted = true;
                let (through, words) = workload::rolled_out(world, case, &target);
                if !through {
                    return Ok(Move::Wait(words, None));
                }
            }
            Move::Impossible(_, why) => kept.push(why),
            next => return Ok(next),
        }
    }
    match (restarted, kept.is_empty()) {
        (true, _) => Ok(Move::Verify),
        (false, true) => Err(format!(
            "no Deployment, StatefulSet or DaemonSet is behind Service {} that could be restarted",
            service.key
        )),
        (false, false) => Err(kept.join("; ")),
    }
}

/// The workloads behind the Service that want pods and can be restarted; of one that is switched, those that it had before.
fn wanted<'a>(cluster: &'a Cluster, service: &'a ServiceFact) -> impl Iterator<Item = &'a WorkloadFact> {
    let restarts = |kind: &Kind| matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
    behind(cluster, service, original(service)).filter(move |fact| fact.desired != Some(0) && restarts(&fact.kind))
}

/// The next move of `emergency_failover`: the standby gets the primary's size, then as `failover`, and then the primary is restarted.
pub(super) fn emergency(world: &World<'_>, case: &Case) -> Move {
    let Some(service) = service_of(world.cluster, &case.recovery) else { return failover(world, case) };
    let next = match standby::growth(world, case, service) {
        Growth::Next(step) => return step,
        Growth::Done => failover(world, case),
        Growth::Refused(why) => standby::explained(failover(world, case), &why),
    };
    if next != Move::Verify || standing(world, case) != Standing::Switched || case.recovery.is_verified() {
        return next;
    }
    // The standby serves by now; a primary that cannot be restarted is left as it is.
    restart_each(world, case, service).unwrap_or(Move::Verify)
}

/// Whether what is done for this Recovery is to restart workloads, which the Service itself does not show.
pub(crate) fn restarts(world: &World<'_>, case: &Case) -> bool {
    let restart = case.recovery.attempt().is_some_and(|attempt| attempt.strategy == Strategy::Restart);
    restart || service_of(world.cluster, &case.recovery).is_some_and(|service| chosen(service).is_none())
}

/// What follows from a fresh read, or the read.
fn looked(world: &World<'_>, case: &Case, then: impl Fn(&World<'_>, &Case, &ServiceView) -> Move) -> Move {
    match case.fresh_service(world.now.tick) {
        Some(view) => then(world, case, view),
        None => Move::Do(Verb::LookAtService(case.recovery.spec.target.clone())),
    }
}

fn untouched(world: &World<'_>, case: &Case, view: &ServiceView) -> Move {
    let key = &case.recovery.spec.target.key;
    if let Some(keeper) = &view.keeper {
        let why = format!("Service {key} is kept by {keeper}, so its selector is not ours to change: switch it there");
        return Move::Impossible(GuardName::Plan, why);
    }
    if view.ready_endpoints == 0 && view.standby_ready == 0 {
        let standby = view.fact.standby.as_deref().map_or("", |standby| &standby.selector);
        let why = format!("the standby of Service {key} ({standby}) has no ready pod");
        return Move::Impossible(GuardName::NoProvider, why);
    }
    switch(world, case, view)
}

fn switch(_: &World<'_>, case: &Case, view: &ServiceView) -> Move {
    let target = case.recovery.spec.target.clone();
    // Of one that is switched already the annotation may have changed since; what was set then is sent again.
    let ours = view.fact.standby.as_ref().filter(|standby| standby.owner == case.recovery.name);
    match ours.map(|standby| Ok(standby.switched.clone())).or_else(|| chosen(&view.fact)) {
        // The version is put in from the fresh read that confirms the failure, right before sending.
        Some(Ok(to)) => Move::Do(Verb::SwitchService { target, to, resource_version: Text::from("") }),
        Some(Err(wrong)) => Move::Impossible(GuardName::NoProvider, wrong),
        None => Move::Impossible(GuardName::NoProvider, no_standby(&case.recovery)),
    }
}

pub(super) fn chosen(service: &ServiceFact) -> Option<Result<Labels, String>> {
    service.standby.as_ref().and_then(|standby| standby.chosen(&service.key))
}

fn no_standby(recovery: &Recovery) -> String {
    format!("Service {} has no standby (annotation self-healing.dev/failover-selector)", recovery.spec.target.key)
}

/// What the watch shows of somebody else's change may be from before our own.
fn taken_back(world: &World<'_>, case: &Case) -> Move {
    let key = &case.recovery.spec.target.key;
    let read = |_: &World<'_>, case: &Case, view: &ServiceView| match of_fact(&case.recovery, Some(&view.fact)) {
        Standing::TakenBack => {
            let kept = pairs(&view.fact.selector);
            Move::Stop(format!(
                "somebody else changed Service {key} after we had switched it; it is left as it is ({kept})"
            ))
        }
        Standing::Gone | Standing::Untouched | Standing::Switched => {
            Move::Wait(format!("waits until the watch shows Service {key} as it is"), None)
        }
    };
    looked(world, case, read)
}

/// Whether the Service has a ready endpoint, and who serves it.
pub(super) fn verify(world: &World<'_>, case: &Case) -> (bool, String) {
    let key = &case.recovery.spec.target.key;
    let ready = world.cluster.ready_endpoints(key);
    let by = if standing(world, case) == Standing::Switched { " of its standby" } else { "" };
    let refuted = case.fresh_service(world.now.tick).is_some_and(|view| view.ready_endpoints == 0);
    (ready > 0 && !refuted, format!("Service {key} has {ready} ready endpoints{by}"))
}

/// The selector that a switch takes away, for the record, before it does.
pub(crate) fn keeps(world: &World<'_>, recovery: &Recovery) -> Option<(String, String)> {
    let service = service_of(world.cluster, recovery)?;
    let ours = service.standby.as_ref().filter(|standby| standby.owner == recovery.name);
    let selector = ours.map_or(&service.selector, |standby| &standby.original);
    Some((ORIGINAL.to_string(), pairs(selector)))
}

/// The evidence that says which selector a Service had.
pub(crate) const ORIGINAL: &str = "originalSelector";

fn pairs(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

/// Why the Service is not switched back yet, and when that has to be asked again; `None` when it is time.
pub(crate) fn stays(world: &World<'_>, case: &mut Case) -> Option<(String, Option<Tick>)> {
    let key = case.recovery.spec.target.key.clone();
    let serves = format!("the standby of Service {key} serves it");
    if world.cluster.freshness.stale(world.now.tick).is_some() {
        // What is not seen is no health.
        case.well_since = None;
        return Some((format!("{serves}; the primary is not seen"), None));
    }
    let service = service_of(world.cluster, &case.recovery)?;
    if let Err(why) = primary(world.cluster, service) {
        case.well_since = None;
        return Some((format!("{serves} until the primary is well: {why}"), None));
    }
    if world.cluster.ready_endpoints(&key) == 0 {
        // Nobody serves it now, and the primary could.
        return None;
    }
    let since = *case.well_since.get_or_insert(world.now.tick);
    let wait = hysteresis(world);
    let until = since + wait;
    (world.now.tick < until).then(|| {
        let words = format!("{serves} until the primary was well for {} s without a gap", wait.as_secs_f32());
        (words, Some(until))
    })
}

fn hysteresis(world: &World<'_>) -> Duration {
    world.settings.service_check_interval.saturating_mul(CHECKS)
}

/// Whether what the original selector chooses is whole, as far as the watches show it; else what is missing.
fn primary(cluster: &Cluster, service: &ServiceFact) -> Result<(), String> {
    let original = original(service);
    let wanted: Vec<&WorkloadFact> =
        behind(cluster, service, original).filter(|workload| workload.desired != Some(0)).collect();
    for workload in &wanted {
        let pods = cluster.pods_of(&workload.target());
        let ready = pods.iter().filter(|pod| pod.ready && !pod.terminating()).count();
        let desired = workload.desired.unwrap_or(1) as usize;
        if ready < desired {
            return Err(format!("{}: {ready} of {desired} ready", workload.target()));
        }
    }
    let sick = |pod: &PodFact| pod.trouble.as_ref().is_some_and(|trouble| original.select(&trouble.labels));
    // Pods without controller; labels are known of those in trouble only, which are those that matter.
    let mut alone = cluster.bare_in(&service.key.namespace).filter(|pod| !pod.finished());
    alone.find(|pod| sick(pod)).map_or(Ok(()), |pod| Err(format!("pod {} is not ready", pod.key)))
}

pub(super) fn original(service: &ServiceFact) -> &Labels {
    service.standby.as_ref().filter(|standby| !standby.owner.is_empty()).map_or(&service.selector, |s| &s.original)
}

/// The workloads whose pods `selector` chooses, the topmost of each.
pub(super) fn behind<'a>(
    cluster: &'a Cluster,
    service: &'a ServiceFact,
    selector: &'a Labels,
) -> impl Iterator<Item = &'a WorkloadFact> {
    let in_namespace = cluster.workloads_in(&service.key.namespace);
    in_namespace.filter(|workload| workload.owner.is_none() && selector.select(&workload.pod_labels))
}

/// The switch that has to be given back, from the record and from the world, whichever knows of it.
pub(super) fn marks_left(world: &World<'_>, recovery: &Recovery) -> Option<Verb> {
    let target = &recovery.spec.target;
    if target.kind != Kind::Service {
        return None;
    }
    let service = service_of(world.cluster, recovery)?;
    let seen = service.standby.as_ref().is_some_and(|standby| standby.owner == recovery.name);
    let recorded = open_step(recovery, &switch_name(recovery), &back_name(recovery));
    (seen || recorded).then(|| Verb::SwitchBack(target.clone()))
}

/// Whether a Recovery that is about to end well has to keep its switch nevertheless: by a fresh read, the primary has no ready pod.
pub(crate) fn calls_off(world: &World<'_>, case: &Case) -> Option<CallsOff> {
    if standing(world, case) != Standing::Switched {
        return None;
    }
    match case.fresh_service(world.now.tick) {
        None => Some(CallsOff::Ask(Verb::LookAtService(case.recovery.spec.target.clone()))),
        Some(view) if view.primary_ready == 0 => {
            let key = &case.recovery.spec.target.key;
            Some(CallsOff::Stays(format!(
                "the standby of Service {key} serves it: a fresh read shows no ready pod of the primary"
            )))
        }
        Some(_) => None,
    }
}

/// Until when the endpoints of a Service that was just switched back may take to follow; `None` when they have, or nothing was switched.
pub(crate) fn settles(world: &World<'_>, case: &Case) -> Option<Tick> {
    let service = service_of(world.cluster, &case.recovery)?;
    let back = back_name(&case.recovery);
    let mut steps = case.recovery.attempt().into_iter().flat_map(|attempt| &attempt.steps);
    if !steps.any(|step| step.name == back) || world.cluster.ready_endpoints(&service.key) > 0 {
        return None;
    }
    let until = case.times.stepped()?.plus(hysteresis(world));
    (world.now.tick < until).then_some(until)
}

/// What keeps a Service from being switched back.
pub(crate) enum CallsOff {
    /// This has to be read first.
    Ask(Verb),
    /// Its standby goes on serving it; why.
    Stays(String),
}

/// Services that a Recovery which is over has left switched, with its name.
pub(crate) fn orphans<'a>(
    cluster: &'a Cluster,
    over: impl Fn(&Text) -> bool + 'a,
) -> impl Iterator<Item = (Text, Verb)> + 'a {
    cluster.services().filter_map(move |service| {
        let owner =
            service.standby.as_ref().map(|standby| &standby.owner).filter(|owner| !owner.is_empty() && over(owner))?;
        Some((owner.clone(), Verb::SwitchBack(service.target())))
    })
}
