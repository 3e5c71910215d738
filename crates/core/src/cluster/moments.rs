//! When what others stamped happened, on our own monotonic clock.
//!
//! A stamp is understood once, when this process first reads it: a wall clock that jumps afterwards changes nothing of it.

use super::{Subject, pack};
use crate::time::{Now, Stamp};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// The stamps that rules count from, per object, each with the clocks of when it was first read.
#[derive(Debug, Default)]
pub(super) struct Moments {
    known: BTreeMap<Subject, Box<[(Stamp, Now)]>>,
}

impl Moments {
    /// Takes the stamps of an object as it is now; those that were known keep their moment, the others were first read at `now`.
    pub(super) fn learn(&mut self, subject: &Subject, stamps: impl Iterator<Item = (Stamp, Now)>) {
        let mut stamps = stamps.peekable();
        if stamps.peek().is_none() {
            return self.forget(subject);
        }
        let before = self.known.remove(subject).unwrap_or_default();
        let kept = |stamp| before.iter().find(|(known, _)| *known == stamp).copied();
        let stamps = stamps.map(|(stamp, now)| kept(stamp).unwrap_or((stamp, now))).collect();
        self.known.insert(subject.clone(), stamps);
    }

    /// Gives back the room that a list left unused.
    pub(super) fn pack(&mut self) {
        pack(&mut self.known);
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&mut self, subject: &Subject) {
        self.known.remove(subject);
    }

    /// The clocks of when this stamp of this object was first read.
    pub(super) fn read(&self, subject: &Subject, stamp: Stamp) -> Option<Now> {
        self.known.get(subject)?.iter().find(|(known, _)| *known == stamp).map(|(_, now)| *now)
    }
}
