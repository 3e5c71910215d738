//! S10: in no minute do more recoveries begin than `recoveries_per_minute` allows, whoever leads and however often it was restarted.

use crate::check::book::Book;
use crate::check::deed::{Named, RECOVERIES};
use crate::check::note::Note;
use crate::check::record::Record;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A minute; records keep whole milliseconds.
const MINUTE: SignedDuration = SignedDuration::from_millis(59_998);

/// The uid and the name of a record, and which of its attempts.
type Which = (String, String, usize);
/// From when to when something may have been decided; one moment, where the controller's clock is right.
type Span = (Timestamp, Timestamp);

#[derive(Default)]
pub(crate) struct Rate {
    /// When attempts that write began at the latest, in order, and of each the same.
    begun: BTreeSet<(Timestamp, Which)>,
    known: BTreeMap<Which, Span>,
    /// Between which two writes of the record each began, whatever became of the writes.
    sent: BTreeMap<Which, Span>,
    /// When each record was last on its way to be stored, by its uid.
    last: BTreeMap<String, Timestamp>,
}

impl Rule for Rate {
    fn note(&mut self, note: &Note, _: &Book, now: Timestamp, _: &mut Found) {
        let Note::Sent(sent) = note else { return };
        if sent.key.resource.as_ref() != RECOVERIES {
            return;
        }
        let record = Record::of(&sent.body);
        let before = self.last.insert(record.uid.clone(), now).or(record.created).unwrap_or(now);
        for (at, _) in record.attempts.iter().enumerate().filter(|(_, attempt)| attempt.writes()) {
            self.sent.entry((record.uid.clone(), record.name.clone(), at)).or_insert((before, now));
        }
    }

    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        // A pod's first attempt may be seen by its write before it is stored.
        for _ in act.destructive().filter(|deed| deed.kind.moves_pod()) {
            let records = act.scene.book.records.behind(&act.commit.shown, None, act.sent());
            if let Some(record) = records.first().filter(|record| record.phase.is_empty()) {
                self.begins(act, (record.uid.clone(), record.name.clone(), 0), (act.sent(), act.sent()), found);
            }
        }
        let Some(record) = act.change.and_then(|change| change.after.as_ref()) else { return };
        for (at, attempt) in record.attempts.iter().enumerate().filter(|(_, attempt)| attempt.writes()) {
            let which = (record.uid.clone(), record.name.clone(), at);
            let decided = act.scene.book.decided(attempt, act.scene.now).0;
            let sent = self.sent.get(&which).copied().filter(|_| act.scene.book.faults.is_clock_odd());
            self.begins(act, which, sent.unwrap_or((decided, decided)), found);
        }
    }
}

impl Rate {
    fn begins(&mut self, act: &Act<'_>, which: Which, began: Span, found: &mut Found) {
        let at = began.1;
        // What its write showed, the record tells more exactly.
        if let Some(known) = self.known.get(&which).copied() {
            if known.1 <= at {
                return;
            }
            self.begun.remove(&(known.1, which.clone()));
        }
        self.known.insert(which.clone(), began);
        self.begun.insert((at, which));
        let (book, now) = (act.scene.book, act.scene.now);
        let earlier = book.configs.possible(book.seen_until(now) - MINUTE, now);
        let limit = earlier.map(|config| config.recoveries_per_minute as usize).max().unwrap_or(0);
        let most = self.most_around(at);
        found.judge(most.len() <= limit, || {
            let list: Vec<String> = most
                .iter()
                .map(|(at, (_, name, attempt))| format!("{at:.3} attempt {} of {name}", attempt + 1))
                .collect();
            format!(
                "{} recoveries began within a minute, {limit} are allowed: the last by commit {} on {} ({})",
                most.len(),
                act.commit.version,
                Named(&act.commit.key),
                list.join(", ")
            )
        });
    }

    /// The most that surely began within any minute that `at` is in.
    fn most_around(&self, at: Timestamp) -> Vec<&(Timestamp, Which)> {
        let (mut window, mut most) = (VecDeque::new(), Vec::new());
        let first = |moment| (moment, (String::new(), String::new(), 0));
        for begun in self.begun.range(first(at - MINUTE)..first(at + MINUTE)) {
            while window
                .front()
                .is_some_and(|(_, first): &&(Timestamp, Which)| begun.0.duration_since(self.known[first].0) >= MINUTE)
            {
                window.pop_front();
            }
            window.push_back(begun);
            if window.len() > most.len() {
                most = window.iter().copied().collect();
            }
        }
        most
    }
}
