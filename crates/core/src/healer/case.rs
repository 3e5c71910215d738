//! A case: a Recovery and what the process remembers of it beside the record; all of that may be lost in a crash.

use crate::effect::EffectId;
use crate::finding::Finding;
use crate::happening::What;
use crate::key::Text;
use crate::names::{Channel, GuardName, Phase};
use crate::recovery::{NodeView, PodView, Recovery, StepResult};
use crate::time::{Now, Stamp, Tick};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::time::Duration;

/// Why and how a Recovery is about to end, while its marks are being undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub phase: Phase,
    pub reason: &'static str,
    pub message: String,
}

/// A write that the API server put off.
#[derive(Clone, Debug)]
pub(crate) struct Postponed {
    pub until: Tick,
    pub tries: u32,
    pub message: String,
}

/// How the record is being stored.
#[derive(Debug, Default)]
pub(crate) struct Saving {
    /// The record exists.
    pub created: bool,
    /// What differs from the stored status.
    pub dirty: bool,
    /// A create or save that is under way.
    pub in_flight: Option<EffectId>,
    /// Attempts in the status that is under way, and in the stored one.
    pub attempts_sent: usize,
    pub attempts_stored: usize,
    /// The same for the saved manifest.
    pub manifest_sent: bool,
    pub manifest_stored: bool,
    pub backoff: Backoff,
}

/// Capped exponential wait after a failure that is ours or the API server's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    pub until: Option<Tick>,
}

impl Backoff {
    /// One second, doubling, at most `cap`; a longer wait that the server asks for wins.
    pub(crate) fn fail(&mut self, now: Tick, cap: Duration, asked: Option<Duration>) {
        let own = Duration::from_secs(1 << self.failures.min(16)).min(cap);
        self.failures += 1;
        self.until = Some(now + asked.unwrap_or_default().max(own));
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn waits(&self, now: Tick) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

/// A fresh read, and when.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    pub pod: Option<(PodView, Tick)>,
    pub node: Option<(NodeView, Tick)>,
}

/// A Recovery in hand.
#[derive(Debug)]
pub(crate) struct Case {
    pub recovery: Recovery,
    /// What it was opened for; `None` when it was read from the store and its failure has not been seen again.
    pub finding: Option<Finding>,
    /// Read from the store, and its target was not seen standing since.
    pub adopted: bool,
    pub saving: Saving,
    /// The verb of the remedy that is under way.
    pub doing: Option<EffectId>,
    pub backoff: Backoff,
    pub looks: Looks,
    /// Uids whose deletion or eviction was accepted.
    pub handled: BTreeSet<Text>,
    /// Pods whose eviction was refused for now.
    pub postponed: BTreeMap<Text, Postponed>,
    /// When the last destructive write was accepted, and when the node's pods were last listed afresh.
    pub wrote: Option<Tick>,
    pub listed: Option<Tick>,
    pub ending: Option<Ending>,
    /// From when the attempt's time counts, when a guard had held it.
    pub clock: Option<Stamp>,
    /// Messages under way, and those that wait.
    pub telling: BTreeMap<EffectId, (Channel, String)>,
    pub tell_backoff: BTreeMap<(Channel, String), Backoff>,
    /// What is told as soon as the record exists, since Events on it need its uid.
    pub news: Option<(What, String)>,
    /// When to look at this case again.
    pub wake: Option<Tick>,
}

impl Case {
    pub(crate) fn new(recovery: Recovery, finding: Option<Finding>) -> Self {
        let created = !recovery.uid.is_empty();
        let saving = Saving {
            created,
            attempts_stored: if created { recovery.status.attempts.len() } else { 0 },
            manifest_stored: created && recovery.status.saved_manifest.is_some(),
            ..Saving::default()
        };
        Self {
            recovery,
            finding,
            adopted: created,
            saving,
            doing: None,
            backoff: Backoff::default(),
            looks: Looks::default(),
            handled: BTreeSet::new(),
            postponed: BTreeMap::new(),
            wrote: None,
            listed: None,
            ending: None,
            clock: None,
            telling: BTreeMap::new(),
            tell_backoff: BTreeMap::new(),
            news: None,
            wake: None,
        }
    }

    /// Whether a write of any attempt was accepted, or may have been.
    pub(crate) fn has_written(&self) -> bool {
        let mut steps = self.recovery.status.attempts.iter().flat_map(|attempt| &attempt.steps);
        steps.any(|step| step.result != StepResult::Failed)
    }

    /// Whether a step of this name was sent without its outcome being known.
    pub(crate) fn is_open(&self, step: &str) -> bool {
        let steps = self.recovery.attempt().map_or(&[][..], |attempt| attempt.steps.as_slice());
        steps.iter().any(|known| known.name == step && known.result == StepResult::InProgress)
    }

    /// Notes that the guards that `which` names do not hold any more.
    pub(crate) fn pass(&mut self, now: Now, which: impl Fn(GuardName) -> bool) {
        for guard in self.recovery.status.guards.iter_mut().filter(|guard| !guard.pass && which(guard.name)) {
            guard.pass = true;
            guard.reason.clear();
            guard.since = now.stamp;
            self.saving.dirty = true;
        }
    }

    /// Asks to be looked at again no later than `at`.
    pub(crate) fn wake_at(&mut self, at: Tick) {
        self.wake = Some(self.wake.map_or(at, |known| known.min(at)));
    }
}
