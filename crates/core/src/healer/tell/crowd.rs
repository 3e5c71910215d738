//! Many failures within a minute are one message with a count and not one each.
//!
//! The first few are told one by one. Those that follow are grouped, by severity: their record says so, and one of them tells for all, a
//! while later. Of a grouped one nobody hears again unless it could not be helped.

use super::{OPENED, STORM, note, recipients};
use crate::healer::World;
use crate::healer::case::Case;
use crate::recovery::{Delivery, Notification, Recovery};
use crate::time::Tick;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Failures of one severity that are told one by one within [`WINDOW`]; a person reads no more in that time.
const ONE_BY_ONE: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// How long whoever tells for all waits for more.
const WAIT: Duration = Duration::from_secs(10);
/// Targets that the message names.
const NAMED: usize = 5;

/// Whether so many others were told of just now that this one is grouped; then it is.
pub(super) fn joins(world: &World<'_>, case: &mut Case) -> bool {
    if others(world, case).filter(|other| told(&other.recovery)).count() < ONE_BY_ONE {
        return false;
    }
    for channel in recipients(&case.recovery, world.settings, OPENED) {
        let (key, last_error) = (OPENED.to_string(), String::new());
        let grouped = Notification { channel, key, state: Delivery::Grouped, tries: 0, last_error };
        case.recovery.status.notifications.push(grouped);
        case.saving.dirty = true;
    }
    if !others(world, case).any(|other| waits(&other.recovery)) {
        note(case, world.settings, STORM);
    }
    true
}

/// Until when whoever tells for all waits; `None` when it may tell now.
pub(super) fn waits_until(world: &World<'_>, case: &Case) -> Option<Tick> {
    let left = WAIT.saturating_sub(case.times.detected().elapsed(world.now.tick));
    (waits(&case.recovery) && !left.is_zero()).then(|| world.now.tick + left)
}

/// The record as it is told: whoever tells for all has in its evidence how many they are now.
pub(super) fn as_told(world: &World<'_>, case: &Case, key: &str) -> Recovery {
    let mut about = case.recovery.clone();
    if key == STORM && waits(&case.recovery) {
        about.status.evidence.insert(0, (STORM.into(), words(world, case)));
    }
    about
}

/// Whether it is to tell for all, and has not done so.
fn waits(recovery: &Recovery) -> bool {
    let storm = |told: &Notification| told.key == STORM && told.state == Delivery::Pending;
    recovery.evidence(STORM).is_none() && recovery.status.notifications.iter().any(storm)
}

fn told(recovery: &Recovery) -> bool {
    let mut told = recovery.status.notifications.iter();
    told.any(|told| told.key == OPENED && told.state != Delivery::Grouped)
}

fn grouped(recovery: &Recovery) -> bool {
    recovery.status.notifications.iter().any(|told| told.state == Delivery::Grouped)
}

/// Others of its severity that were detected lately.
fn others<'a>(world: &'a World<'_>, case: &'a Case) -> impl Iterator<Item = &'a Case> {
    let lately = |other: &&Case| other.times.detected().elapsed(world.now.tick) <= WINDOW;
    world.cases().filter(lately).filter(|other| other.recovery.spec.severity == case.recovery.spec.severity)
}

fn words(world: &World<'_>, case: &Case) -> String {
    let age = |case: &Case| case.times.detected().elapsed(world.now.tick);
    let mut all: Vec<&Recovery> = others(world, case)
        .filter(|other| grouped(&other.recovery) && age(other) <= age(case))
        .map(|other| &other.recovery)
        .collect();
    all.insert(0, &case.recovery);
    let named = all.iter().take(NAMED).map(|one| one.spec.target.to_string()).collect::<Vec<_>>().join(", ");
    let rest = if all.len() > NAMED { ", …" } else { "" };
    format!("{} more failures of severity {} at once: {named}{rest}", all.len(), case.recovery.spec.severity)
}
