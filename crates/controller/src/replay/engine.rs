//! The replay itself: time and facts from the recording, decisions from the core, and nobody who acts on them.

use super::answers::Shown;
use super::card::{Card, Lived, Play};
use super::variant::{BadVariant, Variant};
use crate::record::{Line, What};
use self_healing_api::recovery::from_resource;
use self_healing_core::effect::{Effect, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::happening::What as Happened;
use self_healing_core::healer::Healer;
use self_healing_core::key::Text;
use self_healing_core::names::{Phase, Strategy, WatchKind};
use self_healing_core::recovery::{Recovery, Status};
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::collections::BTreeMap;
use std::time::Duration;

/// Turns that one moment may take at most; more would be a spin.
const TURNS: usize = 10_000;

/// A replay that goes on line by line.
pub struct Played<'a> {
    variant: &'a Variant,
    within: Option<Duration>,
    healer: Healer,
    settings: Settings,
    own: (String, String),
    may_create_pods: bool,
    now: Now,
    shown: Shown,
    records: BTreeMap<Text, Recovery>,
    leads: bool,
    card: Card,
}

impl<'a> Played<'a> {
    /// Before the first line; a failure that is over `within` that time counts as gone by itself, else `recovery_timeout` does.
    #[must_use]
    pub fn new(variant: &'a Variant, within: Option<Duration>) -> Self {
        Self {
            variant,
            within,
            healer: Healer::new(Settings::default()),
            settings: Settings::default(),
            own: (String::new(), String::new()),
            may_create_pods: false,
            now: Now::default(),
            shown: Shown::default(),
            records: BTreeMap::new(),
            leads: false,
            card: Card::default(),
        }
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// When the variant and the recorded configuration do not go together.
    pub fn line(&mut self, line: &Line) -> Result<(), BadVariant> {
        self.pass(line.after, line.jump);
        match &line.what {
            What::Begin { stamp, own, may_create_pods, .. } => {
                if self.card.span.is_none() {
                    self.now.stamp = Stamp(*stamp);
                    self.card.span = Some((self.now.stamp, self.now.stamp));
                }
                self.own = own.clone();
                self.may_create_pods = *may_create_pods;
            }
            What::Config(recorded) => {
                let mut settings = self.variant.settings(recorded, (&self.own.0, &self.own.1))?;
                settings.recreate_bare_pods = self.may_create_pods;
                self.card.within = self.within.unwrap_or(settings.recovery_timeout);
                self.settings = settings;
                let settings = Event::Settings(Box::new(self.settings.clone()));
                self.turn(vec![settings]);
            }
            What::Gap(left_out) => self.card.gaps += left_out,
            What::Recovery(resource) => {
                if let Ok(record) = from_resource(resource) {
                    let over = !record.is_active();
                    self.card.lived.insert(record.name.clone(), Lived::of(&record));
                    if over && !self.leads {
                        // What was over before the recording began is history, and nobody's deed.
                        self.card.lived.remove(&record.name);
                        self.shown.history.push(record);
                    }
                }
            }
            What::Look(node, look) => self.shown.look(node.clone(), *look),
            What::Drain(node, view) => self.shown.drain(node.clone(), (**view).clone()),
            What::View(uid, view) => self.shown.view(uid.clone(), (**view).clone()),
            What::RecoveryGone(_) | What::Leading(_) => {}
            // Given policies are there in place of the recorded ones, all the time.
            What::Policy(_) | What::PolicyGone(_) if self.variant.policies.is_some() => {}
            What::Watch(WatchKind::Policy, WatchState::ListStarted | WatchState::Synced)
                if self.variant.policies.is_some() =>
            {
                let policies = self.variant.events().collect();
                self.turn(policies);
            }
            other => {
                let Some(event) = other.event() else { return Ok(()) };
                let lead = !self.leads && matches!(event, Event::Watch(WatchKind::Recovery, WatchState::Synced));
                self.shown.take(&event);
                self.turn(vec![event]);
                if lead {
                    self.leads = true;
                    self.turn(vec![Event::Leading(true)]);
                }
            }
        }
        if let Some((_, end)) = &mut self.card.span {
            *end = self.now.stamp;
        }
        Ok(())
    }

    /// What came of it.
    #[must_use]
    pub fn end(self) -> Card {
        self.card
    }

    /// Lets time go on, with every turn that is due on the way.
    fn pass(&mut self, after: u64, jump: i64) {
        let end = Tick(self.now.tick.0.saturating_add(after));
        while let Some(wake) = self.healer.next_wake().filter(|wake| *wake < end) {
            self.now = Now { stamp: self.now.stamp_of(wake), tick: wake };
            self.turn(Vec::new());
        }
        self.now = Now { stamp: Stamp(self.now.stamp_of(end).0.saturating_add(jump)), tick: end };
    }

    /// One turn, and those that its answers bring, all at this moment.
    fn turn(&mut self, mut events: Vec<Event>) {
        for _ in 0..TURNS {
            let effects = self.healer.turn(self.now, events);
            events = effects.iter().flat_map(|effect| self.effect(effect)).collect();
            if events.is_empty() {
                return;
            }
        }
        tracing::error!("the replay spins; this moment is left");
    }

    /// Notes an effect, and gives what comes back.
    fn effect(&mut self, effect: &Effect) -> Vec<Event> {
        let stop = self.note(effect);
        let answer = self.shown.answer(effect).map(|outcome| Event::Outcome(effect.id, outcome));
        answer.into_iter().chain(stop).collect()
    }

    fn note(&mut self, effect: &Effect) -> Option<Event> {
        let (name, now) = (&effect.recovery, self.now.stamp);
        match &effect.verb {
            Verb::CreateRecovery(recovery) => {
                self.card.plays.insert(name.clone(), Play::new(recovery));
                let mut recovery = (**recovery).clone();
                recovery.uid = Text::from(format!("replay-{name}"));
                self.records.insert(name.clone(), recovery);
                None
            }
            Verb::SaveStatus { status, .. } => self.saved(name, status),
            Verb::Happened(happening) => {
                if let (Happened::RecoveryHeld { guard }, Some(play)) = (happening.what, self.card.plays.get_mut(name))
                {
                    play.held.insert(guard);
                }
                None
            }
            verb if verb.is_destructive() => {
                let strategy = self
                    .records
                    .get(name)
                    .and_then(|record| record.status.attempts.last())
                    .map(|attempt| attempt.strategy);
                if let Some(play) = self.card.plays.get_mut(name).filter(|play| play.acted.is_none()) {
                    let first = self.records.get(name).and_then(|record| record.spec.strategy);
                    play.acted = Some((now, strategy.or(first).unwrap_or(Strategy::Monitor)));
                }
                None
            }
            _ => None,
        }
    }

    /// What a saved record shows. An attempt that did not help is not followed by another: the recording shows a world in
    /// which it was not made.
    fn saved(&mut self, name: &Text, status: &Status) -> Option<Event> {
        let (Some(play), Some(record)) = (self.card.plays.get_mut(name), self.records.get_mut(name)) else {
            return None;
        };
        record.status = status.clone();
        play.holding = record.held_by().map(|guard| guard.name);
        if matches!(status.phase, Some(Phase::Succeeded | Phase::SelfRecovered)) && play.over.is_none() {
            play.over = Some(self.now.stamp);
        }
        let went_on = status.attempts.iter().filter(|attempt| attempt.finished_at.is_some()).count() > 0;
        let failed = record.is_active() && went_on && play.acted.is_some();
        if !failed || record.orders.cancelled_by.is_some() {
            return None;
        }
        play.not_verified = true;
        record.orders.cancelled_by =
            Some("the replay: the recording shows a world in which this was not done".to_owned());
        record.resource_version = self.shown.next_version();
        Some(Event::Recovery(Box::new(record.clone())))
    }
}
