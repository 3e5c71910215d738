//! Which faults are on, and what they excuse.

use crate::check::limits::{BACK_OFF, CATCHING_UP, LATENCY};
use crate::check::note::{Fault, FaultKind};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy)]
struct Span {
    kind: FaultKind,
    from: Timestamp,
    until: Option<Timestamp>,
}

#[derive(Default)]
pub(crate) struct Faults {
    on: BTreeMap<u64, Span>,
    /// Those that still excuse something.
    over: Vec<Span>,
    last_end: Option<Timestamp>,
    clock_odd: bool,
    /// Those of receivers, which excuse nothing but that messages wait, and when the last was over.
    unwell: BTreeSet<u64>,
    well_since: Option<Timestamp>,
}

impl Faults {
    pub(super) fn begins(&mut self, fault: &Fault, now: Timestamp) {
        if fault.kind == FaultKind::Messages {
            self.unwell.insert(fault.id);
            return;
        }
        self.clock_odd |= fault.kind == FaultKind::Clock;
        self.on.insert(fault.id, Span { kind: fault.kind, from: now, until: None });
    }

    /// A process ended: what it knew and had under way is gone.
    pub(super) fn process_ended(&mut self, now: Timestamp) {
        self.over.push(Span { kind: FaultKind::Process, from: now, until: Some(now) });
        self.last_end = Some(now);
    }

    pub(super) fn ends(&mut self, id: u64, now: Timestamp) {
        self.over.retain(|span| span.until.is_some_and(|until| now.duration_since(until) <= CATCHING_UP));
        if self.unwell.remove(&id) {
            self.well_since = Some(now);
        }
        if let Some(span) = self.on.remove(&id) {
            self.over.push(Span { until: Some(now), ..span });
            self.last_end = Some(now);
        }
    }

    /// Since when no fault has been on; `None` while one is.
    pub(crate) fn quiet_since(&self) -> Option<Timestamp> {
        self.on.is_empty().then(|| self.last_end.unwrap_or(Timestamp::MIN))
    }

    /// Since when every receiver has taken its messages; `None` while one does not.
    pub(crate) fn well_since(&self) -> Option<Timestamp> {
        self.unwell.is_empty().then(|| self.well_since.unwrap_or(Timestamp::MIN))
    }

    /// Since when no fault has been on, and what one refused was asked for again: who reads nothing cannot lead.
    pub(crate) fn asks_since(&self) -> Option<Timestamp> {
        let waits = |span: &Span| !matches!(span.kind, FaultKind::Process | FaultKind::Clock);
        let again = self.over.iter().filter(|span| waits(span)).filter_map(|span| span.until).max();
        let quiet = self.quiet_since()?;
        Some(again.map_or(quiet, |until| quiet.max(until + BACK_OFF)))
    }

    /// Whether no fault was on at any time since `then`.
    pub(crate) fn was_quiet_since(&self, then: Timestamp) -> bool {
        self.quiet_since().is_some_and(|since| since < then)
    }

    /// Whether a process was stopped at some time since `then`.
    pub(crate) fn was_stopped_since(&self, then: Timestamp) -> bool {
        let mut spans = self.on.values().chain(&self.over).filter(|span| span.kind == FaultKind::Process);
        spans.any(|span| span.until.is_none_or(|until| until >= then))
    }

    /// The moment until which everything was surely seen: now but for latency, or when the oldest fault of the views began of
    /// which the controller may still be catching up.
    pub(crate) fn seen_until(&self, now: Timestamp) -> Timestamp {
        let blinds = |kind| !matches!(kind, FaultKind::Calls | FaultKind::Clock);
        self.recent(now).filter(|span| blinds(span.kind)).map(|span| span.from).fold(now, Timestamp::min) - LATENCY
    }

    /// Whether the controller's clock may be wrong; one that was set wrong stays so.
    pub(crate) fn is_clock_odd(&self) -> bool {
        self.clock_odd
    }

    /// Since when all watches have been silent.
    pub(crate) fn silent_since(&self) -> Option<Timestamp> {
        self.on.values().filter(|span| span.kind == FaultKind::Silence).map(|span| span.from).min()
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = &Span> {
        let is_recent = move |span: &&Span| span.until.is_none_or(|until| now.duration_since(until) <= CATCHING_UP);
        self.on.values().chain(&self.over).filter(is_recent)
    }
}
