//! A toy cluster around the bare `Healer`, in virtual time: every effect is applied to the truth and answered after a moment,
//! every change comes back by the watch a moment later, and the healer can crash before or after any effect.

mod build;
mod truth;

pub(crate) use build::*;
pub(crate) use truth::{Fault, Replace, Truth};

use self_healing_core::effect::{Effect, EffectId, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::happening::What;
use self_healing_core::healer::Healer;
use self_healing_core::names::{Phase, WatchKind};
use self_healing_core::recovery::Recovery;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::collections::BTreeMap;

/// An API call takes this long, in milliseconds.
const CALL: u64 = 10;
/// A watch event arrives so long after the change.
const LAG: u64 = 25;
/// A quiet watch says so this often.
const BOOKMARK: u64 = 20_000;
/// More turns than this within a second of virtual time are a spin.
const SPIN: u32 = 600;
/// The wall clock when the story begins.
pub(crate) const EPOCH: i64 = 1_700_000_000_000;

/// When the healer dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The effect of this number was decided and never sent.
    Before(usize),
    /// It was applied, and its answer never came.
    After(usize),
}

/// What the healer is told next.
#[derive(Debug)]
enum Mail {
    Event(Event),
    Bookmarks,
    Start,
}

/// The driver.
pub(crate) struct World {
    healer: Healer,
    pub(crate) truth: Truth,
    pub(crate) settings: Settings,
    mail: BTreeMap<(u64, u64), Mail>,
    sequence: u64,
    /// Effects that had to be answered, ever.
    pub(crate) sent: usize,
    pub(crate) crash: Option<Crash>,
    pub(crate) crashed: bool,
    /// Everything that was sent, with its time in milliseconds.
    pub(crate) log: Vec<(u64, Effect)>,
    /// Watches of these kinds say nothing.
    pub(crate) deaf: Vec<WatchKind>,
    /// Leads since it started.
    pub(crate) leads: bool,
    turns: (u64, u32),
    /// How far the healer's wall clock is ahead of the cluster's, in milliseconds.
    pub(crate) wall_ahead: i64,
}

impl World {
    /// A cluster of `nodes` with `settings`, and a healer that has just become leader.
    pub(crate) fn new(settings: Settings, nodes: usize) -> Self {
        let mut world = Self {
            healer: Healer::new(settings.clone()),
            truth: Truth::default(),
            settings,
            mail: BTreeMap::new(),
            sequence: 0,
            sent: 0,
            crash: None,
            crashed: false,
            log: Vec::new(),
            deaf: Vec::new(),
            leads: true,
            turns: (0, 0),
            wall_ahead: 0,
        };
        world.truth.bare_ready = 3000;
        for number in 1..=nodes {
            world.truth.add_node(&format!("n{number}"));
        }
        world
    }

    /// Milliseconds since the story began.
    pub(crate) fn now(&self) -> u64 {
        self.truth.now
    }

    /// Starts the healer and lets the cluster settle for `settle_period` and a bit.
    pub(crate) fn start(mut self) -> Self {
        self.restart();
        self.run(35);
        self
    }

    /// Forgets the healer and everything under way; a new one takes over: it leads first, its watches come later.
    pub(crate) fn restart(&mut self) {
        self.healer = Healer::new(self.settings.clone());
        self.mail.clear();
        self.truth.news.clear();
        let leads = self.leads;
        self.put(0, Mail::Event(Event::Leading(leads)));
        self.put(200, Mail::Start);
        self.put(BOOKMARK, Mail::Bookmarks);
    }

    /// Tells the healer `event` now.
    pub(crate) fn tell(&mut self, event: Event) {
        self.put(0, Mail::Event(event));
    }

    /// Applies new settings.
    pub(crate) fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        let settings = Box::new(self.settings.clone());
        self.tell(Event::Settings(settings));
    }

    fn put(&mut self, after: u64, mail: Mail) {
        self.sequence += 1;
        self.mail.insert((self.truth.now + after, self.sequence), mail);
    }

    /// Lets `seconds` of virtual time pass.
    pub(crate) fn run(&mut self, seconds: u64) {
        self.run_ms(seconds * 1000);
    }

    /// Lets `ms` milliseconds of virtual time pass.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        let end = self.truth.now + ms;
        loop {
            self.publish();
            let wake = self.healer.next_wake().map(|tick| tick.0.max(self.truth.now));
            let mail = self.mail.keys().next().map(|(at, _)| *at);
            let next = [wake, mail, self.truth.next()].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.truth.now = at;
            self.truth.turn();
            self.publish();
            self.turn();
        }
        self.truth.now = end;
    }

    /// Runs until `done`, at most `seconds`; panics with the timeline otherwise.
    pub(crate) fn until(&mut self, seconds: u64, done: impl Fn(&Self) -> bool) {
        for _ in 0..seconds * 4 {
            if done(self) {
                return;
            }
            self.run_ms(250);
        }
        assert!(done(self), "not within {seconds} s:\n{}\n{:#?}", self.timeline().join("\n"), self.truth.records);
    }

    /// Sends the truth's news to the watches.
    fn publish(&mut self) {
        for event in std::mem::take(&mut self.truth.news) {
            self.put(LAG, Mail::Event(event));
        }
    }

    fn turn(&mut self) {
        let mut events = Vec::new();
        while let Some(entry) = self.mail.first_entry().filter(|entry| entry.key().0 <= self.truth.now) {
            match entry.remove() {
                Mail::Event(event) if self.is_deaf(&event) => {}
                Mail::Event(event) => events.push(event),
                Mail::Bookmarks => {
                    events.extend(self.bookmarks());
                    self.put(BOOKMARK, Mail::Bookmarks);
                }
                Mail::Start => events.extend(self.listing()),
            }
        }
        self.note_turn(&events);
        for effect in self.healer.turn(self.clock(), events) {
            if !self.send(effect) {
                break;
            }
        }
    }

    fn clock(&self) -> Now {
        Now { tick: Tick(self.truth.now), stamp: Stamp(EPOCH + self.truth.now as i64 + self.wall_ahead) }
    }

    fn note_turn(&mut self, events: &[Event]) {
        let second = self.truth.now / 1000;
        self.turns = if self.turns.0 == second { (second, self.turns.1 + 1) } else { (second, 1) };
        assert!(self.turns.1 < SPIN, "spins at {second} s with {events:?}\n{}", self.timeline().join("\n"));
    }

    /// False when the healer died over it.
    fn send(&mut self, effect: Effect) -> bool {
        let answered = !matches!(effect.verb, Verb::Happened(_));
        if answered {
            self.sent += 1;
            if self.crash == Some(Crash::Before(self.sent)) {
                self.die();
                return false;
            }
        }
        self.log.push((self.truth.now, effect.clone()));
        let outcome = self.truth.apply(&effect);
        if self.crash == Some(Crash::After(self.sent)) && answered {
            self.publish();
            self.die();
            return false;
        }
        if let Some(outcome) = outcome {
            self.answer(effect.id, outcome);
        }
        true
    }

    fn answer(&mut self, id: EffectId, outcome: Outcome) {
        self.put(CALL, Mail::Event(Event::Outcome(id, outcome)));
    }

    fn die(&mut self) {
        self.crash = None;
        self.crashed = true;
        self.restart();
    }

    fn is_deaf(&self, event: &Event) -> bool {
        let kind = match event {
            Event::Pod(_) | Event::PodGone(_) => WatchKind::Pod,
            Event::Node(_) | Event::NodeGone(_) => WatchKind::Node,
            Event::Lease(_) | Event::LeaseGone(_) => WatchKind::Lease,
            Event::Recovery(_) | Event::RecoveryGone(_) => WatchKind::Recovery,
            Event::Watch(kind, _) => *kind,
            _ => return false,
        };
        self.deaf.contains(&kind)
    }

    fn bookmarks(&self) -> Vec<Event> {
        let kinds = WatchKind::ALL.iter().filter(|kind| !self.deaf.contains(kind));
        kinds.map(|kind| Event::Watch(*kind, WatchState::Alive)).collect()
    }

    /// A complete list of everything, as watches bring it at their start.
    pub(crate) fn listing(&self) -> Vec<Event> {
        let each = |state| WatchKind::ALL.iter().map(move |kind| Event::Watch(*kind, state));
        each(WatchState::ListStarted).chain(self.truth.everything()).chain(each(WatchState::Synced)).collect()
    }

    /// What was written to the cluster: `second verb object`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.log.iter().filter(|(_, effect)| effect.verb.writes());
        writes.map(|(at, effect)| format!("{} {}", at / 1000, effect.verb)).collect()
    }

    /// The same without the times.
    pub(crate) fn verbs(&self) -> Vec<String> {
        let writes = self.log.iter().filter(|(_, effect)| effect.verb.writes());
        writes.map(|(_, effect)| effect.verb.to_string()).collect()
    }

    /// Happenings: `second What`.
    pub(crate) fn happenings(&self) -> Vec<String> {
        let told = self.log.iter().filter_map(|(at, effect)| match &effect.verb {
            Verb::Happened(happening) => Some(format!("{} {}", at / 1000, happening.what.as_str())),
            _ => None,
        });
        told.collect()
    }

    /// How many happenings end a Recovery.
    pub(crate) fn terminal_happenings(&self) -> usize {
        let ends = |what: &What| match what {
            What::RecoverySucceeded { .. }
            | What::RecoveryEscalated { .. }
            | What::SelfRecovered { .. }
            | What::RecoveryCancelled { .. }
            | What::RecoveryFailed { last: true, .. } => true,
            What::FailureDetected { .. }
            | What::RecoveryStarted { .. }
            | What::RecoveryHeld { .. }
            | What::RecoveryFailed { last: false, .. } => false,
        };
        self.log.iter().filter(|(_, e)| matches!(&e.verb, Verb::Happened(h) if ends(&h.what))).count()
    }

    /// Everything that was sent, for failing tests.
    pub(crate) fn timeline(&self) -> Vec<String> {
        self.log.iter().map(|(at, e)| format!("{:>8.3} {}", *at as f64 / 1000.0, e.verb)).collect()
    }

    /// How often something whose text starts with `verb` was sent.
    pub(crate) fn count(&self, verb: &str) -> usize {
        self.log.iter().filter(|(_, effect)| effect.verb.to_string().starts_with(verb)).count()
    }

    /// The one stored Recovery.
    pub(crate) fn only(&self) -> &Recovery {
        assert_eq!(self.truth.records.len(), 1, "{:#?}\n{}", self.truth.records, self.timeline().join("\n"));
        self.truth.records.values().next().unwrap()
    }

    /// The phases of all stored Recoveries, in the order of their names.
    pub(crate) fn phases(&self) -> Vec<Phase> {
        self.truth.records.values().filter_map(|record| record.status.phase).collect()
    }

    /// The guard that holds the only Recovery, and why.
    pub(crate) fn held(&self) -> (&str, &str) {
        self.only().held_by().map_or(("", ""), |guard| (guard.name.as_str(), guard.reason.as_str()))
    }
}
