//! The checker: invariants asserted on the embedded cluster's truth after every commit, and on what is left at the end.
//!
//! It is a witness of the store. It reads commits, not the controller: what a record, a mark or a phase means is written down here
//! once more, from the contract. What no commit shows, the runner [notes](Checker::note).

mod book;
mod deed;
mod json;
mod limits;
mod note;
mod page;
mod record;
mod rule;
mod scene;
mod setup;
mod summary;
mod table;
mod tally;
mod violation;

pub use note::{Fault, FaultKind, Note, Read, Sent, Told};
pub use page::invariants_markdown;
pub use setup::{Canary, Setup};
pub use summary::Summary;
pub use table::{INVARIANTS, Invariant};
pub use violation::Violation;

use book::{Book, HEARTBEATS};
use jiff::{SignedDuration, Timestamp};
use scene::{Act, Rule, Scene};
use self_healing_sim::store::{Commit, Store, Witness};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use table::How;
use tally::Tally;
use violation::Found;

/// A cheap handle; all clones are the same checker.
#[derive(Clone)]
pub struct Checker(Arc<Mutex<State>>);

struct State {
    clock: Box<dyn Fn() -> Timestamp + Send>,
    book: Book,
    rules: Vec<(&'static Invariant, Box<dyn Rule>)>,
    found: Found,
    tally: Tally,
    commits: u64,
    ticked: Timestamp,
}

/// What should have happened by now is asked for at most this often.
const TICK: SignedDuration = SignedDuration::from_secs(1);

impl Checker {
    /// A checker of the run that `setup` describes; `clock` is the cluster's, and may not ask for the cluster's lock.
    #[must_use]
    pub fn new(setup: Setup, clock: impl Fn() -> Timestamp + Send + 'static) -> Self {
        let now = clock();
        let rules = INVARIANTS.iter().filter_map(|invariant| match invariant.how {
            How::Rule(make, ..) => Some((invariant, make())),
            How::Elsewhere(_) | How::NotYet(_) => None,
        });
        let found = Found { violations: Vec::new(), judged: BTreeMap::new(), rule: &INVARIANTS[0], at: now };
        Self(Arc::new(Mutex::new(State {
            clock: Box::new(clock),
            book: Book::new(setup, now),
            rules: rules.collect(),
            found,
            tally: Tally::default(),
            commits: 0,
            ticked: now,
        })))
    }

    /// What the store has to be given, so that the checker hears of every commit.
    #[must_use]
    pub fn witness(&self) -> Witness {
        let checker = self.clone();
        Box::new(move |commit, store| checker.state().commit(commit, store))
    }

    /// Takes what no commit shows.
    pub fn note(&self, note: &Note) {
        self.state().note(note);
    }

    /// Judges what is left at the end of a run. The last fault must be over, and the controller must have had the time that its
    /// configuration gives it.
    pub fn end(&self, store: &Store) {
        self.state().end(store);
    }

    /// How the run ended, to be compared with the run without faults.
    #[must_use]
    pub fn summary(&self, store: &Store) -> Summary {
        Summary::of(&mut self.state().tally, store)
    }

    /// What is broken so far, in the order in which it was seen.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.state().found.violations.clone()
    }

    /// How many commits were checked.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.state().commits
    }

    /// How often each rule had something to judge. A run in which a rule had nothing says nothing about it.
    #[must_use]
    pub fn judged(&self) -> BTreeMap<&'static str, u64> {
        self.state().found.judged.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside a rule is a bug of ours, and shows as one; what was found before still counts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn commit(&mut self, commit: &Commit, store: &Store) {
        let now = (self.clock)();
        self.commits += 1;
        self.found.at = now;
        let ours = self.book.is_ours(commit);
        if ours || &*commit.key.namespace != HEARTBEATS {
            let change = self.book.commit(commit, now);
            self.tally.commit(commit, store);
            let deeds = if ours { deed::done(commit) } else { Vec::new() };
            let scene = Scene { now, book: &self.book, store };
            let act = Act { scene, commit, ours, deeds: &deeds, change: change.as_ref() };
            for (invariant, rule) in &mut self.rules {
                self.found.rule = invariant;
                rule.commit(&act, &mut self.found);
            }
        }
        if now.duration_since(self.ticked) >= TICK {
            self.ticked = now;
            self.tick(store, now);
        }
    }

    fn tick(&mut self, store: &Store, now: Timestamp) {
        for (invariant, rule) in &mut self.rules {
            self.found.rule = invariant;
            rule.tick(Scene { now, book: &self.book, store }, &mut self.found);
        }
    }

    fn note(&mut self, note: &Note) {
        let now = (self.clock)();
        self.found.at = now;
        self.book.note(note, now);
        for (invariant, rule) in &mut self.rules {
            self.found.rule = invariant;
            rule.note(note, &self.book, now, &mut self.found);
        }
    }

    fn end(&mut self, store: &Store) {
        let now = (self.clock)();
        self.found.at = now;
        self.tick(store, now);
        for (invariant, rule) in &mut self.rules {
            self.found.rule = invariant;
            rule.end(Scene { now, book: &self.book, store }, &mut self.found);
        }
    }
}
