//! The board as it was told last, the last events, and where a listener stands between them.

use super::event::{self, Part};
use bytes::Bytes;
use self_healing_api::board::Rows;
use self_healing_core::happening::Happening;
use self_healing_core::time::{Now, Stamp, Tick};
use std::collections::VecDeque;
use std::ops::Bound;
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes of events that are kept for who reads slowly or comes back.
const KEPT: usize = 256 * 1024;
/// Bytes in one part of a whole board, about.
const PART: usize = 32 * 1024;

/// How far a listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It needs the whole board, which has to be told first.
    Waiting,
    /// It is being given the whole board, as of the event `since` or later: the next row comes after `after`.
    Whole { since: u64, after: Option<String> },
    /// It has everything up to this event.
    After(u64),
}

#[derive(Debug)]
pub(super) struct State {
    /// Tells the numbers of this process's events from another's.
    life: u128,
    last: u64,
    at: Stamp,
    rows: Rows,
    kept: VecDeque<(u64, Bytes)>,
    size: usize,
    /// Whether `rows` was told while somebody listened, and is not older than that.
    pub(super) fresh: bool,
    pub(super) heard: Option<Tick>,
    pub(super) closed: bool,
}

impl State {
    pub(super) fn new() -> Self {
        let (rows, kept) = (Rows::new(), VecDeque::new());
        let (fresh, heard, closed) = (false, None, false);
        // Of this machine, not of the cluster: a demo's clock begins at the same moment every time.
        let life = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Self { life, last: 0, at: Stamp(0), rows, kept, size: 0, fresh, heard, closed }
    }

    /// Takes in how everything is, and keeps what changed as an event; one that only says the time when nothing did.
    pub(super) fn tell(&mut self, now: Now, rows: Rows) {
        let changed = rows.iter().filter(|(key, row)| self.rows.get(*key) != Some(row));
        let mut part = Part::new(now.stamp);
        changed.for_each(|(key, row)| part.set(key, row));
        self.rows.keys().filter(|key| !rows.contains_key(*key)).for_each(|key| part.gone(key));
        (self.rows, self.at, self.fresh) = (rows, now.stamp, true);
        self.keep(|id| part.event("rows", Some(id)));
    }

    pub(super) fn happened(&mut self, now: Now, happening: &Happening) {
        self.keep(|id| event::happened(now.stamp, happening, id));
    }

    fn keep(&mut self, write: impl FnOnce(&str) -> Bytes) {
        self.last += 1;
        let event = write(&self.id(self.last));
        self.size += event.len();
        self.kept.push_back((self.last, event));
        while self.size > KEPT {
            let Some((_, oldest)) = self.kept.pop_front() else { break };
            self.size -= oldest.len();
        }
    }

    /// Lets go of everything; whoever comes back gets it anew.
    pub(super) fn forget(&mut self) {
        self.last += 1;
        (self.rows, self.kept, self.size) = (Rows::new(), VecDeque::new(), 0);
        (self.fresh, self.heard) = (false, None);
    }

    fn id(&self, number: u64) -> String {
        format!("{}.{number}", self.life)
    }

    /// Where to go on from the event `last`.
    pub(super) fn place(&self, last: Option<&str>) -> Place {
        let ours = last.and_then(|id| id.split_once('.')).filter(|(life, _)| *life == self.life.to_string());
        let number = ours.and_then(|(_, number)| number.parse().ok());
        number.filter(|number| self.has_all_after(*number)).map_or(Place::Waiting, Place::After)
    }

    fn has_all_after(&self, number: u64) -> bool {
        number == self.last || number < self.last && self.kept.front().is_some_and(|(first, _)| *first <= number + 1)
    }

    /// What to say to who is at `place`, which moves on; nothing while there is nothing new.
    pub(super) fn next(&self, place: &mut Place) -> Option<Bytes> {
        match place {
            Place::Waiting if !self.fresh => None,
            Place::Waiting => {
                *place = Place::Whole { since: self.last, after: None };
                self.next(place)
            }
            Place::Whole { since, after } => {
                let (event, reached) = self.part(*since, after.as_deref());
                *place = match reached {
                    Some(key) => Place::Whole { since: *since, after: Some(key) },
                    None => Place::After(*since),
                };
                Some(event)
            }
            Place::After(number) if *number == self.last => None,
            Place::After(number) if !self.has_all_after(*number) => {
                *place = Place::Waiting;
                self.next(place)
            }
            Place::After(number) => {
                *number += 1;
                let first = self.kept.front().map_or(*number, |(first, _)| *first);
                let at = usize::try_from(*number - first).unwrap_or(usize::MAX);
                self.kept.get(at).map(|(_, event)| event.clone())
            }
        }
    }

    /// A part of the whole board, and the key that it ends with; none when it is the last part. Only that one has a number, so
    /// that who loses the connection before it begins again.
    fn part(&self, since: u64, after: Option<&str>) -> (Bytes, Option<String>) {
        let mut part = Part::new(self.at);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = self.rows.range::<str, _>((from, Bound::Unbounded)).peekable();
        let mut reached = None;
        while part.len() < PART
            && let Some((key, row)) = rest.next()
        {
            part.set(key, row);
            reached = rest.peek().map(|_| key.clone());
        }
        let name = if after.is_none() { "whole" } else { "rows" };
        let id = reached.is_none().then(|| self.id(since));
        (part.event(name, id.as_deref()), reached)
    }
}
