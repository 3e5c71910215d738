//! One life of the loop: what comes in, a turn, what goes out.

use super::Ended;
use super::clock::Clock;
use super::herald::{Herald, Urgent};
use super::live::{Change, Live, RunError};
use super::lookout::Lookout;
use super::turns::{Begun, Turns};
use crate::act::Actor;
use crate::config::Secrets;
use crate::http::{Asked, Pages};
use crate::log::{self, Log};
use crate::notify::{Letter, Notifier};
use crate::watch::{Watches, config_map};
use self_healing_api::explanation::time;
use self_healing_api::history::{History, Told};
use self_healing_core::effect::{Effect, EffectId, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::explanation::Question;
use self_healing_core::healer::Healer;
use self_healing_core::names::{Remedy, WatchKind};
use self_healing_core::time::{Now, Tick};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Events taken into one turn at most, so that a flood does not keep outcomes waiting.
const BATCH: usize = 1024;
/// How long writes and messages under way may take after the signal to stop.
const FLUSH: Duration = Duration::from_secs(5);
/// Gauges are counted anew at most this often.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// Where events come from.
pub(super) struct Inputs {
    pub events: mpsc::Receiver<Event>,
    pub config: mpsc::Receiver<config_map::Data>,
    pub leading: mpsc::UnboundedReceiver<bool>,
    pub secrets: mpsc::Receiver<Secrets>,
    /// Whether pods may be created; until it is known, they may not.
    pub rights: AbortOnDropHandle<bool>,
    /// The remedies that this installation has no right for, whenever that changes.
    pub disabled: mpsc::Receiver<BTreeSet<Remedy>>,
    /// Told when a right seems to be missing.
    pub doubt: Arc<Notify>,
}

/// What happened next.
enum Next {
    Stop,
    Leading(bool),
    Config(config_map::Data),
    Secrets(Secrets),
    MayCreatePods(bool),
    Disabled(BTreeSet<Remedy>),
    Events,
    Outcome(EffectId, Outcome),
    Asked(Asked),
    Listener,
    Look,
    Wake,
}

pub(super) struct Shell<'a> {
    live: &'a mut Live,
    healer: Healer,
    actor: Arc<Actor>,
    notifier: Arc<Notifier>,
    pages: Pages,
    clock: Clock,
    log: &'a Log,
    tasks: JoinSet<(EffectId, Outcome)>,
    turns: Turns,
    urgent: Arc<Urgent>,
    herald: Herald,
    broken: BTreeSet<WatchKind>,
    counted: Option<Tick>,
    lookout: Lookout,
    stopping: bool,
    asked: bool,
}

impl<'a> Shell<'a> {
    pub(super) fn new(
        live: &'a mut Live,
        actor: Arc<Actor>,
        pages: Pages,
        clock: Clock,
        log: &'a Log,
    ) -> Result<Self, RunError> {
        let notifier = Arc::new(live.notifier()?);
        let healer = Healer::new(live.settings().clone());
        log.set(live.levels());
        let broken = WatchKind::ALL.iter().copied().collect();
        let turns = Turns::new(live.max_in_flight());
        let urgent = Arc::new(Urgent::default());
        let herald = Herald::start(actor.clone(), urgent.clone());
        Ok(Self {
            live,
            healer,
            actor,
            notifier,
            pages,
            clock,
            log,
            tasks: JoinSet::new(),
            turns,
            urgent,
            herald,
            broken,
            counted: None,
            lookout: Lookout::default(),
            stopping: false,
            asked: false,
        })
    }

    /// Turns until `stop` ends, or the configuration needs a new life.
    pub(super) async fn run(
        &mut self,
        mut inputs: Inputs,
        watches: impl FnOnce() -> Watches,
        stop: &mut (impl Future<Output = ()> + Unpin),
    ) -> Ended {
        let _watches = watches();
        let mut events = Vec::with_capacity(BATCH);
        loop {
            let next = self.next(&mut inputs, &mut events, stop).await;
            match next {
                Next::Stop => return Ended::Stopped,
                Next::Leading(leading) => events.push(Event::Leading(leading)),
                Next::Outcome(id, outcome) => {
                    if is_for_want_of_a_right(&outcome) {
                        inputs.doubt.notify_one();
                    }
                    events.push(Event::Outcome(id, outcome));
                }
                Next::Config(data) => {
                    let applied = self.live.apply(&data).map_err(|error| error.to_string());
                    if self.configure(applied, &mut events) {
                        return Ended::Rebuild;
                    }
                }
                Next::Secrets(secrets) => {
                    let applied = Ok(self.live.set_secrets(secrets));
                    if self.configure(applied, &mut events) {
                        return Ended::Rebuild;
                    }
                }
                Next::MayCreatePods(may) => {
                    self.live.set_recreate_bare_pods(may);
                    events.push(Event::Settings(Box::new(self.live.settings().clone())));
                }
                Next::Disabled(remedies) => {
                    self.live.set_disabled(remedies);
                    events.push(Event::Settings(Box::new(self.live.settings().clone())));
                }
                Next::Asked(asked) => {
                    self.answer(asked);
                    continue;
                }
                Next::Listener => {
                    self.lookout.stir();
                    continue;
                }
                Next::Look => {
                    self.look();
                    continue;
                }
                Next::Events | Next::Wake => {}
            }
            self.turn(&mut events);
        }
    }

    async fn next(
        &mut self,
        inputs: &mut Inputs,
        events: &mut Vec<Event>,
        stop: &mut (impl Future<Output = ()> + Unpin),
    ) -> Next {
        let now = self.clock.now().tick;
        // The loop turns at least once a sweep, so that /health can tell a stuck loop from a quiet cluster.
        let latest = now + self.live.settings().sweep;
        let wake = self.healer.next_wake().map_or(latest, |wake| wake.min(latest));
        let look = self.lookout.due(self.pages.broadcast.is_heard());
        tokio::select! {
            biased;
            () = stop => Next::Stop,
            Some(leading) = inputs.leading.recv() => Next::Leading(leading),
            Some(done) = self.tasks.join_next() => match done {
                Ok((id, outcome)) => Next::Outcome(id, outcome),
                Err(error) => {
                    tracing::error!(%error, "an effect ended without an outcome");
                    Next::Wake
                }
            },
            Some(data) = inputs.config.recv() => Next::Config(data),
            Some(secrets) = inputs.secrets.recv() => Next::Secrets(secrets),
            may = &mut inputs.rights, if !self.asked => {
                self.asked = true;
                Next::MayCreatePods(may.unwrap_or(false))
            }
            Some(remedies) = inputs.disabled.recv() => Next::Disabled(remedies),
            taken = inputs.events.recv_many(events, BATCH), if !inputs.events.is_closed() || !inputs.events.is_empty() => {
                if taken == 0 { Next::Wake } else { Next::Events }
            }
            () = sleep_until(self.clock.instant(wake)) => Next::Wake,
            // Healing comes first: who looks or asks while there is something to do is answered afterwards.
            () = sleep_until(self.clock.instant(look.unwrap_or_default())), if look.is_some() => Next::Look,
            () = self.pages.broadcast.wanted() => Next::Listener,
            asked = self.pages.desk.next() => Next::Asked(asked),
        }
    }

    /// Answers a question, which changes nothing. Who has not waited for the answer gets none.
    fn answer(&self, asked: Asked) {
        let now = self.clock.now();
        match asked {
            Asked::Explain(question, answer) => drop(answer.send(self.healer.explain(now, &question))),
            Asked::Overview(answer) => drop(answer.send(self.healer.overview(now))),
            Asked::Board(answer) => {
                let board = self.healer.board(now);
                drop(answer.send((time(board.at), self.live.rows(&board))));
            }
            Asked::History(answer) => drop(answer.send(History::of(now.stamp, self.healer.records()))),
            Asked::Record(name, answer) => drop(answer.send(self.told(now, &name))),
        }
    }

    fn told(&self, now: Now, name: &str) -> Option<Box<Told>> {
        let record = self.healer.record(name)?;
        let explanation = self.healer.explain(now, &Question::Recovery(record.name.clone()));
        Some(Box::new(Told::new(record, self.live.namespace(), &explanation, self.healer.records())))
    }

    /// Tells those who watch the page how everything is.
    fn look(&mut self) {
        let (now, begin) = (self.clock.now(), Instant::now());
        let rows = self.live.rows(&self.healer.board(now));
        self.pages.broadcast.tell(now, rows);
        self.lookout.looked(now.tick, begin.elapsed());
    }

    fn turn(&mut self, events: &mut Vec<Event>) {
        for event in events.iter() {
            self.note(event);
        }
        let now = self.clock.now();
        self.live.record(now, events, &self.healer);
        let effects = self.healer.turn(now, events.drain(..));
        self.pages.pulse.beat(now.tick, self.live.settings().sweep);
        self.pages.readiness.set_synced(self.healer.synced(now));
        self.begin();
        for effect in effects {
            self.dispatch(now, effect);
        }
        self.lookout.stir();
        if self.counted.is_none_or(|counted| now.tick.since(counted) >= COUNT_EVERY) {
            self.counted = Some(now.tick);
            self.pages.metrics.observe_counts(&self.healer.counts(now));
            self.pages.broadcast.rest(now.tick);
        }
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Leading(leading) => {
                self.pages.readiness.set_leader(*leading);
                self.pages.metrics.leader(*leading);
            }
            Event::Watch(kind, WatchState::Broken) => drop(self.broken.insert(*kind)),
            Event::Watch(kind, WatchState::Synced | WatchState::Alive) => drop(self.broken.remove(kind)),
            _ => return,
        }
        // One broken stream is that kind's trouble; all of them are the API's.
        self.pages.readiness.set_connected(self.broken.len() < WatchKind::ALL.len());
    }

    fn dispatch(&mut self, now: Now, effect: Effect) {
        if self.stopping && !keeps(&effect.verb) {
            return;
        }
        log::decision(&effect);
        self.live.record_effect(&effect);
        match &effect.verb {
            Verb::Happened(happening) => {
                log::happening(happening);
                self.pages.metrics.observe(happening);
                self.pages.broadcast.happened(now, happening);
                self.herald.announce(effect);
            }
            // Receivers of messages, kubelets and providers that do not answer keep nobody from the API server.
            Verb::Tell { .. } | Verb::LookAtKubelet { .. } | Verb::LookAtMachine(_) => self.perform(effect, ()),
            verb => {
                let under_way = verb.writes().then(|| self.urgent.begin());
                self.turns.wait(Begun { effect, under_way });
                self.begin();
            }
        }
    }

    /// Begins what waits, as far as there is place.
    fn begin(&mut self) {
        while let Some((Begun { effect, under_way }, place)) = self.turns.next() {
            self.perform(effect, (under_way, place));
        }
    }

    /// Does it, and holds `held` until it is done.
    fn perform(&mut self, effect: Effect, held: impl Send + 'static) {
        let (actor, notifier) = (self.actor.clone(), self.notifier.clone());
        let (metrics, cluster) = (self.pages.metrics.clone(), self.live.cluster_name().to_owned());
        self.tasks.spawn(async move {
            let outcome = match &effect.verb {
                Verb::Tell { key, channel, about } => {
                    let outcome = notifier.tell(*channel, &Letter { about, key, cluster: &cluster }).await;
                    metrics.notification(*channel, &outcome);
                    outcome
                }
                _ => actor.perform(&effect).await,
            };
            drop(held);
            (effect.id, outcome)
        });
    }

    /// Opens the channels anew after a change; true when everything has to be built anew.
    fn configure(&mut self, applied: Result<Change, String>, events: &mut Vec<Event>) -> bool {
        let receivers = |change| match self.live.notifier() {
            Ok(notifier) => Ok((change, notifier)),
            Err(error) => Err(error.to_string()),
        };
        match applied.and_then(receivers) {
            Ok((change, notifier)) => {
                self.notifier = Arc::new(notifier);
                self.log.set(self.live.levels());
                if change != Change::Nothing {
                    events.push(Event::Settings(Box::new(self.live.settings().clone())));
                }
                change == Change::Rebuild
            }
            Err(why) => {
                self.refuse(&why);
                false
            }
        }
    }

    /// A bad change is refused as a whole; the log, a metric and a Warning Event on the ConfigMap say why.
    fn refuse(&mut self, why: &str) {
        tracing::error!(error = why, "the configuration change was refused, the old configuration stays");
        self.pages.metrics.config_error();
        let (actor, why) = (self.actor.clone(), why.to_owned());
        let name = self.live.config_map_name().unwrap_or_default().to_owned();
        self.tasks.spawn(async move {
            actor.config_refused(&name, &why).await;
            (EffectId(0), Outcome::Done(self_healing_core::effect::Answer::Nothing))
        });
    }

    /// Lets what is under way end, and stores what it brought; nothing new begins.
    pub(super) async fn finish(mut self) {
        self.stopping = true;
        self.turns.retain(keeps);
        let flush = async move {
            while let Some(done) = self.tasks.join_next().await {
                if let Ok((id, outcome)) = done {
                    self.turn(&mut vec![Event::Outcome(id, outcome)]);
                }
            }
            self.herald.end().await;
        };
        if timeout(FLUSH, flush).await.is_err() {
            tracing::warn!(
                "stopped before every write and message had an answer; the next leader goes on from the records"
            );
        }
    }
}

/// Whether RBAC has refused it: those are its words.
fn is_for_want_of_a_right(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused { message } if message.contains("is forbidden: User "))
}

/// Of a process that stops: it only keeps what it knows; what it would have begun is the successor's.
fn keeps(verb: &Verb) -> bool {
    matches!(verb, Verb::SaveStatus { .. } | Verb::Tell { .. } | Verb::Happened(_))
}
