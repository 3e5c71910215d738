//! S10: in no minute do more recoveries begin than `recoveries_per_minute` allows, whoever leads and however often it was restarted.

use crate::check::deed::Named;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A minute; records keep whole milliseconds.
const MINUTE: SignedDuration = SignedDuration::from_millis(59_998);

/// The uid and the name of a record, and which of its attempts.
type Which = (String, String, usize);

#[derive(Default)]
pub(crate) struct Rate {
    /// When attempts that write began, in order, and of each the same.
    begun: BTreeSet<(Timestamp, Which)>,
    known: BTreeMap<Which, Timestamp>,
}

impl Rule for Rate {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        // A pod's first attempt may be seen by its write before it is stored.
        for _ in act.destructive().filter(|deed| deed.kind.moves_pod()) {
            let records = act.scene.book.records.behind(&act.commit.shown, None, act.sent());
            if let Some(record) = records.first().filter(|record| record.phase.is_empty()) {
                self.begins(act, (record.uid.clone(), record.name.clone(), 0), act.sent(), found);
            }
        }
        let Some(record) = act.change.and_then(|change| change.after.as_ref()) else { return };
        for (at, attempt) in record.attempts.iter().enumerate().filter(|(_, attempt)| attempt.writes()) {
            let began = act.scene.book.decided(attempt, act.scene.now).0;
            self.begins(act, (record.uid.clone(), record.name.clone(), at), began, found);
        }
    }
}

impl Rate {
    fn begins(&mut self, act: &Act<'_>, which: Which, at: Timestamp, found: &mut Found) {
        // What its write showed, the record tells more exactly.
        if let Some(known) = self.known.get(&which).copied() {
            if known <= at {
                return;
            }
            self.begun.remove(&(known, which.clone()));
        }
        self.known.insert(which.clone(), at);
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

    /// The most that began within any minute that `at` is in.
    fn most_around(&self, at: Timestamp) -> Vec<&(Timestamp, Which)> {
        let (mut window, mut most) = (VecDeque::new(), Vec::new());
        let first = |moment| (moment, (String::new(), String::new(), 0));
        for begun in self.begun.range(first(at - MINUTE)..first(at + MINUTE)) {
            while window
                .front()
                .is_some_and(|(first, _): &&(Timestamp, Which)| begun.0.duration_since(*first) >= MINUTE)
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
