//! The loop body: `turn` takes what happened and gives what to do.

mod adopt;
mod answers;
mod board;
mod case;
mod counts;
mod examine;
mod explain;
mod facts;
mod fleet;
mod gather;
mod impact;
mod open;
mod outcome;
mod overview;
mod policies;
mod progress;
mod roster;
mod sickbed;
mod store;
mod succession;
mod tell;
mod timers;
mod times;
mod world;

pub(crate) use case::Case;
pub use counts::Counts;
use progress::FRESH;
pub(crate) use world::World;

use crate::cluster::{Cluster, Subject};
use crate::effect::{Effect, EffectId, Verb};
use crate::event::{Event, WatchState};
use crate::key::Text;
use crate::policy::Policies;
use crate::settings::Settings;
use crate::time::{Now, Tick};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use case::Backoff;
use core::cmp::Reverse;
use core::time::Duration;
use fleet::Fleet;
use gather::Gathers;
use outcome::Errand;
use roster::Roster;
use sickbed::Sickbed;
use timers::{Timer, Timers};

/// A turn comes once a sweep at least; one that is later than that by so much comes from a process that was stopped.
const SLACK: Duration = Duration::from_secs(5);

/// All state, no IO.
#[derive(Debug)]
pub struct Healer {
    settings: Settings,
    now: Now,
    cluster: Cluster,
    sickbed: Sickbed,
    fleet: Fleet,
    policies: Policies,
    cases: BTreeMap<Text, Case>,
    /// The cases that are not over.
    active: Roster,
    /// Since when this process leads.
    leading: Option<Tick>,
    /// Whether the stored Recoveries were read freshly since then.
    adopted: bool,
    reading: Backoff,
    /// When it last had another replica lead.
    handed_over: Option<Tick>,
    timers: Timers,
    gathers: Gathers,
    errands: BTreeMap<EffectId, (Text, Errand)>,
    last_id: u64,
    effects: Vec<Effect>,
}

/// What this turn has to look at.
#[derive(Default)]
struct Agenda {
    subjects: BTreeSet<Subject>,
    cases: BTreeSet<Text>,
    everything: bool,
    /// A list has ended.
    listed: bool,
    /// Something has changed that any case which acts may wait for. To look at each of them whenever anything is heard would cost more than
    /// all the rest.
    stirred: bool,
}

impl Healer {
    /// A healer that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut cluster = Cluster::default();
        cluster.freshness.set_patience(settings.watch_patience);
        Self {
            settings,
            now: Now::default(),
            cluster,
            sickbed: Sickbed::default(),
            fleet: Fleet::default(),
            policies: Policies::default(),
            cases: BTreeMap::new(),
            active: Roster::default(),
            leading: None,
            adopted: false,
            reading: Backoff::default(),
            handed_over: None,
            timers: Timers::default(),
            gathers: Gathers::default(),
            errands: BTreeMap::new(),
            last_id: 0,
            effects: Vec::new(),
        }
    }

    /// Takes what happened, gives what to do. The same events in the same order give the same effects.
    pub fn turn(&mut self, now: Now, events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
        let slept = now.tick.since(self.now.tick) > self.settings.sweep + SLACK;
        self.now = now;
        let mut agenda = Agenda::default();
        if slept {
            // The process was stopped, or starved: what it remembers as bad need not have been bad all the time.
            self.sickbed.restart_all();
            agenda.stirred = true;
        }
        let before = self.cluster.changes();
        for event in events {
            self.take(event, &mut agenda);
        }
        agenda.stirred |= self.cluster.changes() != before;
        for timer in self.timers.due(now.tick) {
            match timer {
                Timer::Subject(subject) => {
                    agenda.subjects.insert(subject);
                    agenda.stirred = true;
                }
                Timer::Case(name) => drop(agenda.cases.insert(name)),
                Timer::Sweep => agenda.everything = true,
            }
        }
        self.work(agenda);
        core::mem::take(&mut self.effects)
    }

    fn take(&mut self, event: Event, agenda: &mut Agenda) {
        match event {
            Event::Settings(settings) => {
                self.cluster.freshness.set_patience(settings.watch_patience);
                self.settings = *settings;
                self.policies.settle(&self.settings);
                agenda.everything = true;
            }
            Event::Leading(leading) => {
                self.lead(leading);
                agenda.everything = true;
            }
            Event::Outcome(id, outcome) => self.outcome(id, outcome, agenda),
            Event::Policy(policy) => {
                agenda.everything |= self.policies.put(*policy, &self.settings);
            }
            Event::PolicyGone(name) => agenda.everything |= self.policies.remove(&name, &self.settings),
            Event::Recovery(recovery) => self.stored(*recovery, agenda),
            Event::RecoveryGone(name) => {
                self.record_gone(&name);
                agenda.stirred = true;
            }
            Event::Lease(lease) => {
                let node = Subject::Node(lease.node.clone());
                agenda.stirred |= self.sickbed.is_known(&node) || self.active.about(&node).next().is_some();
                agenda.subjects.extend(self.cluster.apply(self.now, Event::Lease(lease)));
            }
            Event::Watch(kind, state) => {
                let was_current = self.cluster.freshness.current(self.now.tick, kind);
                agenda.subjects.extend(self.cluster.apply(self.now, Event::Watch(kind, state)));
                let current = self.cluster.freshness.current(self.now.tick, kind);
                if current && !was_current {
                    self.sickbed.restart(kind);
                }
                agenda.everything |= self.list_policies(kind, state);
                agenda.listed |= state == WatchState::Synced;
                agenda.everything |= current != was_current || agenda.listed;
            }
            Event::Pod(_)
            | Event::PodGone(_)
            | Event::Node(_)
            | Event::NodeGone(_)
            | Event::LeaseGone(_)
            | Event::Service(_)
            | Event::ServiceGone(_)
            | Event::Endpoints(_)
            | Event::EndpointsGone(_)
            | Event::Workload(_)
            | Event::WorkloadGone(..)
            | Event::Namespace(_)
            | Event::NamespaceGone(_) => {
                // A namespace matters to a case only on the sweep, and to one that acts at once.
                agenda.subjects.extend(self.cluster.apply(self.now, event));
            }
        }
    }

    fn work(&mut self, mut agenda: Agenda) {
        if agenda.everything {
            agenda.subjects.extend(self.sickbed.subjects());
            // A node that fell silent while we were blind sends nothing that would make us look at it.
            agenda.subjects.extend(self.cluster.nodes().map(|node| Subject::Node(node.name.clone())));
            // What a Service wants may change without a word of its own.
            agenda.subjects.extend(self.cluster.empty_services().map(|service| Subject::Service(service.key.clone())));
            agenda.cases.extend(self.active.iter().cloned());
            let owing = self.cases.values().filter(|case| tell::owes(&case.recovery));
            agenda.cases.extend(owing.map(|case| case.recovery.name.clone()));
            self.timers.arm(Timer::Sweep, self.now.tick + self.settings.sweep);
            self.apply_policies();
            self.read_recoveries();
        }
        for subject in &agenda.subjects {
            self.examine(subject);
        }
        self.weigh();
        for subject in &agenda.subjects {
            self.open(subject, &mut agenda.cases);
        }
        let targets = agenda.subjects.iter().flat_map(|subject| self.active.about(subject));
        let acting = agenda.stirred.then(|| self.active.acting()).into_iter().flatten();
        let named = acting.chain(targets).cloned().chain(agenda.cases);
        // The oldest first: what becomes free goes to who has waited longest.
        let mut todo: BTreeSet<(Reverse<Duration>, Text)> = named.map(|name| (self.age(&name), name)).collect();
        while let Some((_, name)) = todo.pop_first() {
            let ended = self.step(&name);
            if ended {
                todo.extend(self.active.iter().map(|name| (self.age(name), name.clone())));
            }
        }
        self.hand_over();
        if agenda.everything {
            self.clear_orphans();
            self.expire();
            self.tell_policies();
        }
        if agenda.listed {
            self.timers.pack();
            self.fleet.pack();
        }
    }

    fn age(&self, name: &Text) -> Reverse<Duration> {
        let age = |case: &Case| case.times.detected().elapsed(self.now.tick);
        Reverse(self.cases.get(name).map(age).unwrap_or_default())
    }

    /// The cases of Recoveries that are not over.
    fn active_cases(&self) -> impl Iterator<Item = &Case> {
        self.active.iter().filter_map(|name| self.cases.get(name))
    }

    /// Steps one case; true when it ended, which may free budgets for others.
    fn step(&mut self, name: &Text) -> bool {
        let Some(mut case) = self.cases.remove(name) else { return false };
        let was_active = case.recovery.is_active();
        // A phase that we do not know was written by a newer version: its record is not ours to change.
        let readable = case.recovery.status.phase.is_some();
        if let (Some(leading_since), true) = (self.leading, self.adopted && readable) {
            let mut world = self.world_of(leading_since, case.policy.as_ref());
            world.own_attempts = case.writing_attempts().collect();
            let mut orders = Vec::new();
            tell::news(&world, &mut case, &mut orders);
            tell::belated(&world, &mut case);
            progress::run(&world, &mut case, &mut orders);
            tell::resolve(&world, &mut case);
            tell::run(&world, &mut case, &mut orders);
            store::run(&world, &mut case, &mut orders);
            gather::run(&self.gathers, &case, &mut orders);
            for (errand, verb) in orders {
                let id = self.send(name, errand, verb);
                outcome::started(&mut case, self.now.tick, id, self.errands.get(&id).map(|(_, errand)| errand));
            }
        }
        if let Some(at) = case.wake.take() {
            self.timers.arm(Timer::Case(name.clone()), at.max(self.now.tick + Duration::from_millis(1)));
        }
        self.gathers.note(&case);
        gather::forget(&mut case);
        case.times.learn(self.now, &case.recovery);
        let active = case.recovery.is_active();
        self.active.put(&case);
        self.cases.insert(name.clone(), case);
        was_active && !active
    }

    fn send(&mut self, recovery: &Text, errand: Errand, verb: Verb) -> EffectId {
        self.last_id += 1;
        let id = EffectId(self.last_id);
        if !matches!(errand, Errand::None) {
            self.errands.insert(id, (recovery.clone(), errand));
        }
        self.effects.push(Effect { id, recovery: recovery.clone(), verb });
        id
    }

    /// When `turn` wants to be called again even if nothing happens.
    #[must_use]
    pub fn next_wake(&self) -> Option<Tick> {
        self.timers.next()
    }
}
