//! Guards: each has one file and says nothing, or the sentence that people will read.

mod bare_pod;
mod breaker;
mod budget;
mod busy;
mod excluded;
mod maintenance_window;
mod mode;
mod paused;
mod policy_budget;
mod protected_namespace;
mod quorum;
mod settling;
mod shared_cause;
mod stale_watch;

use crate::healer::World;
use crate::names::GuardName;
use crate::recovery::Recovery;
use crate::time::Tick;
use alloc::string::String;

pub(crate) use breaker::{Scope, Share, storm};
pub(crate) use budget::gauges;
pub(crate) use excluded::{has_successor, own_pod, why as why_excluded};
pub(crate) use mode::observes;
pub(crate) use quorum::ROLE as CONTROL_PLANE_ROLE;

/// Why a Recovery is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Which guard.
    pub(crate) guard: GuardName,
    /// In words an operator can use.
    pub(crate) reason: String,
    /// When to ask again even if nothing changes; `None`: on change and on the sweep.
    pub(crate) until: Option<Tick>,
}

/// When a guard is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Before an attempt starts, and before each destructive write.
    Always,
    /// Only before an attempt starts: an attempt under way has its share already.
    Start,
}

struct Guard {
    name: GuardName,
    when: When,
    check: fn(&World<'_>, &Recovery) -> Option<Wait>,
}

/// A guard's own words, before its name is put to them.
struct Wait {
    reason: String,
    until: Option<Tick>,
}

impl Wait {
    fn because(reason: impl Into<String>) -> Option<Self> {
        Some(Self { reason: reason.into(), until: None })
    }
}

/// In the contract's order; the first that does not pass holds.
const GUARDS: &[Guard] = &[
    Guard { name: GuardName::Paused, when: When::Always, check: paused::check },
    Guard { name: GuardName::Mode, when: When::Always, check: mode::check },
    Guard { name: GuardName::Excluded, when: When::Always, check: excluded::check },
    Guard { name: GuardName::ProtectedNamespace, when: When::Always, check: protected_namespace::check },
    Guard { name: GuardName::NoProvider, when: When::Always, check: bare_pod::check },
    Guard { name: GuardName::MaintenanceWindow, when: When::Always, check: maintenance_window::check },
    Guard { name: GuardName::Settling, when: When::Always, check: settling::check },
    Guard { name: GuardName::StaleWatch, when: When::Always, check: stale_watch::check },
    Guard { name: GuardName::SharedCause, when: When::Always, check: shared_cause::check },
    Guard { name: GuardName::Breaker, when: When::Always, check: breaker::check },
    Guard { name: GuardName::Budget, when: When::Start, check: budget::check },
    Guard { name: GuardName::Quorum, when: When::Always, check: quorum::check },
    Guard { name: GuardName::Busy, when: When::Always, check: busy::check },
];

/// Whether a node's failure has to wait because this process has only just begun to see.
#[must_use]
pub(crate) fn is_settling(world: &World<'_>, recovery: &Recovery) -> bool {
    settling::check(world, recovery).is_some()
}

/// Asks every guard before an attempt starts.
#[must_use]
pub(crate) fn before_start(world: &World<'_>, recovery: &Recovery) -> Option<Hold> {
    first(world, recovery, |_| true)
}

/// Asks the guards that speak before each destructive write.
#[must_use]
pub(crate) fn before_write(world: &World<'_>, recovery: &Recovery) -> Option<Hold> {
    first(world, recovery, |when| when == When::Always)
}

/// Every guard with what it says, in the contract's order; one that is only asked before a start says nothing later.
pub(crate) fn every<'a>(
    world: &'a World<'_>,
    recovery: &'a Recovery,
    starts: bool,
) -> impl Iterator<Item = (GuardName, Says)> + 'a {
    GUARDS.iter().map(move |guard| match guard.when {
        When::Start if !starts => (guard.name, Says::NotAsked),
        When::Start | When::Always => (guard.name, guard.ask(world, recovery).map_or(Says::Pass, Says::Hold)),
    })
}

/// What one guard says.
pub(crate) enum Says {
    /// It lets it pass.
    Pass,
    /// It holds it.
    Hold(Hold),
    /// An attempt under way has its share already.
    NotAsked,
}

fn first(world: &World<'_>, recovery: &Recovery, asked: fn(When) -> bool) -> Option<Hold> {
    GUARDS.iter().filter(|guard| asked(guard.when)).find_map(|guard| guard.ask(world, recovery))
}

impl Guard {
    fn ask(&self, world: &World<'_>, recovery: &Recovery) -> Option<Hold> {
        let wait = (self.check)(world, recovery)?;
        Some(Hold { guard: self.name, reason: wait.reason, until: wait.until })
    }
}

/// Of two that were started already, the earlier one goes on; one that was not started waits for any.
fn is_before(other: &Recovery, recovery: &Recovery) -> bool {
    let started = |of: &Recovery| of.attempt().map(|attempt| (attempt.started_at, of.name.clone()));
    !recovery.is_acting() || started(other) < started(recovery)
}
