//! Telling: happenings for log, metrics and Events; messages for channels, which wait in the record until they are delivered.

mod crowd;

use super::World;
use super::case::Case;
use super::outcome::Errand;
use super::progress;
use crate::effect::Verb;
use crate::guard;
use crate::happening::{Happening, What};
use crate::names::{Channel, FailureType, GuardName, Mode, Phase, Severity};
use crate::recovery::{Delivery, Notification, Recovery};
use crate::settings::Settings;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A happening about `recovery`.
pub(super) fn happening(recovery: &Recovery, settings: &Settings, what: What, note: String) -> Happening {
    Happening {
        what,
        recovery: recovery.name.clone(),
        recovery_uid: recovery.uid.clone(),
        target: recovery.spec.target.clone(),
        failure: recovery.spec.failure,
        severity: recovery.spec.severity,
        note,
        publish: settings.mode != Mode::Observe,
    }
}

/// Tells log, metrics and Events.
pub(super) fn announce(world: &World<'_>, case: &Case, orders: &mut Vec<(Errand, Verb)>, what: What, note: String) {
    let happening = happening(&case.recovery, world.settings, what, note);
    orders.push((Errand::None, Verb::Happened(Box::new(happening))));
}

/// The message that a failure has begun.
pub(super) const OPENED: &str = "opened";
/// The message that stands for all that failed at once; the same word names its sentence in the evidence.
pub(super) const STORM: &str = "storm";
/// The message how a Recovery has ended.
pub(super) const OUTCOME: &str = "outcome";
/// The message that a failure is over which its Recovery did not end.
const RESOLVED: &str = "resolved";

/// Tells of a new Recovery; of many sick nodes at once only one tells, for all of them.
pub(super) fn opening(world: &World<'_>, case: &mut Case) {
    let Some((scope, words)) = guard::storm(world, &case.recovery) else {
        if !crowd::joins(world, case) {
            note(case, world.settings, OPENED);
        }
        return;
    };
    let now = world.now.tick;
    let is_elder = |other: &Case| other.times.detected().elapsed(now) > case.times.detected().elapsed(now);
    // Whoever was about to tell of it before a crash tells it again, and no second one.
    if world.node_cases().any(|other| other.untold && is_elder(other) && scope.has(world, &other.recovery)) {
        case.untold = true;
        return;
    }
    let tells = |other: &Case| other.recovery.is_active() && other.recovery.evidence(STORM).is_some();
    if !world.node_cases().any(|other| tells(other) && scope.has(world, &other.recovery)) {
        case.recovery.status.evidence.insert(0, (STORM.into(), words));
        note(case, world.settings, STORM);
    }
}

/// Tells of a Recovery that was found without anybody having been told, as soon as it is known whether others are sick too.
pub(super) fn belated(world: &World<'_>, case: &mut Case) {
    // Policies say who is to hear of it.
    let known = world.cluster.freshness.all_synced();
    if case.untold && known && !guard::is_settling(world, &case.recovery) {
        case.untold = false;
        // Whoever was one of many stays so until something is done about it, also when the others are well again.
        if !is_one_of_many(&case.recovery) || guard::storm(world, &case.recovery).is_some() {
            opening(world, case);
        }
    }
}

/// Whether nobody was told of it because it was one of many.
pub(super) fn is_one_of_many(recovery: &Recovery) -> bool {
    let status = &recovery.status;
    let held = status.guards.iter().any(|guard| guard.name == GuardName::Breaker);
    held && recovery.spec.failure == FailureType::Node && status.attempts.is_empty() && status.notifications.is_empty()
}

/// Puts a message into the record for every channel that is to hear of it; once per key.
pub(super) fn note(case: &mut Case, settings: &Settings, key: &str) {
    for channel in recipients(&case.recovery, settings, key) {
        let known = case.recovery.status.notifications.iter().any(|n| n.channel == channel && n.key == key);
        if !known {
            case.recovery.status.notifications.push(Notification {
                channel,
                key: key.to_string(),
                state: Delivery::Pending,
                tries: 0,
                last_error: String::new(),
            });
            case.saving.dirty = true;
        }
    }
}

/// Who hears of an opening by its severity, and of the rest whoever has heard of it before: an all-clear opens nothing. Of one that was
/// grouped with others it is told again that it could not be helped.
fn recipients(recovery: &Recovery, settings: &Settings, key: &str) -> Vec<Channel> {
    let all_nodes = key == STORM && recovery.spec.failure == FailureType::Node;
    let severity = if all_nodes { Severity::Critical } else { recovery.spec.severity };
    let by_policy = settings.routes.get(&severity);
    let helped = recovery.status.phase.is_some_and(Phase::is_well);
    let hears = |channel: &Channel| match key {
        OPENED | STORM => by_policy.map_or_else(|| channel.hears_of(severity), |routes| routes.contains(channel)),
        RESOLVED => channel.keeps_incidents() && was_told(recovery, *channel),
        _ => was_told(recovery, *channel) || !helped && was_grouped(recovery, *channel),
    };
    settings.channels.iter().copied().filter(hears).collect()
}

/// Whether it heard of this failure, or is about to.
fn was_told(recovery: &Recovery, channel: Channel) -> bool {
    let mut told = recovery.status.notifications.iter().filter(|told| told.channel == channel);
    told.any(|told| told.state != Delivery::Grouped)
}

/// Whether it heard of this failure as one of many.
fn was_grouped(recovery: &Recovery, channel: Channel) -> bool {
    let mut told = recovery.status.notifications.iter().filter(|told| told.channel == channel);
    told.any(|told| told.state == Delivery::Grouped)
}

/// Whether an incident is still open somewhere after a Recovery that did not help.
fn is_open(recovery: &Recovery) -> bool {
    let Some(phase) = recovery.status.phase.filter(|phase| phase.is_terminal()) else { return false };
    let told = |channel: &Channel| channel.keeps_incidents() && was_told(recovery, *channel);
    !phase.is_well()
        && Channel::ALL.iter().any(told)
        && !recovery.status.notifications.iter().any(|told| told.key == RESOLVED)
}

/// Whether somebody has yet to hear of it.
pub(super) fn owes(recovery: &Recovery) -> bool {
    is_open(recovery) || recovery.status.notifications.iter().any(|told| told.state == Delivery::Pending)
}

/// Tells that a failure is over which its Recovery has not ended.
pub(super) fn resolve(world: &World<'_>, case: &mut Case) {
    let recovery = &case.recovery;
    if is_open(recovery)
        && world.cluster.freshness.all_synced()
        && !guard::is_settling(world, recovery)
        && progress::is_over(world, recovery.spec.failure, &recovery.spec.target)
    {
        note(case, world.settings, RESOLVED);
    }
}

/// Tells of the detection as soon as the record exists, before anything that follows from it.
pub(super) fn news(world: &World<'_>, case: &mut Case, orders: &mut Vec<(Errand, Verb)>) {
    if case.saving.created
        && let Some((what, note)) = case.news.take()
    {
        announce(world, case, orders, what, note);
    }
}

/// Sends pending messages, each channel's in order; a failing channel delays nothing else. Evidence that is being gathered is
/// part of them.
pub(super) fn run(world: &World<'_>, case: &mut Case, orders: &mut Vec<(Errand, Verb)>) {
    if !case.saving.created || case.gather.under_way {
        return;
    }
    for channel in Channel::ALL {
        let pending =
            case.recovery.status.notifications.iter().find(|n| n.channel == *channel && n.state == Delivery::Pending);
        let Some(key) = pending.map(|notification| notification.key.clone()) else { continue };
        if case.telling.values().any(|(telling, _)| telling == channel) {
            continue;
        }
        if let Some(until) = crowd::waits_until(world, case, &key) {
            case.wake_at(until);
            continue;
        }
        let backoff = case.tell_backoff.get(&(*channel, key.clone())).copied().unwrap_or_default();
        if backoff.waits(world.now.tick) {
            if let Some(until) = backoff.until {
                case.wake_at(until);
            }
            continue;
        }
        let verb =
            Verb::Tell { key: key.clone(), channel: *channel, about: Box::new(crowd::as_told(world, case, &key)) };
        orders.push((Errand::Tell(*channel, key), verb));
    }
}
