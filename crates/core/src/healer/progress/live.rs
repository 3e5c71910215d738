//! `Live`: nothing irreversible on cached knowledge; a read younger than five seconds must confirm the failure.

#![allow(clippy::result_large_err, reason = "what keeps a write back is made once for it, and handed over twice")]

use crate::detect::{
    DEPLOYMENT_RULES, NODE_RULES, POD_RULES, Rule, STATEFUL_SET_RULES, Sight, Signal, is_killed_for_memory,
};
use crate::effect::Verb;
use crate::healer::World;
use crate::healer::case::Case;
use crate::key::{Kind, Target, Text};
use crate::machine::Order;
use crate::names::Strategy;
use crate::recovery::PodView;
use crate::remedy;
use crate::time::{Stamp, Tick};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

/// How old a read may be when the write follows.
pub(crate) const FRESH: Duration = Duration::from_secs(5);
/// After a read that did not confirm the failure, the next one waits this long.
const DOUBT: Duration = Duration::from_secs(1);

/// Whether a verb may go out now.
pub(super) enum Live {
    /// It may, with what the fresh read adds to it.
    Send(Verb),
    /// This has to be read first.
    LookFirst(Verb),
    /// The record has to be stored first.
    StoreFirst,
    /// The fresh read does not confirm it.
    Doubt(String, Tick),
}

pub(super) fn confirm(world: &World<'_>, case: &mut Case, verb: Verb) -> Live {
    if !verb.is_destructive() {
        // Without the mark nothing but the record says that a person had taken the one more back.
        let hides = matches!(verb, Verb::ScaleBack(_)) || gives_up(case, &verb);
        return if hides && case.is_unsaved() { Live::StoreFirst } else { Live::Send(verb) };
    }
    case.gather.due |= !case.saving.evidence_stored;
    if !is_recorded(case) {
        return Live::StoreFirst;
    }
    if !case.saving.evidence_stored {
        return Live::StoreFirst;
    }
    let subject = case.recovery.subject().clone();
    if remedy::is_workload(&subject)
        && let Err(not_yet) = workload(world, case, &subject)
    {
        return not_yet;
    }
    if case.recovery.spec.target.kind == Kind::Node
        && let Some(not_yet) = node(world, case)
    {
        return not_yet;
    }
    match verb {
        Verb::DeletePod { target, grace, .. } => match pod(world, case, &target, true) {
            Ok(view) => delete(world, case, (target, grace), view),
            Err(not_yet) => not_yet,
        },
        Verb::Evict { target, grace } => match pod(world, case, &target, false) {
            Ok(_) => Live::Send(Verb::Evict { target, grace }),
            Err(not_yet) => not_yet,
        },
        Verb::ResizePod { target, container, limit, guaranteed, .. } => match resized(world, case, &target, &container)
        {
            Ok(resource_version) => {
                Live::Send(Verb::ResizePod { target, container, limit, guaranteed, resource_version })
            }
            Err(not_yet) => not_yet,
        },
        Verb::SwitchService { target, to, .. } => match service(world, case) {
            Ok(resource_version) => Live::Send(Verb::SwitchService { target, to, resource_version }),
            Err(not_yet) => not_yet,
        },
        Verb::TaintSuspect { node } => {
            let target = case.recovery.subject().clone();
            match pod(world, case, &target, false) {
                Ok(_) => Live::Send(Verb::TaintSuspect { node }),
                Err(not_yet) => not_yet,
            }
        }
        Verb::RestartWorkload { target, at, .. } => restart(world, case, target, at),
        Verb::ScaleUp { target, to, .. } => scale_up(world, case, target, to),
        Verb::RollBack { target, from, to, .. } => match case.fresh_workload(world.now.tick, &target) {
            Some(view) => {
                let resource_version = view.resource_version.clone();
                Live::Send(Verb::RollBack { target, resource_version, from, to })
            }
            None => Live::LookFirst(Verb::LookAtWorkload(target)),
        },
        Verb::Replace(order) => replace(world, case, order),
        Verb::TaintOutOfService(target) => fence(world, case, target),
        verb => Live::Send(verb),
    }
}

/// What a machine is, and the node's last sign of life, are stored before an order that cannot be taken back.
fn replace(world: &World<'_>, case: &mut Case, order: Box<Order>) -> Live {
    if remedy::ordered(&case.recovery).is_none() {
        let node = world.cluster.exact_node(&order.inquiry.node);
        let machine = &order.machine;
        let said = [
            (remedy::MACHINE, Some(machine.name.to_string())),
            (remedy::MACHINE_UID, Some(machine.uid.to_string())),
            (remedy::MACHINE_POOL, Some(machine.pool.to_string())),
            (remedy::LAST_SIGN, node.and_then(|node| remedy::last_sign(world, node))),
        ];
        note(case, said);
    }
    if case.is_unsaved() { Live::StoreFirst } else { Live::Send(Verb::Replace(order)) }
}

/// Whether it ends an order before its Recovery ends; that the next template's turn has come is stored first.
fn gives_up(case: &mut Case, verb: &Verb) -> bool {
    let Verb::EndRemediation { machine, .. } = verb else { return false };
    if remedy::ordered(&case.recovery).is_some() {
        remedy::give_up(&mut case.recovery, machine);
        case.saving.dirty = true;
    }
    true
}

/// The proof is stored before the taint, and is of just now.
fn fence(world: &World<'_>, case: &mut Case, target: Target) -> Live {
    let node = world.cluster.exact_node(&target);
    let Some(by) = node.and_then(|node| remedy::stated(world, case, node)) else {
        let reason = format!("nothing proves that the machine of {} is off now", target.key);
        return Live::Doubt(reason, world.now.tick + DOUBT);
    };
    if case.recovery.evidence(remedy::OFF).is_none() {
        note(case, [(remedy::OFF, Some(by))]);
        // What waited for that is to come back as well.
        case.lists(remedy::freed_by_fencing(world, &target));
    }
    if case.is_unsaved() { Live::StoreFirst } else { Live::Send(Verb::TaintOutOfService(target)) }
}

fn note<const N: usize>(case: &mut Case, said: [(&str, Option<String>); N]) {
    let said = said.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?)));
    case.recovery.status.evidence.extend(said);
    case.saving.dirty = true;
}

/// The read without which the failure of `target` may not be called over, or `None` when it was made just now: a view may
/// be behind, as one from before the failure, and a finding that comes back with it would find its record closed.
pub(super) fn look_first(world: &World<'_>, case: &Case, target: &Target) -> Option<Verb> {
    if remedy::is_workload(target) && case.has_written() {
        let seen = case.fresh_workload(world.now.tick, target).is_some();
        return (!seen && !was_gone(world, case, target)).then(|| Verb::LookAtWorkload(target.clone()));
    }
    // A trouble that is only watched is told again under its new onset when it comes back.
    let acts = case.recovery.has_acted() || case.recovery.spec.strategy != Some(Strategy::Monitor);
    let is_looked_at = matches!(target.kind, Kind::Node | Kind::Pod) || target.kind == Kind::Service && acts;
    if !is_looked_at {
        return None;
    }
    let fresh = |at: Tick| world.now.tick.since(at) <= FRESH;
    let looks = &case.looks;
    let (seen, look) = match target.kind {
        Kind::Node => (looks.node.as_ref().map(|(_, at)| *at), Verb::LookAtNode(target.clone())),
        Kind::Service => (looks.service.as_ref().map(|(_, at)| *at), Verb::LookAtService(target.clone())),
        _ => {
            let pod = looks.pod.as_ref().filter(|(view, _)| view.fact.uid == target.uid);
            (pod.map(|(_, at)| *at), Verb::LookAtPod(target.clone()))
        }
    };
    (!was_gone(world, case, target) && !seen.is_some_and(fresh)).then_some(look)
}

/// Whether it was just read that it is not there.
fn was_gone(world: &World<'_>, case: &Case, target: &Target) -> bool {
    let gone = case.looks.gone.as_ref().filter(|(uid, _)| *uid == target.uid);
    gone.is_some_and(|(_, at)| world.now.tick.since(*at) <= FRESH)
}

/// A failing controller of pods has to fail by a fresh read as well.
fn workload(world: &World<'_>, case: &mut Case, target: &Target) -> Result<(), Live> {
    let Some(view) = case.fresh_workload(world.now.tick, target) else {
        return Err(Live::LookFirst(Verb::LookAtWorkload(target.clone())));
    };
    let rules = if target.kind == Kind::StatefulSet { STATEFUL_SET_RULES } else { DEPLOYMENT_RULES };
    if fails(world, case, rules, &view.fact) {
        return Ok(());
    }
    case.looks.workloads.clear();
    Err(Live::Doubt(format!("a fresh read does not show {target} failing"), world.now.tick + DOUBT))
}

/// Write-ahead: the attempt is stored before it writes.
fn is_recorded(case: &Case) -> bool {
    case.saving.created && case.saving.attempts_stored >= case.recovery.status.attempts.len()
}

fn node(world: &World<'_>, case: &mut Case) -> Option<Live> {
    let target = &case.recovery.spec.target;
    if was_gone(world, case, target) {
        // Only what was ordered before is asked for again then, which changes nothing.
        return None;
    }
    if case.looks.node.as_ref().is_none_or(|(_, at)| world.now.tick.since(*at) > FRESH) {
        return Some(Live::LookFirst(Verb::LookAtNode(target.clone())));
    }
    let node = world.cluster.exact_node(target)?;
    if fails(world, case, NODE_RULES, node) || remedy::hides_its_cause(case) {
        return None;
    }
    case.looks.node = None;
    Some(Live::Doubt(format!("a fresh read does not show node {} failing", node.name), world.now.tick + DOUBT))
}

/// The version at which a pod may be resized; what its limit was is stored first.
fn resized(world: &World<'_>, case: &mut Case, target: &Target, container: &Text) -> Result<Text, Live> {
    let Some(view) = case.fresh_pod(world.now.tick) else {
        return Err(Live::LookFirst(Verb::LookAtPod(target.clone())));
    };
    let sight = Sight { now: world.now, cluster: world.cluster, settings: world.settings, detection: None };
    if view.fact.terminating() || !is_killed_for_memory(&target.key, &sight) {
        case.looks.pod = None;
        let reason = format!("a fresh read does not show pod {} killed for its memory", target.key);
        return Err(Live::Doubt(reason, world.now.tick + DOUBT));
    }
    let (version, keeps) = (view.resource_version.clone(), remedy::keeps_of_limit(case, view, container));
    if let Some(kept) = keeps {
        case.recovery.status.evidence.push(kept);
        case.saving.dirty = true;
    }
    if case.is_unsaved() {
        return Err(Live::StoreFirst);
    }
    Ok(version)
}

/// For a pod that still fails, for one that a disruption budget keeps on a node that does, or for a Service without ready endpoints.
fn scale_up(world: &World<'_>, case: &mut Case, target: Target, to: u32) -> Live {
    let subject = case.recovery.subject().clone();
    if subject.kind == Kind::Pod
        && let Err(not_yet) = pod(world, case, &subject, true)
    {
        return not_yet;
    }
    if subject.kind == Kind::Service
        && let Err(not_yet) = service(world, case)
    {
        return not_yet;
    }
    match case.fresh_workload(world.now.tick, &target) {
        Some(view) => {
            let (resource_version, from) = (view.resource_version.clone(), view.fact.desired.unwrap_or(0));
            Live::Send(Verb::ScaleUp { target, resource_version, from, to })
        }
        None => Live::LookFirst(Verb::LookAtWorkload(target)),
    }
}

fn restart(world: &World<'_>, case: &mut Case, target: Target, at: Stamp) -> Live {
    if case.recovery.spec.target.kind == Kind::Service
        && let Err(not_yet) = service(world, case)
    {
        return not_yet;
    }
    match case.fresh_workload(world.now.tick, &target) {
        Some(view) => {
            let resource_version = view.resource_version.clone();
            Live::Send(Verb::RestartWorkload { target, resource_version, at })
        }
        None => Live::LookFirst(Verb::LookAtWorkload(target)),
    }
}

/// The version at which a Service was read that fails, or that is switched by us already.
fn service(world: &World<'_>, case: &mut Case) -> Result<Text, Live> {
    let target = case.recovery.spec.target.clone();
    let Some(view) = case.fresh_service(world.now.tick) else {
        return Err(Live::LookFirst(Verb::LookAtService(target)));
    };
    let version = view.resource_version.clone();
    let ours = view.fact.standby.as_ref().is_some_and(|standby| standby.owner == case.recovery.name);
    if view.ready_endpoints > 0 && !ours {
        case.looks.service = None;
        // What an earlier process may have written would have been seen by now.
        case.may_have_written = false;
        let reason = format!("a fresh read shows ready endpoints of Service {}", target.key);
        return Err(Live::Doubt(reason, world.now.tick + DOUBT));
    }
    Ok(version)
}

/// The pod as a read shows it that confirms what is about to be done; `clears` when it is to be deleted.
fn pod(world: &World<'_>, case: &mut Case, target: &Target, clears: bool) -> Result<PodView, Live> {
    let fresh =
        case.looks.pod.as_ref().filter(|(view, at)| view.fact.uid == target.uid && world.now.tick.since(*at) <= FRESH);
    let Some((view, _)) = fresh else { return Err(Live::LookFirst(Verb::LookAtPod(target.clone()))) };
    let view = view.clone();
    let doubt = if case.recovery.spec.target.kind == Kind::Node {
        // What is moved off a sick node need not be sick itself; what is cleared away has ended.
        let relieves = case.recovery.attempt().is_some_and(|attempt| attempt.strategy == Strategy::Relieve);
        view.fact.terminating() || relieves && clears && !view.fact.finished()
    } else {
        !is_failing(world, case, &view)
    };
    if doubt {
        case.looks.pod = None;
        return Err(Live::Doubt(
            format!("a fresh read does not show pod {} failing", target.key),
            world.now.tick + DOUBT,
        ));
    }
    Ok(view)
}

fn is_failing(world: &World<'_>, case: &Case, view: &PodView) -> bool {
    if case.recovery.status.attempts.len() > 1 {
        // A later attempt acts on the replacement, whose failure is that it did not become ready in time.
        return !view.fact.ready && !view.fact.terminating();
    }
    fails(world, case, POD_RULES, &view.fact)
}

/// Whether a rule of the Recovery's type of failure says of `object` now that something is wrong with it.
fn fails<T>(world: &World<'_>, case: &Case, rules: &[Rule<T>], object: &T) -> bool {
    let sight = Sight { now: world.now, cluster: world.cluster, settings: world.settings, detection: None };
    let mut rules = rules.iter().filter(|rule| rule.failure == case.recovery.spec.failure);
    rules.any(|rule| matches!((rule.signal)(object, &sight), Signal::Bad(_)))
}

/// A pod without controller is saved before it is deleted.
fn delete(world: &World<'_>, case: &mut Case, (target, grace): (Target, Option<Duration>), view: PodView) -> Live {
    if case.recovery.spec.workload.kind == Kind::Pod && !case.saving.manifest_stored {
        let Some(manifest) = view.manifest else {
            let reason = format!("a fresh read shows that pod {} has a controller now", target.key);
            return Live::Doubt(reason, world.now.tick + DOUBT);
        };
        if case.recovery.status.saved_manifest.is_none() {
            case.recovery.status.saved_manifest = Some(manifest);
            case.saving.dirty = true;
        }
        return Live::StoreFirst;
    }
    Live::Send(Verb::DeletePod { target, grace, resource_version: view.resource_version })
}
