//! When to look again: one time per thing, the earliest that was asked for.

use crate::cluster::{Subject, pack};
use crate::key::Text;
use crate::time::Tick;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Subject(Subject),
    Case(Text),
    Sweep,
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: BTreeSet<(Tick, Timer)>,
    armed: BTreeMap<Timer, Tick>,
}

impl Timers {
    /// Looks at `timer` again at `at`, or earlier if that was asked for before.
    pub(super) fn arm(&mut self, timer: Timer, at: Tick) {
        match self.armed.get(&timer) {
            Some(known) if *known <= at => return,
            Some(known) => drop(self.queue.remove(&(*known, timer.clone()))),
            None => {}
        }
        self.queue.insert((at, timer.clone()));
        self.armed.insert(timer, at);
    }

    pub(super) fn due(&mut self, now: Tick) -> Vec<Timer> {
        let mut due = Vec::new();
        while self.queue.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, timer)) = self.queue.pop_first() {
                self.armed.remove(&timer);
                due.push(timer);
            }
        }
        due
    }

    /// Gives back the room that a list left unused.
    pub(super) fn pack(&mut self) {
        pack(&mut self.queue);
        pack(&mut self.armed);
    }

    pub(super) fn next(&self) -> Option<Tick> {
        self.queue.first().map(|(at, _)| *at)
    }
}
