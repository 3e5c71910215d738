//! The bare ground: a toy cluster around the bare `Healer`, in virtual time. Every effect is applied to the truth and answered after a
//! moment, every change comes back by the watch a moment later, and the healer can meet a misfortune at any effect.

mod answers;
mod deeds;
mod look;
mod pods;
mod things;
mod truth;

pub(crate) use things::{QUICK, node, ready_pod};
pub(crate) use truth::{Scripted, Truth, condition, later};

use self_healing_core::effect::{Effect, EffectId, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::healer::Healer;
use self_healing_core::names::WatchKind;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use self_healing_story::{Moment, Story};
use std::collections::BTreeMap;

/// An API call takes this long, in milliseconds.
const CALL: u64 = 10;
/// A watch event arrives so long after the change.
const LAG: u64 = 25;
/// A quiet watch says so this often.
const BOOKMARK: u64 = 20_000;
/// A new process has its lists after this.
const LIST: u64 = 200;
/// How long the leader's Lease lasts without an API server.
const REIGN: u64 = 10_000;
/// More turns than this within a second of virtual time are a spin.
const SPIN: u32 = 900;
/// The wall clock when the cluster is made.
pub(crate) const EPOCH: i64 = 1_700_000_000_000;

/// What goes wrong once, at the effect of a number: the process dies before or after it, its answer or itself is lost, it is not taken
/// because the API server is busy, its answer comes late, or another replica led for a moment right after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfortune {
    Before,
    After,
    Mute,
    Lost,
    Busy,
    Late,
    Deposed,
}

impl Misfortune {
    pub(crate) const ALL: [Self; 7] =
        [Self::Before, Self::After, Self::Mute, Self::Lost, Self::Busy, Self::Late, Self::Deposed];
}

/// What the healer is told next.
#[derive(Debug)]
enum Mail {
    Event(Event),
    /// Leadership is won, if this replica may have it by then.
    Lead,
    Bookmarks,
    Lists,
}

pub(crate) struct Ground {
    healer: Healer,
    pub(crate) truth: Truth,
    pub(crate) story: Story,
    pub(crate) settings: Settings,
    /// ConfigMap keys and values that were set.
    config: Vec<(String, String)>,
    mail: BTreeMap<(u64, u64), Mail>,
    sequence: u64,
    /// Effects that had to be answered, ever.
    pub(crate) sent: usize,
    /// What will go wrong, and at which effect.
    pub(crate) misfortunes: Vec<(Misfortune, usize)>,
    /// Everything that was sent, with its time.
    pub(crate) log: Vec<(u64, Effect)>,
    /// Watches of these kinds say nothing.
    pub(crate) deaf: Vec<WatchKind>,
    pub(crate) leads: bool,
    /// Stopped in its tracks until then.
    frozen: Option<u64>,
    /// Deeds that wait for a write.
    armed: Vec<Moment>,
    /// When the story begins.
    pub(crate) zero: u64,
    /// From when on the healer's wall clock is ahead of the cluster's, and by how much, in milliseconds.
    pub(crate) jump: (u64, i64),
    /// Turns taken.
    pub(crate) turns: usize,
    rush: (u64, u32),
}

impl Ground {
    /// Milliseconds since the cluster was made.
    pub(crate) fn now(&self) -> u64 {
        self.truth.now
    }

    fn clock(&self) -> Now {
        let (from, ahead) = self.jump;
        let ahead = if self.truth.now >= from { ahead } else { 0 };
        Now { tick: Tick(self.truth.now), stamp: Stamp(EPOCH + self.truth.now as i64 + ahead) }
    }

    /// Forgets the healer and everything under way; a new one leads first, its watches come later.
    pub(crate) fn restart(&mut self) {
        self.renew();
        self.put(0, Mail::Lead);
        if !self.truth.down {
            self.put(LIST, Mail::Lists);
        }
    }

    /// The process ends in order, and a replica that has watched all the time goes on.
    pub(crate) fn hand_over(&mut self) {
        self.renew();
        self.put(0, Mail::Lists);
        self.put(1000, Mail::Lead);
    }

    fn renew(&mut self) {
        self.healer = Healer::new(self.settings.clone());
        self.mail.clear();
        self.truth.news.clear();
        self.put(BOOKMARK, Mail::Bookmarks);
    }

    /// Tells the healer `event` now.
    pub(crate) fn tell(&mut self, event: Event) {
        self.put(0, Mail::Event(event));
    }

    /// What the watch of records was about to show is not shown.
    fn drop_records_under_way(&mut self) {
        self.mail.retain(|_, mail| !matches!(mail, Mail::Event(Event::Recovery(_))));
        self.truth.news.retain(|event| !matches!(event, Event::Recovery(_)));
    }

    /// Leadership is won or lost.
    pub(crate) fn lead(&mut self, leads: bool) {
        self.leads = leads;
        self.tell(Event::Leading(leads));
    }

    /// Changes settings as no key can.
    pub(crate) fn with(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        let settings = Box::new(self.settings.clone());
        self.tell(Event::Settings(settings));
    }

    fn put(&mut self, after: u64, mail: Mail) {
        self.sequence += 1;
        self.mail.insert((self.truth.now + after, self.sequence), mail);
    }

    /// Lets `seconds` of virtual time pass.
    pub(crate) fn run(&mut self, seconds: f64) {
        self.run_to(self.truth.now + (seconds * 1000.0).round() as u64);
    }

    /// Lets virtual time pass until `end`, in milliseconds.
    pub(crate) fn run_to(&mut self, end: u64) {
        loop {
            self.publish();
            let thaw = self.frozen.unwrap_or(0).max(self.truth.now);
            let wake = self.healer.next_wake().map(|tick| tick.0.max(thaw));
            let mail = self.mail.keys().next().map(|(at, _)| (*at).max(thaw));
            let next = [wake, mail, self.truth.next()].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.truth.now = at;
            self.truth.turn();
            self.publish();
            if self.frozen.is_none_or(|until| until <= at) {
                self.frozen = None;
                self.turn();
            }
        }
        self.truth.now = self.truth.now.max(end);
    }

    /// Runs until `done`, at most `seconds`; panics with the timeline otherwise.
    pub(crate) fn until(&mut self, seconds: u64, done: impl Fn(&Self) -> bool) {
        let end = self.now() + seconds * 1000;
        while !done(self) && self.now() < end {
            self.run(0.05);
        }
        assert!(done(self), "not within {seconds} s:\n{}", self.report());
    }

    /// Sends the truth's news to the watches.
    pub(crate) fn publish(&mut self) {
        for event in std::mem::take(&mut self.truth.news) {
            if !self.truth.down {
                self.put(LAG, Mail::Event(event));
            }
        }
    }

    fn turn(&mut self) {
        let mut events = Vec::new();
        while let Some(entry) = self.mail.first_entry().filter(|entry| entry.key().0 <= self.truth.now) {
            match entry.remove() {
                Mail::Event(event) if self.is_deaf(&event) => {}
                Mail::Event(event) => events.push(event),
                Mail::Lead => events.push(Event::Leading(self.leads)),
                Mail::Bookmarks => {
                    let kinds = WatchKind::ALL.iter().filter(|kind| !self.deaf.contains(kind) && !self.truth.down);
                    events.extend(kinds.map(|kind| Event::Watch(*kind, WatchState::Alive)));
                    self.put(BOOKMARK, Mail::Bookmarks);
                }
                Mail::Lists => events.extend(self.lists()),
            }
        }
        self.turns += 1;
        let second = self.truth.now / 1000;
        self.rush = if self.rush.0 == second { (second, self.rush.1 + 1) } else { (second, 1) };
        assert!(self.rush.1 < SPIN, "spins with {events:?}:\n{}", self.report());
        let effects = self.healer.turn(self.clock(), events);
        assert!(self.healer.next_wake().is_none_or(|wake| wake > self.clock().tick), "a wake-up that is over already");
        let mut deposed = false;
        for effect in effects {
            if deposed && !matches!(effect.verb, Verb::Happened(_)) {
                self.answer(effect.id, Outcome::NotLeading);
            } else if !self.send(effect, &mut deposed) {
                return;
            }
        }
        if deposed {
            self.tell(Event::Leading(false));
            self.tell(Event::Leading(true));
        }
    }

    /// A complete list of everything, as watches bring it at their start.
    pub(crate) fn lists(&self) -> Vec<Event> {
        let each = |state| WatchKind::ALL.iter().map(move |kind| Event::Watch(*kind, state));
        each(WatchState::ListStarted).chain(self.truth.everything()).chain(each(WatchState::Synced)).collect()
    }

    /// False when the process ended over it.
    fn send(&mut self, effect: Effect, deposed: &mut bool) -> bool {
        self.log.push((self.truth.now, effect.clone()));
        if matches!(effect.verb, Verb::Happened(_)) {
            return true;
        }
        self.sent += 1;
        let due = self.misfortunes.iter().position(|(_, at)| *at == self.sent);
        let misfortune = due.map(|at| self.misfortunes.remove(at).0);
        if misfortune == Some(Misfortune::Before) {
            self.log.pop();
            self.restart();
            return false;
        }
        let unknown = || Outcome::Unknown { message: "no answer in time".into() };
        let outcome = match misfortune {
            Some(Misfortune::Lost) => unknown(),
            Some(Misfortune::Busy) => truth::later("the API server is busy"),
            _ => self.truth.apply(&effect),
        };
        let ended = self.react(&effect, &outcome);
        match misfortune {
            _ if ended => return false,
            Some(Misfortune::After) => {
                self.publish();
                self.restart();
                return false;
            }
            Some(Misfortune::Mute) => self.answer(effect.id, unknown()),
            Some(Misfortune::Late) => self.put(3000, Mail::Event(Event::Outcome(effect.id, outcome))),
            other => {
                *deposed |= other == Some(Misfortune::Deposed);
                self.answer(effect.id, outcome);
            }
        }
        true
    }

    fn answer(&mut self, id: EffectId, outcome: Outcome) {
        self.put(CALL, Mail::Event(Event::Outcome(id, outcome)));
    }

    fn is_deaf(&self, event: &Event) -> bool {
        let kind = match event {
            Event::Pod(_) | Event::PodGone(_) => WatchKind::Pod,
            Event::Node(_) | Event::NodeGone(_) => WatchKind::Node,
            Event::Lease(_) | Event::LeaseGone(_) => WatchKind::Lease,
            Event::Recovery(_) | Event::RecoveryGone(_) => WatchKind::Recovery,
            Event::Namespace(_) | Event::NamespaceGone(_) => WatchKind::Namespace,
            Event::Watch(kind, _) => *kind,
            Event::Workload(_)
            | Event::WorkloadGone(..)
            | Event::Settings(_)
            | Event::Leading(_)
            | Event::Outcome(..) => {
                return false;
            }
        };
        self.deaf.contains(&kind)
    }
}
