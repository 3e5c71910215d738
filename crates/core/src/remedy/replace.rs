//! Nodes with a provider: rebooted, replaced or fenced through it, once per Recovery; the provider is asked how far it is until the node is
//! back, or another one is there in its place.

use super::remediation::{self, was_sent};
use super::{Move, drain, fence};
use crate::effect::Verb;
use crate::fact::{ConditionStatus, NodeFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use crate::machine::{Inquiry, MachineRef, MachineState, MachineView, Order, Replacement};
use crate::names::{GuardName, Phase, ProviderKind};
use crate::recovery::Recovery;
use crate::time::Tick;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

/// A provider is asked again after this; what it said is no older when an order follows.
const POLL: Duration = Duration::from_secs(5);

/// Evidence: the machine that an order is about; stored before the order.
pub(crate) const MACHINE: &str = "machine";
/// Evidence: its uid.
pub(crate) const MACHINE_UID: &str = "machine uid";
/// Evidence: the uid of its set.
pub(crate) const MACHINE_POOL: &str = "machine pool";

/// How it stands with the provider's part.
enum Provision {
    /// There is none for this node; why.
    None(String),
    /// This has to be done next.
    Next(Move),
    /// The order is being carried out.
    UnderWay(String, Tick),
    /// It was carried out.
    Done(String),
    /// It failed.
    Failed(String),
}

/// `restart`: rebooted by the provider.
pub(super) fn restart(world: &World<'_>, case: &Case) -> Move {
    if !world.settings.provider.can_reboot() && ordered(&case.recovery).is_none() {
        let why = match world.settings.provider.kind {
            ProviderKind::None => String::from("no node provider is configured that could reboot it"),
            kind => format!("provider {kind} cannot reboot a node"),
        };
        return Move::Impossible(GuardName::NoProvider, why);
    }
    match provision(world, case, true) {
        Provision::None(why) => Move::Impossible(GuardName::NoProvider, why),
        Provision::Next(step) => step,
        Provision::UnderWay(words, until) => Move::Wait(words, Some(until)),
        Provision::Done(words) => arrival(world, case, &words),
        Provision::Failed(why) => Move::Fail(why),
    }
}

/// `drain_and_replace`, whose drain says `drained`: when its workloads are back, the node is replaced.
pub(super) fn after_drain(world: &World<'_>, case: &Case, drained: Move) -> Move {
    if drained != Move::Verify || case.recovery.is_verified() || !drain::verify(world, case).0 {
        return drained;
    }
    if !was_ordered(case) && there(world, case).is_some_and(|node| drain::keeps_machine(world, node).is_some()) {
        return drained;
    }
    match provision(world, case, false) {
        Provision::None(_) => Move::Verify,
        Provision::Next(step) => step,
        Provision::UnderWay(words, until) => Move::Wait(words, Some(until)),
        Provision::Done(words) => arrival(world, case, &words),
        Provision::Failed(why) => Move::Fail(why),
    }
}

/// `emergency_replace`, whose freeing of pods says `freed`: the provider comes first, and pods of a dead node do not wait for it.
pub(super) fn emergency(world: &World<'_>, case: &Case, freed: Move) -> Move {
    let looks = |verb: &Verb| matches!(verb, Verb::Cordon(_) | Verb::LookAtNode(_));
    let first = matches!(&freed, Move::Stop(_)) || matches!(&freed, Move::Do(verb) if looks(verb));
    let Some(node) = there(world, case).filter(|_| !first) else {
        return if first { freed } else { after_drain(world, case, freed) };
    };
    if case.recovery.is_verified() {
        return verified(world, case, node, freed);
    }
    let provision = provision(world, case, false);
    if let Provision::Next(step) = &provision
        && !matches!(step, Move::Held(..))
    {
        return step.clone();
    }
    if matches!(freed, Move::Do(_)) {
        return freed;
    }
    if let Some(step) = fence::next(world, case, node) {
        return step;
    }
    match provision {
        Provision::None(_) | Provision::Done(_) => freed,
        Provision::Next(step) => step,
        Provision::UnderWay(words, until) => Move::Wait(words, Some(until)),
        // What can be freed is freed first, also by a successor that has yet to see that the node is dead.
        Provision::Failed(why) if freed == Move::Verify => Move::Fail(why),
        Provision::Failed(_) => freed,
    }
}

/// The proof that the machine is off may come after what could be freed without it is back.
fn verified(world: &World<'_>, case: &Case, node: &NodeFact, freed: Move) -> Move {
    if ordered(&case.recovery).is_none() || !fence::is_wanted(world, node) {
        return freed;
    }
    match provision(world, case, false) {
        Provision::Next(step) => step,
        _ => fence::next(world, case, node).filter(|step| matches!(step, Move::Do(_))).unwrap_or(freed),
    }
}

/// What the provider could not do, for those who read how it ended.
pub(super) fn note(world: &World<'_>, case: &Case) -> String {
    let stays = world.settings.provider.kind != ProviderKind::None && !was_ordered(case);
    let kept = there(world, case).filter(|_| stays).and_then(|node| drain::keeps_machine(world, node));
    let why = kept.or_else(|| match case.looks.machine.as_ref().map(|(view, _)| &view.state) {
        Some(MachineState::NotOffered(why)) => Some(why.clone()),
        Some(MachineState::Ready { machine, .. }) if ordered(&case.recovery).is_none() => {
            unreplaced(world, &machine.pool)
        }
        _ => None,
    });
    why.map(|why| format!("; not replaced: {why}")).unwrap_or_default()
}

/// Why no other machine of `pool` is deleted: none has come in place of one that was, within `history_window`.
fn unreplaced(world: &World<'_>, pool: &Text) -> Option<String> {
    let in_vain = |case: &&Case| {
        let lately =
            case.times.finished().is_some_and(|at| at.elapsed(world.now.tick) <= world.settings.history_window);
        let failed = matches!(case.recovery.status.phase, Some(Phase::Escalated | Phase::Failed));
        let same = ordered(&case.recovery).is_some_and(|machine| machine.pool == *pool && !pool.is_empty());
        // A view may be from before the machine left: only a node that is heard of is one that stayed.
        let heard = |node: &NodeFact| !world.cluster.is_unheard(world.now.tick, &node.name);
        let stayed = there(world, case).is_some_and(|node| node.ready() == ConditionStatus::True && heard(node));
        failed && lately && same && was_ordered(case) && !stayed
    };
    let other = world.node_cases().find(in_vain)?;
    Some(format!("no machine has come in place of that of {}", other.recovery.spec.target.key.name))
}

fn there<'a>(world: &World<'a>, case: &Case) -> Option<&'a NodeFact> {
    world.cluster.exact_node(&case.recovery.spec.target)
}

fn provision(world: &World<'_>, case: &Case, reboot: bool) -> Provision {
    let known = ordered(&case.recovery);
    if world.settings.provider.kind == ProviderKind::None && known.is_none() {
        return Provision::None(String::from("no node provider is configured"));
    }
    if let Some(end) = remediation::rest(case) {
        return Provision::Next(Move::Do(end));
    }
    let inquiry = inquiry(world, case, known.clone(), reboot);
    let Some((view, at)) = case.looks.machine.as_ref().filter(|(_, at)| world.now.tick.since(*at) <= POLL) else {
        return Provision::Next(Move::Do(Verb::LookAtMachine(Box::new(inquiry))));
    };
    let failed = matches!(view.state, MachineState::Failed(_));
    if let Some(end) = remediation::escalates(world, case, failed) {
        return Provision::Next(Move::Do(end));
    }
    let again = *at + POLL + Duration::from_millis(1);
    let until = remediation::time_left(world, case).map_or(again, |left| again.min(world.now.tick + left));
    let sent = was_sent(&case.recovery);
    let order = |machine: MachineRef, resource_version: Text| {
        let reason = case.recovery.spec.description.clone();
        let order = Order { inquiry: inquiry.clone(), machine, resource_version, reboot, reason };
        Provision::Next(Move::Do(Verb::Replace(Box::new(order))))
    };
    if let MachineState::Ready { machine, .. } = &view.state
        && let Some(why) = unreplaced(world, &machine.pool).filter(|_| !reboot && !sent)
    {
        return Provision::None(why);
    }
    match (&view.state, known) {
        (MachineState::NotOffered(why), _) if !sent => Provision::None(why.clone()),
        (MachineState::NotOffered(why), _) => Provision::UnderWay(why.clone(), until),
        (MachineState::Attached(volumes), _) => {
            let node = &case.recovery.spec.target.key.name;
            Provision::UnderWay(format!("waits until {} is detached from {node}", volumes.join(", ")), until)
        }
        (MachineState::Busy(who), _) => Provision::Next(Move::Held(GuardName::Busy, who.clone(), Some(until))),
        (MachineState::Ready { machine, .. }, _) if sent => {
            Provision::Next(Move::Stop(format!("{}: what was ordered was taken back by somebody else", machine.name)))
        }
        (MachineState::Ready { .. }, _) if there(world, case).is_none() => {
            Provision::None(String::from("the node is gone"))
        }
        (MachineState::Ready { machine, .. }, Some(known)) if known.uid != machine.uid => {
            Provision::Failed(format!("{} is not the machine any more that was to be replaced", machine.name))
        }
        (MachineState::Ready { machine, resource_version }, _) => order(machine.clone(), resource_version.clone()),
        // Given before a crash: it is given again, which changes nothing, so that a person who takes it back is noticed.
        (MachineState::UnderWay(_) | MachineState::Done(_) | MachineState::Failed(_), Some(known)) if !sent => {
            order(known, Text::from(""))
        }
        (MachineState::UnderWay(words), _) => Provision::UnderWay(words.clone(), until),
        (MachineState::Failed(why), _) => Provision::Failed(why.clone()),
        (MachineState::Done(words), _) => done(world, case, view, words, until),
    }
}

/// Carried out; a node that is gone has to be replaced by one that is Ready, where a set of machines promises that.
fn done(world: &World<'_>, case: &Case, view: &MachineView, words: &str, until: Tick) -> Provision {
    let promised = ordered(&case.recovery).is_some_and(|machine| !machine.pool.is_empty());
    if there(world, case).is_some() || !promised {
        return Provision::Done(words.to_string());
    }
    match view.replacements.iter().find_map(|one| joined(world, one)) {
        Some(node) => Provision::Done(format!("{words}; {} came in its place", node.name)),
        None => Provision::UnderWay(format!("{words}; waits for a new node in its place"), until),
    }
}

/// The node of a new machine, once it is Ready and surely that machine's.
fn joined<'a>(world: &World<'a>, replacement: &Replacement) -> Option<&'a NodeFact> {
    let node = world.cluster.node(&replacement.node)?;
    let same = replacement.uid.is_empty() || node.uid == replacement.uid;
    let bound = !node.provider_id.is_empty() && node.provider_id == replacement.provider_id;
    (same && bound && node.ready() == ConditionStatus::True).then_some(node)
}

/// The provider is done: the node has to come back, unless it is gone for good.
fn arrival(world: &World<'_>, case: &Case, words: &str) -> Move {
    match there(world, case) {
        Some(node) => Move::Wait(format!("{words}; waits for {} to be back", node.name), None),
        None => match world.cluster.pods_on(&case.recovery.spec.target.key.name).next() {
            // Until then they look as if they hung.
            Some(pod) => Move::Wait(format!("{words}; Kubernetes removes {} of the node that is gone", pod.key), None),
            None => Move::Verify,
        },
    }
}

fn inquiry(world: &World<'_>, case: &Case, known: Option<MachineRef>, reboot: bool) -> Inquiry {
    let recovery = &case.recovery;
    let lives = there(world, case).is_some_and(|node| !drain::is_dead(world, node));
    Inquiry {
        node: recovery.spec.target.clone(),
        provider: world.settings.provider.clone(),
        template: remediation::template(&world.settings.provider, recovery).cloned(),
        known,
        since: recovery.created,
        key: Text::from(format!("{}-{}", recovery.name, recovery.uid)),
        drained: lives && !reboot && !was_sent(recovery),
    }
}

/// The machine of the order that this record tells of, given or about to be.
pub(crate) fn ordered(recovery: &Recovery) -> Option<MachineRef> {
    let text = |name: &str| recovery.evidence(name).map(Text::from);
    Some(MachineRef {
        name: text(MACHINE)?,
        uid: text(MACHINE_UID).unwrap_or_default(),
        pool: text(MACHINE_POOL).unwrap_or_default(),
    })
}

/// Whether an order was given, or may have been.
pub(crate) fn was_ordered(case: &Case) -> bool {
    let recovery = &case.recovery;
    remediation::was_given_up(recovery) || ordered(recovery).is_some() && (was_sent(recovery) || case.may_have_written)
}

/// Whether the machine is gone for good and nothing has come in its place.
pub(crate) fn awaits_another(world: &World<'_>, case: &Case) -> bool {
    case.recovery.spec.target.kind == Kind::Node && was_ordered(case) && there(world, case).is_none()
}
