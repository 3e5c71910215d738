//! Before an attempt: the failure must still be there, the guards must pass.

use super::ending::{Ends, conclude, end};
use super::{Orders, attempt, held_phase, hold, is_over, live, pass_all, set_phase};
use crate::cluster::Pod;
use crate::effect::Verb;
use crate::fact::PodFact;
use crate::guard::{self, Hold};
use crate::happening::What;
use crate::healer::case::Case;
use crate::healer::outcome::{Errand, errand_of};
use crate::healer::{World, tell};
use crate::key::{Kind, Target};
use crate::names::{Cause, GuardName, Mode, Phase, Strategy};
use crate::recovery::{Attempt, StepResult};
use crate::remedy::{self, Plan, Standing};
use crate::strategy::next_strategy;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// A drain that cannot succeed is planned again after this.
const PLAN_AGAIN: Duration = Duration::from_secs(10);
/// The evidence that says what a drain was about to do.
const PLAN: &str = "plan";

/// While the record is being created, the target is read afresh at the same time: both must be there before the first write.
pub(super) fn prefetch(world: &World<'_>, case: &Case, orders: &mut Orders) {
    let target = &case.recovery.spec.target;
    let needed = target.kind == Kind::Pod && case.recovery.spec.strategy != Some(Strategy::Monitor);
    if needed
        && case.looks.pod.is_none()
        && case.doing.is_none()
        && world.may_read_ahead
        && !case.backoff.waits(world.now.tick)
        && world.cluster.exact_pod(target).is_some()
        && guard::before_start(world, &case.recovery).is_none()
    {
        orders.push((Errand::LookPod(target.clone()), Verb::LookAtPod(target.clone())));
    }
}

/// Holds, starts, or ends what has gone away by itself.
pub(super) fn wait(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    if let Some(ends) = went_away(world, case) {
        let target = case.recovery.spec.target.clone();
        return conclude(world, case, orders, &target, ends);
    }
    if expired(world, case) {
        let ends = Ends::new(Phase::Cancelled, "ApprovalTimeout", "nobody approved it within approval_timeout");
        return end(case, ends);
    }
    let Some(strategy) = next_strategy(world.settings, &case.recovery) else {
        return end(case, Ends::new(Phase::Escalated, "LadderExhausted", last_words(case)));
    };
    if let Some(back) = remedy::before_next(world, case).filter(|_| attempt::switched_off(world).is_none()) {
        // What the last attempt has added is taken back first, so that the next one finds what there was.
        if !case.is_busy(world.now.tick) {
            case.begin_step(world.now, &back.to_string());
            case.saving.dirty = true;
            orders.push((errand_of(&back), back));
        }
        return;
    }
    if let Some(held) = guard::before_start(world, &case.recovery) {
        let phase = held_phase(held.guard, world.settings.mode);
        let (reason, message) = (held.guard.as_str(), held.reason.clone());
        hold(world, case, orders, held);
        return set_phase(case, phase, reason, &message);
    }
    let Some(subject) = subject(world, case) else {
        return end(
            case,
            Ends::new(Phase::Escalated, "NoReplacement", "no replacement pod appeared that could be tried next"),
        );
    };
    let drains = remedy::is_drain(strategy, &subject) && remedy::has_rights(world.settings, strategy, &subject.kind);
    let plans = drains && remedy::needs_plan(world, &case.recovery.name, &subject);
    if plans && !is_planned(world, case, orders, &subject) {
        return;
    }
    begin(world, case, orders, strategy, subject);
    attempt::carry_on(world, case, orders);
}

/// Whether a drain of `node` can succeed by what was read just now; if not, nothing is begun and the blocker is named.
fn is_planned(world: &World<'_>, case: &mut Case, orders: &mut Orders, node: &Target) -> bool {
    if case.is_busy(world.now.tick) {
        return false;
    }
    let Some((view, at)) = case.drain.take_if(|(_, at)| world.now.tick.since(*at) <= live::FRESH) else {
        case.looks.workloads.clear();
        orders.push((Errand::Plan, Verb::PlanDrain { node: node.key.name.clone() }));
        return false;
    };
    let plan = remedy::plan(world, case, node, &view);
    let refused = remedy::refused_one_more(world, case);
    attempt::note(case, refused);
    match plan {
        Plan::Ask(look) => {
            case.drain = Some((view, at));
            orders.push((errand_of(&look), look));
            false
        }
        Plan::Goes(plan) => {
            case.pass(world.now, |guard| guard == GuardName::Plan);
            let evidence = &mut case.recovery.status.evidence;
            evidence.retain(|(name, _)| name != PLAN);
            evidence.push((PLAN.into(), plan));
            true
        }
        Plan::Fails(reason) => {
            let until = world.now.tick + PLAN_AGAIN;
            case.backoff.until = Some(until);
            hold(world, case, orders, Hold { guard: GuardName::Plan, reason: reason.clone(), until: Some(until) });
            set_phase(case, Phase::Held, GuardName::Plan.as_str(), &reason);
            false
        }
    }
}

/// The failure is over before an attempt, or between two.
fn went_away(world: &World<'_>, case: &Case) -> Option<Ends> {
    let target = &case.recovery.spec.target;
    if !case.recovery.status.attempts.is_empty() {
        return helped(world, case);
    }
    // Nothing was taken away yet: an attempt is stored before it writes.
    let over = is_over(world, case.recovery.spec.failure, target);
    over.then(|| Ends::new(Phase::SelfRecovered, "SelfRecovered", "the failure went away by itself"))
}

/// What was tried helped after its time, or while a guard held what would have followed.
pub(super) fn helped(world: &World<'_>, case: &Case) -> Option<Ends> {
    // A pod that has failed counts no more for its workload, which may be back while the deletion was lost.
    let still_bad = !is_over(world, case.recovery.spec.failure, case.recovery.subject());
    let target = &case.recovery.spec.target;
    let wrote = match target.kind {
        Kind::Pod => case.has_moved(),
        _ if remedy::is_workload(target) => case.has_written(),
        // One that is switched has to be switched back: the next attempt sees to it.
        Kind::Service => case.has_stepped() && remedy::standing(world, case) == Standing::Untouched,
        _ => false,
    };
    if still_bad || !wrote {
        return None;
    }
    let (back, message) = remedy::verify(world, case);
    back.then(|| Ends::new(Phase::Succeeded, "Verified", message))
}

fn begin(world: &World<'_>, case: &mut Case, orders: &mut Orders, strategy: Strategy, target: Target) {
    if tell::is_one_of_many(&case.recovery) {
        tell::note(case, world.settings, tell::OPENED);
    }
    pass_all(case, world);
    if case.recovery.spec.failure == crate::names::FailureType::Node {
        case.lists(remedy::workloads_on(world, &target));
    }
    if strategy != Strategy::Monitor
        && let Some((name, selector)) = remedy::keeps_of_service(world, &case.recovery)
        && case.recovery.evidence(&name).is_none()
    {
        case.recovery.status.evidence.push((name, selector));
    }
    case.recovery.status.attempts.push(Attempt {
        strategy,
        target,
        started_at: world.now.stamp,
        finished_at: None,
        result: StepResult::InProgress,
        steps: Vec::new(),
    });
    case.times.learn(world.now, &case.recovery);
    case.backoff.clear();
    // What was done for another pod says nothing about this one.
    case.handled.clear();
    case.refused = None;
    case.adopted = None;
    case.clock = None;
    let approved = case.recovery.orders.approved_by.as_ref().filter(|_| world.settings.mode == Mode::Approve);
    let approved = approved.map_or_else(String::new, |who| format!(", approved by {who}"));
    let note = format!("{strategy} of {} started{approved}", case.recovery.subject());
    set_phase(case, Phase::Running, "", &note);
    case.saving.dirty = true;
    tell::announce(world, case, orders, What::RecoveryStarted { strategy }, note);
}

/// What the next attempt acts on: the target, or the pod that came in its place and is not ready either.
fn subject(world: &World<'_>, case: &Case) -> Option<Target> {
    let last = case.recovery.subject();
    if last.kind != Kind::Pod || case.recovery.status.attempts.is_empty() {
        return Some(last.clone());
    }
    if world.cluster.exact_pod(last).is_some_and(|pod| !pod.terminating()) {
        return Some(last.clone());
    }
    let workload = &case.recovery.spec.workload;
    if workload.kind == Kind::Pod {
        return world.cluster.pod(&workload.key).map(|pod| pod.target());
    }
    let is_sick = |pod: &Pod<'_>| !pod.ready && !pod.terminating() && !pod.finished();
    // In place of a pod that has failed another comes at once, perhaps before anybody looked; in place of one that runs only when
    // that is deleted, and whatever was there before has its own time.
    let at_once = case.recovery.spec.cause == Some(Cause::Failed);
    let latest = case.times.latest();
    let came = |pod: &Pod<'_>| at_once || world.cluster.came_after(world.now.tick, pod, latest);
    let candidates = world.cluster.each_pod_of(workload).filter(is_sick).filter(came);
    candidates.filter(|pod| !is_in_hands(world, pod)).max_by_key(|pod| pod.created).map(|pod| pod.target())
}

/// Whether another Recovery acts on this pod, or is to.
fn is_in_hands(world: &World<'_>, pod: &PodFact) -> bool {
    world.recoveries().any(|other| other.is_active() && other.subject().uid == pod.uid)
}

fn expired(world: &World<'_>, case: &mut Case) -> bool {
    if case.recovery.status.phase != Some(Phase::AwaitingApproval) || world.settings.mode != Mode::Approve {
        return false;
    }
    let Some(since) = case.times.awaiting() else { return false };
    let until = since.plus(world.settings.approval_timeout);
    case.wake_at(until);
    world.now.tick >= until
}

/// Why the last attempt did not help.
fn last_words(case: &Case) -> String {
    let tried: Vec<&str> = case.recovery.status.attempts.iter().map(|attempt| attempt.strategy.as_str()).collect();
    format!("tried {} without success: {}", tried.join(", "), case.recovery.status.message)
        .trim_end_matches(": ")
        .to_string()
}
