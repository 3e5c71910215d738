//! Telling: happenings for log, metrics and Events; messages for channels, which wait in the record until they are delivered.

use super::World;
use super::case::Case;
use super::outcome::Errand;
use crate::effect::Verb;
use crate::happening::{Happening, What};
use crate::names::{Channel, Mode, Severity};
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

/// Puts a message into the record for every channel that is due to hear of this severity; once per key.
pub(super) fn note(case: &mut Case, settings: &Settings, key: &str) {
    let wanted = match case.recovery.spec.severity {
        Severity::Low | Severity::Medium => Channel::SlackMonitoring,
        Severity::High | Severity::Critical => Channel::SlackIncident,
    };
    for channel in settings.channels.iter().filter(|channel| **channel == wanted) {
        let known = case.recovery.status.notifications.iter().any(|n| n.channel == *channel && n.key == key);
        if !known {
            case.recovery.status.notifications.push(Notification {
                channel: *channel,
                key: key.to_string(),
                state: Delivery::Pending,
                tries: 0,
                last_error: String::new(),
            });
            case.saving.dirty = true;
        }
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

/// Sends pending messages, each channel's in order; a failing channel delays nothing else.
pub(super) fn run(world: &World<'_>, case: &mut Case, orders: &mut Vec<(Errand, Verb)>) {
    if !case.saving.created {
        return;
    }
    for channel in Channel::ALL {
        let pending =
            case.recovery.status.notifications.iter().find(|n| n.channel == *channel && n.state == Delivery::Pending);
        let Some(key) = pending.map(|notification| notification.key.clone()) else { continue };
        if case.telling.values().any(|(telling, _)| telling == channel) {
            continue;
        }
        let backoff = case.tell_backoff.get(&(*channel, key.clone())).copied().unwrap_or_default();
        if backoff.waits(world.now.tick) {
            if let Some(until) = backoff.until {
                case.wake_at(until);
            }
            continue;
        }
        let verb = Verb::Tell { key: key.clone(), channel: *channel, about: Box::new(case.recovery.clone()) };
        orders.push((Errand::Tell(*channel, key), verb));
    }
}
