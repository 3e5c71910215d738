//! The bare ground: a toy cluster around the bare `Healer`, in virtual time. Every effect is applied to the truth and answered after a
//! moment, every change comes back by the watch a moment later, and the healer can meet a misfortune at any effect.

mod answers;
mod deeds;
mod look;
mod machines;
mod pods;
mod policies;
mod rollouts;
mod services;
mod suffer;
mod things;
mod truth;
mod turn;
mod workloads;

pub(crate) use things::{QUICK, SLOW_PODS, node, ready_pod};
pub(crate) use truth::{Scripted, Truth, condition, later};
pub(crate) use turn::Misfortune;

use self_healing_core::effect::Effect;
use self_healing_core::event::Event;
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
/// The wall clock when the cluster is made.
pub(crate) const EPOCH: i64 = 1_700_000_000_000;

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
    /// How late an answer comes that is late, in milliseconds.
    pub(crate) late: u64,
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
}
