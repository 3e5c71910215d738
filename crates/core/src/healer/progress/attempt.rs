//! An attempt under way: the remedy names the next move, the guards and a fresh read let it pass, the world says when it is done.

use super::ending::{Ends, conclude, end};
use super::live::{self, Live};
use super::{Orders, held_phase, hold, is_over, pass_all, set_phase, standby, start};
use crate::effect::Verb;
use crate::guard::{self, Hold};
use crate::happening::What;
use crate::healer::case::{Case, moves};
use crate::healer::outcome::errand_of;
use crate::healer::{World, tell};
use crate::key::Kind;
use crate::names::{GuardName, Mode, Phase, Strategy};
use crate::recovery::{StepResult, Verification};
use crate::remedy::{self, Move, Standing};
use crate::strategy::next_strategy;
use crate::triage::application_fault;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

/// Until a removal that another Recovery has asked for is looked at again, if the watch has not shown it before.
const SEEN: Duration = Duration::from_secs(1);

/// An attempt that a guard held goes on when it passes; its time counts from then.
pub(super) fn resume(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    if let Some(ends) = settled(world, case).or_else(|| start::helped(world, case)) {
        return conclude_subject(world, case, orders, ends);
    }
    let Some(strategy) = case.recovery.attempt().map(|attempt| attempt.strategy) else { return };
    if let Move::Do(verb) = remedy::next(strategy, world, case)
        && let Some(held) = held_from(world, case, &verb)
    {
        return hold(world, case, orders, held);
    }
    pass_all(case, world);
    case.clock = Some(world.now.tick);
    set_phase(case, Phase::Running, "", "goes on");
    carry_on(world, case, orders);
}

pub(super) fn carry_on(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    let Some(strategy) = case.recovery.attempt().map(|attempt| attempt.strategy) else { return };
    if let Some(ends) = settled(world, case) {
        return conclude_subject(world, case, orders, ends);
    }
    if standby::serves(case) && standby::watch(world, case, orders) {
        return;
    }
    let goes_on = || !world.settings.ladder.is_empty() && next_strategy(world.settings, &case.recovery).is_some();
    if strategy == Strategy::Monitor && !goes_on() {
        return;
    }
    let timed_out = timed_out(world, case);
    if let Some(fault) = application_fault(world, case, timed_out) {
        // By its evidence the same crash is known again; it may have been lost with the process that saw it first.
        let missing = fault.evidence.into_iter().filter(|(name, _)| case.recovery.evidence(name).is_none());
        let missing: Vec<_> = missing.collect();
        case.recovery.status.evidence.extend(missing);
        return end(case, Ends::new(Phase::Escalated, "ApplicationFault", fault.message));
    }
    if timed_out && remedy::awaits_another(world, case) {
        let message = format!("nothing came in its place in time: {}", case.recovery.status.message);
        return end(case, Ends::new(Phase::Escalated, "NoReplacement", message));
    }
    if timed_out {
        let seconds = remedy::time_limit(world.settings, &case.recovery).as_secs_f32();
        let message = format!("not verified within {seconds} s: {}", case.recovery.status.message);
        return fail(world, case, orders, "Timeout", message);
    }
    if case.is_busy(world.now.tick) {
        return;
    }
    let mut noted: Vec<_> = remedy::instead(strategy, world, case).into_iter().collect();
    noted.extend(remedy::refused_one_more(world, case));
    note(case, noted);
    make(world, case, orders, remedy::next(strategy, world, case));
}

/// Adds to the evidence what was not in it.
pub(super) fn note(case: &mut Case, said: impl IntoIterator<Item = (String, String)>) {
    let before = case.recovery.status.evidence.len();
    case.recovery.status.evidence.extend(said);
    case.saving.dirty |= case.recovery.status.evidence.len() > before;
}

fn conclude_subject(world: &World<'_>, case: &mut Case, orders: &mut Orders, ends: Ends) {
    let subject = case.recovery.subject().clone();
    conclude(world, case, orders, &subject, ends);
}

/// The end that the world has brought about, whatever a guard says.
fn settled(world: &World<'_>, case: &Case) -> Option<Ends> {
    let subject = case.recovery.subject();
    let self_recovered = || Some(Ends::new(Phase::SelfRecovered, "SelfRecovered", "the failure went away by itself"));
    let there = exists(world, case);
    if standby::serves(case) {
        // It has something to give back first.
        return None;
    }
    if case.recovery.is_verified() && !(remedy::keeps_mark(world, case) && there) {
        let message = case.recovery.status.verification.as_ref().map_or("", |found| &found.message);
        return Some(Ends::new(Phase::Succeeded, "Verified", message));
    }
    if !is_over(world, case.recovery.spec.failure, subject) || remedy::hides_its_cause(case) {
        return None;
    }
    let watches = case.recovery.attempt().is_some_and(|attempt| attempt.strategy == Strategy::Monitor);
    if subject.kind == Kind::Service && !watches {
        let refuted = case.fresh_service(world.now.tick).is_some_and(|view| view.ready_endpoints == 0);
        return match remedy::standing(world, case) {
            // The Service itself says whether it was switched, also when the record does not know.
            Standing::Untouched if case.may_have_written && remedy::restarts(world, case) => None,
            Standing::Untouched if !case.has_stepped() && !refuted => self_recovered(),
            Standing::Gone => self_recovered(),
            Standing::Untouched | Standing::Switched | Standing::TakenBack => None,
        };
    }
    if watches && !case.has_written() || subject.kind == Kind::Service {
        return self_recovered();
    }
    if remedy::is_workload(subject) {
        if !case.has_written() && case.doing.is_none() {
            return self_recovered();
        }
        // What was begun has to be through as well, by whoever looks: the remedy, or who watches after it.
        let (back, message) = remedy::verify(world, case);
        return (watches && back).then(|| Ends::new(Phase::Succeeded, "Verified", message));
    }
    if subject.kind == Kind::Node {
        return there.then(|| node_back(world, case));
    }
    // A later attempt acts on a replacement, which has to become ready first.
    let first = case.recovery.status.attempts.len() == 1 && case.doing.is_none();
    let pod = world.cluster.exact_pod(subject).filter(|pod| first && !pod.terminating());
    pod.filter(|pod| !case.handled.contains(&pod.uid)).and_then(|_| self_recovered())
}

/// Whether the subject still exists, so that "nothing is wrong with it" means that it is healthy.
fn exists(world: &World<'_>, case: &Case) -> bool {
    let subject = case.recovery.subject();
    match subject.kind {
        Kind::Node => world.cluster.exact_node(subject).is_some(),
        _ => world.cluster.exact_pod(subject).is_some(),
    }
}

fn node_back(world: &World<'_>, case: &Case) -> Ends {
    if case.recovery.attempt().is_some_and(|attempt| attempt.strategy == Strategy::Relieve) && case.has_moved() {
        Ends::new(Phase::Succeeded, "Verified", remedy::verify(world, case).1)
    } else if case.recovery.is_verified() {
        Ends::new(Phase::Succeeded, "Verified", "the workloads are back, and so is the node")
    } else if remedy::was_ordered(case) {
        Ends::new(Phase::Succeeded, "Verified", "the node is back after what its provider did")
    } else {
        Ends::new(Phase::SelfRecovered, "SelfRecovered", "the node is healthy again; the rest was not done")
    }
}

fn timed_out(world: &World<'_>, case: &mut Case) -> bool {
    let now = world.now.tick;
    let limit = remedy::time_limit(world.settings, &case.recovery);
    let Some(left) = case.time_left(now, limit) else { return false };
    case.wake_at(now + left);
    left.is_zero()
}

fn make(world: &World<'_>, case: &mut Case, orders: &mut Orders, step: Move) {
    match step {
        Move::Do(verb) => send(world, case, orders, verb),
        Move::Wait(message, until) => {
            if let Some(until) = until {
                case.wake_at(until);
            }
            let before = case.saving.dirty;
            set_phase(case, Phase::Running, "", &message);
            case.saving.soon(world.now.tick, before);
        }
        Move::Blocked(reason, until) => {
            let held = Hold { guard: GuardName::Plan, reason, until };
            hold(world, case, orders, held);
        }
        Move::Held(guard, reason, until) => hold(world, case, orders, Hold { guard, reason, until }),
        Move::Verify => verify(world, case, orders),
        // Its place was taken before.
        Move::Instead(..) => {}
        Move::Fail(reason) => fail(world, case, orders, "ProviderFailed", reason),
        Move::Impossible(guard, reason) => {
            hold(world, case, orders, Hold { guard, reason: reason.clone(), until: None });
            fail(world, case, orders, guard.as_str(), reason);
        }
        Move::Stop(message) => end(case, Ends::new(Phase::Cancelled, "UndoneByPerson", message)),
    }
}

fn send(world: &World<'_>, case: &mut Case, orders: &mut Orders, verb: Verb) {
    if let Verb::DeletePod { target, .. } | Verb::Evict { target, .. } = &verb
        && remedy::is_sent_away(world, target)
    {
        case.wake_at(world.now.tick + SEEN);
        return set_phase(case, Phase::Running, "", &format!("{} leaves by another Recovery", target.key));
    }
    if let Some(held) = held_from(world, case, &verb) {
        let phase = held_phase(held.guard, world.settings.mode);
        let (reason, message) = (held.guard.as_str(), held.reason.clone());
        hold(world, case, orders, held);
        return set_phase(case, phase, reason, &message);
    }
    let verb = match live::confirm(world, case, verb) {
        Live::Send(verb) => verb,
        Live::LookFirst(look) => {
            let errand = errand_of(&look);
            return orders.push((errand, look));
        }
        Live::StoreFirst => return,
        Live::Doubt(reason, until) => {
            // Every turn asks again; the next read waits.
            case.backoff.until = Some(until);
            return hold(world, case, orders, Hold { guard: GuardName::Live, reason, until: Some(until) });
        }
    };
    if verb.writes() {
        let (step, before) = (verb.to_string(), case.saving.dirty);
        pass_all(case, world);
        case.begin_step(world.now, &step);
        set_phase(case, Phase::Running, "", &step);
        case.saving.dirty = true;
        if moves(&step) {
            case.saving.soon(world.now.tick, before);
        }
    }
    orders.push((errand_of(&verb), verb));
}

/// What keeps `verb` from being sent now; reading is always allowed.
fn held_from(world: &World<'_>, case: &Case, verb: &Verb) -> Option<Hold> {
    match verb.is_destructive() {
        true => guard::before_write(world, &case.recovery),
        false => switched_off(world).filter(|_| verb.writes()),
    }
}

/// The two switches that stop even writes that give something back.
pub(super) fn switched_off(world: &World<'_>) -> Option<Hold> {
    let reason = if world.settings.paused {
        (GuardName::Paused, String::from("the controller is paused (configuration key paused)"))
    } else if world.settings.mode == Mode::Observe {
        (GuardName::Mode, guard::observes(world.settings))
    } else {
        return None;
    };
    Some(Hold { guard: reason.0, reason: reason.1, until: None })
}

fn verify(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    let unsaved = case.saving.dirty;
    // What befalls the workloads once they were back is another failure's business.
    let before = case.recovery.status.verification.as_ref().filter(|found| found.passed);
    let (passed, message) = before.map_or_else(|| remedy::verify(world, case), |found| (true, found.message.clone()));
    // Passed for good, so not on a view from before the failure.
    if passed
        && !case.recovery.is_verified()
        && let Some(look) = live::look_first(world, case, case.recovery.subject())
    {
        return orders.push((errand_of(&look), look));
    }
    let known = case.recovery.status.verification.as_ref().is_some_and(|v| v.passed == passed && v.message == message);
    if !known {
        case.recovery.status.verification =
            Some(Verification { passed, message: message.clone(), at: world.now.stamp });
        case.saving.dirty = true;
    }
    if passed && remedy::keeps_mark(world, case) && exists(world, case) {
        let message = format!("{message}; the node keeps its marks until it is healthy or gone");
        return set_phase(case, Phase::Verifying, "NodeStillSick", &message);
    }
    if standby::serves(case) && standby::watch(world, case, orders) {
        return;
    }
    set_phase(case, Phase::Verifying, "", &message);
    if !passed {
        case.saving.soon(world.now.tick, unsaved);
        // What a read denies is read again when that read is old.
        if let Some(again) = case.looks.workloads.values().map(|(_, at)| *at + live::FRESH).max() {
            case.wake_at(again.max(world.now.tick + core::time::Duration::from_secs(1)));
        }
        return;
    }
    let ends = if case.has_written() {
        Ends::new(Phase::Succeeded, "Verified", message)
    } else {
        Ends::new(Phase::SelfRecovered, "SelfRecovered", message)
    };
    conclude_subject(world, case, orders, ends);
}

/// The attempt is over; the next strategy is tried, or a person is called.
fn fail(world: &World<'_>, case: &mut Case, orders: &mut Orders, reason: &'static str, message: String) {
    let Some(attempt) = case.recovery.status.attempts.last_mut() else { return };
    attempt.finished_at = Some(world.now.stamp);
    attempt.result = StepResult::Failed;
    let strategy = attempt.strategy;
    case.recovery.status.verification = None;
    set_phase(case, Phase::Pending, reason, &message);
    case.saving.dirty = true;
    case.wake_at(world.now.tick);
    tell::announce(world, case, orders, What::RecoveryFailed { strategy, last: false }, message);
}
