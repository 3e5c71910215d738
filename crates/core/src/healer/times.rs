//! When what a record tells of happened, on our own monotonic clock.
//!
//! A stamp is converted once, when it becomes known to this process: at once for what the process writes itself. A wall
//! clock that jumps afterwards shortens no wait and prolongs none.

use crate::names::GuardName;
use crate::recovery::{Attempt, Recovery};
use crate::remedy::is_order;
use crate::time::{Now, Past, Stamp};
use alloc::vec::Vec;

/// A stamp and the moment it meant when it became known.
#[derive(Clone, Copy, Debug)]
struct Moment(Stamp, Past);

impl Moment {
    fn of(now: Now, stamp: Stamp) -> Self {
        Self(stamp, Past::of(now, stamp))
    }

    /// This one if it is of `stamp`, else a new one.
    fn or_of(known: Option<&Self>, now: Now, stamp: Stamp) -> Self {
        known.filter(|known| known.0 == stamp).copied().unwrap_or_else(|| Self::of(now, stamp))
    }
}

/// The moments of one record.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    detected: Moment,
    attempts: Vec<Moment>,
    stepped: Option<Moment>,
    ordered: Option<Moment>,
    finished: Option<Moment>,
    awaiting: Option<Moment>,
}

impl Times {
    /// Those of a record that becomes known now.
    pub(crate) fn of(now: Now, recovery: &Recovery) -> Self {
        let detected = Moment::of(now, recovery.spec.detected_at);
        let attempts = Vec::new();
        let mut times = Self { detected, attempts, stepped: None, ordered: None, finished: None, awaiting: None };
        times.learn(now, recovery);
        times
    }

    /// Takes what is new in the record; a stamp that was known keeps its moment.
    pub(crate) fn learn(&mut self, now: Now, recovery: &Recovery) {
        let status = &recovery.status;
        self.detected = Moment::or_of(Some(&self.detected), now, recovery.spec.detected_at);
        self.attempts.truncate(status.attempts.len());
        for (at, attempt) in status.attempts.iter().enumerate() {
            let moment = Moment::or_of(self.attempts.get(at), now, attempt.started_at);
            match self.attempts.get_mut(at) {
                Some(known) => *known = moment,
                None => self.attempts.push(moment),
            }
        }
        let steps = status.attempts.last().into_iter().flat_map(|attempt| &attempt.steps);
        // In their order, not by their stamps: a wall clock that was set back makes a later step the earlier one.
        let stepped = steps.filter_map(|step| step.finished_at).next_back();
        self.stepped = stepped.map(|at| Moment::or_of(self.stepped.as_ref(), now, at));
        let ordered = recovery.steps().filter(|step| is_order(&step.name)).last();
        self.ordered = ordered.map(|step| Moment::or_of(self.ordered.as_ref(), now, step.started_at));
        let awaiting = status.guards.iter().find(|guard| guard.name == GuardName::Mode && !guard.pass);
        self.awaiting = awaiting.map(|guard| Moment::or_of(self.awaiting.as_ref(), now, guard.since));
        self.finished = status.finished_at.map(|at| Moment::or_of(self.finished.as_ref(), now, at));
    }

    /// When the failure was detected.
    pub(crate) fn detected(&self) -> Past {
        self.detected.1
    }

    /// When the first attempt started, else when the failure was detected; as stored, and on our own clock.
    pub(crate) fn begun(&self) -> (Stamp, Past) {
        let Moment(stamp, began) = self.attempts.first().unwrap_or(&self.detected);
        (*stamp, *began)
    }

    /// When the newest attempt started, else when the failure was detected; as stored, and on our own clock.
    pub(crate) fn latest(&self) -> (Stamp, Past) {
        let Moment(stamp, began) = self.attempts.last().unwrap_or(&self.detected);
        (*stamp, *began)
    }

    /// When the newest attempt started.
    pub(crate) fn attempt(&self) -> Option<Past> {
        self.attempts.last().map(|moment| moment.1)
    }

    /// When the last step of the newest attempt was over.
    pub(crate) fn stepped(&self) -> Option<Past> {
        self.stepped.map(|moment| moment.1)
    }

    /// When the last order to a provider was given.
    pub(crate) fn ordered(&self) -> Option<Past> {
        self.ordered.map(|moment| moment.1)
    }

    /// Each attempt of the record, and when it started.
    pub(crate) fn attempts<'a>(&'a self, recovery: &'a Recovery) -> impl Iterator<Item = (&'a Attempt, Past)> {
        recovery.status.attempts.iter().zip(self.attempts.iter().map(|moment| moment.1))
    }

    /// Since when it waits for approval.
    pub(crate) fn awaiting(&self) -> Option<Past> {
        self.awaiting.map(|moment| moment.1)
    }

    /// When it was over.
    pub(crate) fn finished(&self) -> Option<Past> {
        self.finished.map(|moment| moment.1)
    }
}
