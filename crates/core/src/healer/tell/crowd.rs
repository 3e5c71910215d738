//! Many failures within a minute, or in quiet hours, are one message with a count and not one each.
//!
//! The first few of a minute are told one by one. Those that follow, and all of quiet hours, are grouped by severity: their record says so,
//! and one of them tells for all, a while later. Of a grouped one nobody hears again unless it could not be helped.

use super::{OPENED, STORM, note, recipients};
use crate::healer::World;
use crate::healer::case::Case;
use crate::names::Severity;
use crate::recovery::{Delivery, Notification, Recovery};
use crate::settings::closed;
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
    let lately = |other: &&Case| other.times.detected().elapsed(world.now.tick) <= WINDOW;
    let quiet = quiet_until(world, &case.recovery).is_some();
    if !quiet && others(world, case).filter(lately).filter(|other| told(&other.recovery)).count() < ONE_BY_ONE {
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

/// Until when what is owed waits: all of quiet hours, and whoever tells for all.
pub(super) fn waits_until(world: &World<'_>, case: &Case, key: &str) -> Option<Tick> {
    if let Some(until) = quiet_until(world, &case.recovery) {
        return Some(until);
    }
    let left = WAIT.saturating_sub(case.times.detected().elapsed(world.now.tick));
    (key == STORM && waits(&case.recovery) && !left.is_zero()).then(|| world.now.tick + left)
}

/// When the quiet hours end in which we are, for what disturbs nobody by waiting.
fn quiet_until(world: &World<'_>, recovery: &Recovery) -> Option<Tick> {
    if recovery.spec.severity > Severity::Medium {
        return None;
    }
    let (_, until) = closed(&world.settings.quiet_hours, world.now.stamp)?;
    until.map(|until| world.now.tick_of(until))
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

/// Others of its severity under the same policy, so that they have the same channels.
fn others<'a>(world: &'a World<'_>, case: &'a Case) -> impl Iterator<Item = &'a Case> {
    let alike =
        |other: &&Case| other.policy == case.policy && other.recovery.spec.severity == case.recovery.spec.severity;
    world.cases().filter(alike)
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
    let (count, severity) = (all.len(), case.recovery.spec.severity);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} failure{plural} of severity {severity} that were not told one by one: {named}{rest}")
}
