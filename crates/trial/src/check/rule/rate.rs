//! S10: in no minute do more recoveries begin than `recoveries_per_minute` allows, whoever leads and however often it was restarted.

use crate::check::deed::Named;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// The uid of a record, and which of its attempts.
type Which = (String, usize);

#[derive(Default)]
pub(crate) struct Rate {
    /// When attempts that write began.
    begun: BTreeSet<(Timestamp, Which)>,
    known: BTreeSet<Which>,
}

impl Rule for Rate {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        // A pod's first attempt may be seen by its write before it is stored.
        for _ in act.destructive().filter(|deed| deed.kind.moves_pod()) {
            let records = act.scene.book.records.behind(&act.commit.shown, None, act.sent());
            if let Some(record) = records.first().filter(|record| record.phase.is_empty()) {
                self.begins(act, (record.uid.clone(), 0), act.sent(), found);
            }
        }
        let Some(record) = act.change.and_then(|change| change.after.as_ref()) else { return };
        for (at, attempt) in record.attempts.iter().enumerate().filter(|(_, attempt)| attempt.writes()) {
            let began = act.scene.book.decided(attempt, act.scene.now).0;
            self.begins(act, (record.uid.clone(), at), began, found);
        }
    }
}

impl Rate {
    fn begins(&mut self, act: &Act<'_>, which: Which, at: Timestamp, found: &mut Found) {
        if !self.known.insert(which.clone()) {
            return;
        }
        self.begun.insert((at, which));
        let (book, now) = (act.scene.book, act.scene.now);
        let earlier = book.configs.possible(book.seen_until(now) - MINUTE, now);
        let limit = earlier.map(|config| config.recoveries_per_minute as usize).max().unwrap_or(0);
        let most = self.most_around(at);
        found.judge(most <= limit, || {
            format!(
                "{most} recoveries began within a minute, {limit} are allowed: the last by commit {} on {}",
                act.commit.version,
                Named(&act.commit.key)
            )
        });
    }

    /// The most that began within any minute that `at` is in.
    fn most_around(&self, at: Timestamp) -> usize {
        let (mut window, mut most) = (VecDeque::new(), 0);
        let first = |moment| (moment, (String::new(), 0));
        for (moment, _) in self.begun.range(first(at - MINUTE)..first(at + MINUTE)) {
            while window.front().is_some_and(|first| moment.duration_since(*first) >= MINUTE) {
                window.pop_front();
            }
            window.push_back(*moment);
            most = most.max(window.len());
        }
        most
    }
}
