//! One turn: the mail that is due goes in, effects come out and are answered, and now and then something goes wrong with one.

use super::truth::later;
use super::{BOOKMARK, CALL, Ground, Mail};
use self_healing_core::effect::{Effect, EffectId, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::names::WatchKind;

/// More turns than this within a second of virtual time are a spin.
const SPIN: u32 = 900;
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

impl Ground {
    pub(super) fn turn(&mut self) {
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
        let before = self.truth.writes.len();
        let takes = self.truth.takes(&effect);
        let outcome = match misfortune {
            Some(Misfortune::Lost) => unknown(),
            Some(Misfortune::Busy) => later("the API server is busy"),
            _ => self.truth.apply(&effect),
        };
        let ended = self.react(before);
        match misfortune {
            _ if ended => return false,
            Some(Misfortune::After) => {
                self.publish();
                self.restart();
                return false;
            }
            Some(Misfortune::Mute) => self.answer(effect.id, unknown()),
            Some(Misfortune::Late) => self.put(self.late, Mail::Event(Event::Outcome(effect.id, outcome))),
            other => {
                *deposed |= other == Some(Misfortune::Deposed);
                self.put(takes, Mail::Event(Event::Outcome(effect.id, outcome)));
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
            Event::Policy(_) | Event::PolicyGone(_) => WatchKind::Policy,
            Event::Service(_) | Event::ServiceGone(_) => WatchKind::Service,
            Event::Endpoints(_) | Event::EndpointsGone(_) => WatchKind::EndpointSlice,
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
