//! S9: nothing begins on nodes right after a start or a new leadership, nor while no other node is Ready; nothing is taken away
//! on the view of watches that have fallen silent.

use crate::check::book::Book;
use crate::check::deed::asked;
use crate::check::limits::PATIENCE;
use crate::check::note::Note;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use self_healing_sim::store::Key;
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Freeze;

impl Rule for Freeze {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let Some((record, attempt)) = act.change.and_then(|change| change.begins()) else { return };
        if !record.is_about_node() || !act.ours {
            return;
        }
        let (book, now) = (act.scene.book, act.scene.now);
        let (decided, seen) = book.decided(attempt, now);
        let what = || format!("Recovery {} began an attempt by commit {}", record.name, act.commit.version);
        if let Some(from) = knows_since(book, &act.commit.origin.instance) {
            let settle = book.possible(now).map(|config| config.settle_period).min().unwrap_or_default();
            // Records keep milliseconds.
            let settled =
                SignedDuration::try_from(settle).unwrap_or(SignedDuration::MAX) - SignedDuration::from_millis(1);
            let age = decided.duration_since(from);
            found.judge(age >= settled, || {
                format!("{} {age:#} after its process began to lead (settle_period)", what())
            });
        }
        found.judge(book.fleet.has_other_ready(&record.target.name, seen), || {
            format!("{} while no node but {} could be Ready", what(), record.target.name)
        });
    }

    fn note(&mut self, note: &Note, book: &Book, now: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        let Some(deed) = asked(sent).filter(|deed| deed.kind.is_destructive()) else { return };
        let Some(silence) = book.faults.silent_since().map(|since| now.duration_since(since)) else { return };
        let deaf = silence > PATIENCE && !listed_lately(book, &sent.instance, now);
        found.judge(!deaf, || {
            format!(
                "request {} of {}: {deed}, although its watches have been silent for {silence:#}",
                sent.id, sent.instance
            )
        });
    }
}

/// Since when the process has led, or has lived if none is elected.
fn knows_since(book: &Book, instance: &Arc<str>) -> Option<Timestamp> {
    let led = book.leaders.of(instance).map(|reign| reign.since);
    led.into_iter().chain(book.lives.get(instance).copied()).max()
}

/// A list is as good as a watch for a while.
fn listed_lately(book: &Book, instance: &Arc<str>, now: Timestamp) -> bool {
    let mut lists = book.trail.reads(instance, &Key::new("nodes", "", ""));
    lists.any(|seen| seen.ok && now.duration_since(seen.at) <= PATIENCE)
}
