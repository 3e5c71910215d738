//! Standbys: in an emergency the Deployment that a Service names as its standby first gets as many pods as the primary wants, and has its
//! own number again when the Service is served by the primary again.

use super::service::{self, Standing, standing};
use super::{Move, surge};
use crate::cluster::Cluster;
use crate::effect::Verb;
use crate::fact::{Marks, ServiceFact, WorkloadFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Target};
use crate::names::GuardName;
use alloc::format;
use alloc::string::String;

/// What the standby still needs before the Service is switched to it.
pub(super) enum Growth {
    /// This.
    Next(Move),
    /// It is as it is to be.
    Done,
    /// It cannot have more pods; why.
    Refused(String),
}

/// As many pods for the standby as the primary wants, and then the first of them ready.
pub(super) fn growth(world: &World<'_>, case: &Case, service: &ServiceFact) -> Growth {
    if standing(world, case) != Standing::Untouched || service::chosen(service).is_none_or(|chosen| chosen.is_err()) {
        return Growth::Done;
    }
    let named = service.standby.as_ref().and_then(|standby| standby.named(&service.key));
    let key = match named {
        None => return Growth::Done,
        Some(Ok((_, key))) => key,
        Some(Err(wrong)) => return Growth::Next(Move::Impossible(GuardName::NoProvider, wrong)),
    };
    let Some(fact) = world.cluster.workload(&Kind::Deployment, &key) else {
        return Growth::Refused(format!("Deployment {key} is not there"));
    };
    let target = fact.target();
    if surge::has_begun(world, case, &target) {
        return awaited(world, case, fact);
    }
    let (size, has) = (size(world.cluster, service, &target), fact.desired.unwrap_or(0));
    if has >= size {
        return Growth::Done;
    }
    if fact.marks.has(Marks::EXCLUDED) {
        return Growth::Refused(format!("{target} is marked self-healing.dev/exclude"));
    }
    match case.fresh_service(world.now.tick) {
        None => return Growth::Next(Move::Do(Verb::LookAtService(service.target()))),
        // It will not be switched: the standby is not needed.
        Some(view) if view.keeper.is_some() => return Growth::Done,
        Some(_) => {}
    }
    let Some(view) = case.fresh_workload(world.now.tick, &target) else {
        return Growth::Next(Move::Do(Verb::LookAtWorkload(target)));
    };
    match view.keeps_from_scaling(&case.recovery.name) {
        Some(why) => Growth::Refused(why),
        None => Growth::Next(surge::up_to(view, case, &target, size)),
    }
}

/// Pods that the primary wants.
fn size(cluster: &Cluster, service: &ServiceFact, standby: &Target) -> u32 {
    let primary = service::behind(cluster, service, service::original(service));
    primary.filter(|fact| fact.uid != standby.uid).filter_map(|fact| fact.desired).fold(0, u32::saturating_add)
}

/// The first ready pod of a standby that was given more, unless a person has taken them back.
fn awaited(world: &World<'_>, case: &Case, fact: &WorkloadFact) -> Growth {
    let target = fact.target();
    let ready = world.cluster.each_pod_of(&target).any(|pod| pod.ready && !pod.terminating());
    if ready || surge::was_undone(world, case, &target) {
        return Growth::Done;
    }
    Growth::Next(Move::Wait(format!("waits for a ready pod of {target}, which is the standby"), None))
}

/// How a workload that has more pods by us gets its number back; `None` while a Service is switched to it by us. One that serves a
/// Service because a person wants it to keeps them.
pub(crate) fn give_back(cluster: &Cluster, workload: &Target) -> Option<Verb> {
    let Some(fact) = cluster.exact_workload(workload) else { return Some(surge::back(workload)) };
    let mut kept = false;
    for service in cluster.services().filter(|service| service.key.namespace == workload.key.namespace) {
        let Some(standby) = &service.standby else { continue };
        if !standby.owner.is_empty() && standby.switched.select(&fact.pod_labels) {
            return None;
        }
        let of_standby = standby.chosen(&service.key).and_then(Result::ok);
        kept |= of_standby.is_some_and(|chosen| chosen == service.selector && chosen.select(&fact.pod_labels));
    }
    Some(if kept { Verb::KeepScale(workload.clone()) } else { surge::back(workload) })
}

/// What a refused growth adds to why there is no failover.
pub(super) fn explained(next: Move, refused: &str) -> Move {
    match next {
        Move::Impossible(guard, why) => {
            Move::Impossible(guard, format!("{why}; it was not given more pods: {refused}"))
        }
        other => other,
    }
}
