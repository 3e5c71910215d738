//! A case: a Recovery and what the process remembers of it beside the record; all of that may be lost in a crash.

use super::FRESH;
use super::gather::Gather;
use super::times::Times;
use crate::effect::{DrainView, EffectId, WorkloadView};
use crate::happening::What;
use crate::key::{Target, Text};
use crate::machine::MachineView;
use crate::names::{Channel, GuardName, Phase, Strategy};
use crate::recovery::{NodeView, PodView, Recovery, ServiceView, StepResult};
use crate::time::{Now, Past, Tick};
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

impl Ending {
    /// Every reason that an ending can have, with its phase.
    const REASONS: [(&str, Phase); 9] = [
        ("Verified", Phase::Succeeded),
        ("SelfRecovered", Phase::SelfRecovered),
        ("Vetoed", Phase::Cancelled),
        ("UndoneByPerson", Phase::Cancelled),
        ("ApprovalTimeout", Phase::Cancelled),
        ("UnknownAction", Phase::Failed),
        ("LadderExhausted", Phase::Escalated),
        ("NoReplacement", Phase::Escalated),
        ("ApplicationFault", Phase::Escalated),
    ];

    /// How an earlier leader was about to end this Recovery.
    fn stored(recovery: &Recovery) -> Option<Self> {
        let status = &recovery.status;
        let (reason, phase) = Self::REASONS.into_iter().find(|(reason, _)| *reason == status.reason)?;
        Some(Self { phase, reason, message: status.message.clone() })
    }
}

/// A write that the API server put off.
#[derive(Clone, Debug)]
pub(crate) struct Postponed {
    pub since: Tick,
    pub until: Tick,
    pub tries: u32,
    /// A disruption budget keeps the pod; else the API server or a webhook does.
    pub by_budget: bool,
    pub message: String,
}

/// How the record is being stored.
#[derive(Debug, Default)]
pub(crate) struct Saving {
    /// The record exists.
    pub created: bool,
    /// What differs from the stored status.
    pub dirty: bool,
    /// When a pod more that a drain has moved is to be stored, if nothing else is before.
    pub progress: Option<Tick>,
    /// A create or save that is under way.
    pub in_flight: Option<EffectId>,
    /// A status was stored, not only the spec.
    pub status_stored: bool,
    /// Attempts in the status that is under way, and in the stored one.
    pub attempts_sent: usize,
    pub attempts_stored: usize,
    /// The same for the saved manifest.
    pub manifest_sent: bool,
    pub manifest_stored: bool,
    /// The same for the evidence.
    pub evidence_sent: bool,
    pub evidence_stored: bool,
    /// Whether the Recovery still acts, by the status that is under way and by the stored one.
    pub acting_sent: bool,
    pub acting_stored: bool,
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
    /// By uid.
    pub workloads: BTreeMap<Text, (WorkloadView, Tick)>,
    pub service: Option<(ServiceView, Tick)>,
    /// What the provider of machines said.
    pub machine: Option<(MachineView, Tick)>,
    /// The uid of what was not there.
    pub gone: Option<(Text, Tick)>,
}

/// A Recovery in hand.
#[derive(Debug)]
pub(crate) struct Case {
    pub recovery: Recovery,
    /// The HealingPolicy that applies to it now; to one that is over, the one that did.
    pub policy: Option<Text>,
    pub saving: Saving,
    /// The verb of the remedy that is under way.
    pub doing: Option<EffectId>,
    pub backoff: Backoff,
    pub looks: Looks,
    /// When the look that was sent last was asked for: what it shows is not younger.
    pub asked: Tick,
    /// Uids whose deletion or eviction was accepted, and the names of other steps that were.
    pub handled: BTreeSet<Text>,
    /// Pods whose eviction was refused for now.
    pub postponed: BTreeMap<Text, Postponed>,
    /// What was read for the plan of a drain, and when that was asked for.
    pub drain: Option<(DrainView, Tick)>,
    /// Whether the node's pods were listed afresh since the last write.
    pub listed: bool,
    /// The record was found with an attempt under way: a write may have been sent before a crash.
    pub may_have_written: bool,
    pub ending: Option<Ending>,
    /// When what the record tells of happened.
    pub times: Times,
    /// Since when the pods that a switched Service had before are well without a gap.
    pub well_since: Option<Tick>,
    /// Why the API server refused for good what the attempt under way needs.
    pub refused: Option<String>,
    /// When the record was found with an attempt under way.
    pub adopted: Option<Tick>,
    /// From when the attempt's time counts, when a guard had held it.
    pub clock: Option<Tick>,
    /// Messages under way, and those that wait.
    pub telling: BTreeMap<EffectId, (Channel, String)>,
    pub tell_backoff: BTreeMap<(Channel, String), Backoff>,
    /// What is told as soon as the record exists, since Events on it need its uid.
    pub news: Option<(What, String)>,
    /// Attributed failures that the record has no room for.
    pub unlisted: BTreeSet<String>,
    /// Nobody may have been told of it yet.
    pub untold: bool,
    pub gather: Gather,
    /// When to look at this case again.
    pub wake: Option<Tick>,
}

/// How long it may take until the record shows what a successor sees by itself: which pods have left, and what is waited for. Were each
/// stored by itself, a drain would write as often to its record as to its pods.
const PROGRESS: Duration = Duration::from_secs(1);

impl Saving {
    /// What made it dirty, if it was not `before`, is stored soon rather than at once.
    pub(crate) fn soon(&mut self, now: Tick, before: bool) {
        if self.dirty && !before {
            self.dirty = false;
            self.progress.get_or_insert(now + PROGRESS);
        }
    }
}

impl Case {
    /// Whether it has begun to write and has something left to do, as far as a successor of this process would know.
    pub(crate) fn is_acting(&self) -> bool {
        self.recovery.is_acting() || self.saving.acting_stored
    }

    /// When each attempt began that may write.
    pub(crate) fn writing_attempts(&self) -> impl Iterator<Item = Past> {
        let attempts = self.times.attempts(&self.recovery);
        attempts.filter(|(attempt, _)| attempt.strategy != Strategy::Monitor).map(|(_, started)| started)
    }

    pub(crate) fn new(now: Now, recovery: Recovery) -> Self {
        let times = Times::of(now, &recovery);
        let created = !recovery.uid.is_empty();
        let saving = Saving {
            created,
            status_stored: created && !is_bare_record(&recovery),
            attempts_stored: if created { recovery.status.attempts.len() } else { 0 },
            manifest_stored: created && recovery.status.saved_manifest.is_some(),
            evidence_stored: created && recovery.has_evidence(),
            acting_stored: created && recovery.is_acting(),
            ..Saving::default()
        };
        let policy = Some(&*recovery.spec.policy).filter(|name| !name.is_empty()).map(Text::from);
        Self {
            recovery,
            policy,
            saving,
            doing: None,
            backoff: Backoff::default(),
            looks: Looks::default(),
            asked: now.tick,
            handled: BTreeSet::new(),
            postponed: BTreeMap::new(),
            unlisted: BTreeSet::new(),
            drain: None,
            listed: false,
            may_have_written: false,
            ending: None,
            times,
            well_since: None,
            refused: None,
            adopted: None,
            clock: None,
            telling: BTreeMap::new(),
            tell_backoff: BTreeMap::new(),
            news: None,
            untold: false,
            gather: Gather::default(),
            wake: None,
        }
    }

    /// A case of a record that somebody else has stored, be it this process in an earlier life.
    pub(crate) fn adopted(now: Now, recovery: Recovery) -> Self {
        let mut case = Self::new(now, recovery);
        if case.recovery.is_active() {
            let under_way = case.recovery.attempt().is_some_and(|attempt| attempt.finished_at.is_none());
            let strategy =
                case.recovery.attempt().map_or(case.recovery.spec.strategy, |attempt| Some(attempt.strategy));
            let writes = strategy != Some(Strategy::Monitor);
            case.may_have_written = writes && under_way;
            case.adopted = case.may_have_written.then_some(now.tick);
            case.ending = Ending::stored(&case.recovery);
            // A crash may have come between the creation and the first status.
            let status = &case.recovery.status;
            case.untold = status.attempts.is_empty() && status.notifications.is_empty();
        }
        case
    }

    /// Whether a write of any attempt was accepted, or may have been.
    pub(crate) fn has_written(&self) -> bool {
        self.may_have_written || self.has_stepped()
    }

    /// Whether the record tells of a write that was accepted, or may have been.
    pub(crate) fn has_stepped(&self) -> bool {
        self.recovery.steps().any(|step| step.result != StepResult::Failed)
    }

    /// Whether a pod was deleted or evicted, or may have been.
    pub(crate) fn has_moved(&self) -> bool {
        self.may_have_written
            || self.recovery.steps().any(|step| step.result != StepResult::Failed && moves(&step.name))
    }

    /// How much of `limit` is left to the attempt under way; `None` when it has no limit, because the workload is back.
    pub(crate) fn time_left(&self, now: Tick, limit: Duration) -> Option<Duration> {
        let started = self.times.attempt().filter(|_| !self.recovery.is_verified())?;
        let taken = self.clock.map_or_else(|| started.elapsed(now), |clock| now.since(clock));
        Some(limit.saturating_sub(taken))
    }

    /// Notes that the guards that `which` names do not hold any more.
    pub(crate) fn pass(&mut self, now: Now, which: impl Fn(GuardName) -> bool) {
        for guard in self.recovery.status.guards.iter_mut().filter(|guard| !guard.pass && which(guard.name)) {
            guard.pass = true;
            let approved = self.recovery.orders.approved_by.as_ref().filter(|_| guard.name == GuardName::Mode);
            guard.reason = approved.map_or_else(String::new, |who| alloc::format!("approved by {who}"));
            guard.since = now.stamp;
            self.saving.dirty = true;
        }
    }

    /// Whether something of the record is not stored yet, or not surely.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.saving.dirty || self.saving.in_flight.is_some()
    }

    /// Whether a verb is under way, or the next has to wait, for which the case then wakes.
    pub(crate) fn is_busy(&mut self, now: Tick) -> bool {
        let until = self.backoff.until.filter(|_| self.backoff.waits(now));
        if let Some(until) = until.filter(|_| self.doing.is_none()) {
            self.wake_at(until);
        }
        self.doing.is_some() || until.is_some()
    }

    /// What a read of the pod that it acts on showed, if it is young enough for a write to follow.
    pub(crate) fn fresh_pod(&self, now: Tick) -> Option<&PodView> {
        let read = self.looks.pod.as_ref().filter(|(_, at)| now.since(*at) <= FRESH);
        read.map(|(view, _)| view).filter(|view| view.fact.uid == self.recovery.subject().uid)
    }

    /// What a read of this controller of pods showed that is young enough to write by.
    pub(crate) fn fresh_workload(&self, now: Tick, target: &Target) -> Option<&WorkloadView> {
        let known = self.looks.workloads.get(&target.uid).filter(|(_, at)| now.since(*at) <= FRESH);
        known.map(|(view, _)| view)
    }

    /// What a read of its Service showed, if it is young enough for a write to follow.
    pub(crate) fn fresh_service(&self, now: Tick) -> Option<&ServiceView> {
        let read = self.looks.service.as_ref().filter(|(_, at)| now.since(*at) <= FRESH);
        read.map(|(view, _)| view).filter(|view| view.fact.uid == self.recovery.spec.target.uid)
    }

    /// Takes over what an earlier case of the same record knew of its times.
    pub(crate) fn remember(&mut self, now: Now, earlier: Self) {
        self.times = earlier.times;
        self.times.learn(now, &self.recovery);
    }

    /// Asks to be looked at again no later than `at`.
    pub(crate) fn wake_at(&mut self, at: Tick) {
        self.wake = Some(self.wake.map_or(at, |known| known.min(at)));
    }
}

/// Whether a step of this name takes a pod away.
pub(super) fn moves(step: &str) -> bool {
    step.starts_with("delete ") || step.starts_with("evict ")
}

/// Whether nothing of what its opener knew was stored but the spec; its status follows right after the creation. A later leader
/// can only have added what it told, since the evidence is lost.
fn is_bare_record(recovery: &Recovery) -> bool {
    let status = &recovery.status;
    status.phase == Some(Phase::Pending)
        && status.attempts.is_empty()
        && status.guards.is_empty()
        && status.evidence.is_empty()
}
