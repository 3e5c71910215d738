//! The network between the controller's processes and the world: everything that they send and hear passes here, so
//! here it is delayed, lost, doubled and held.
//!
//! A stopped process (SIGSTOP) is played from outside: what it had sent and what is sent to it is held until it goes on.
//! Its tasks share the runtime with everybody else and cannot be stopped, but from outside the difference does not show:
//! nothing comes out, nothing goes in, and what comes out first afterwards is what was on its way when it was stopped,
//! which is delivered even if the process has given up on it meanwhile.

mod link;
mod list;
mod request;
mod service;
mod tape;
mod watch;

pub use link::{Command, Link};
pub use tape::{Asking, Sighting, Tape};

use crate::check::{Fault as Known, FaultKind, Note};
use crate::fault::{Call, Engine, Fate, Fault, Sight, Way};
use request::Asked;
use self_healing_sim::cluster::Cluster;
use self_healing_story::Reception;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep};

/// How long anything takes from one side to the other.
const LATENCY: Duration = Duration::from_millis(1);

/// Cuts that may follow one another before a watch has ended.
const CUTS: usize = 16;

/// How watches end when something ends all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// In order.
    Closed,
    /// The connection breaks.
    Broken,
    /// With the answer that the server has forgotten.
    Forgotten,
}

/// What is wrong with the network as a whole.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    /// No connection can be made.
    pub down: bool,
    /// Watches bring nothing, nor ever will those that were open in this time.
    pub silent: bool,
    /// Lists show the state of this version.
    pub old: Option<u64>,
    /// The process whose renewals are cut off.
    pub split: Option<Arc<str>>,
    /// How receivers of messages that are not well take them, by channel, and what the checker was told of it.
    receivers: BTreeMap<String, (Reception, u64)>,
    /// What the checker was told of an outage under way.
    outage: Vec<u64>,
}

struct Shared {
    cluster: Cluster,
    /// The controller's namespace.
    namespace: String,
    engine: Mutex<Engine>,
    weather: Mutex<Weather>,
    tape: Mutex<Tape>,
    /// When the story began; before that nothing is hit and nothing is counted.
    began: Mutex<Option<Instant>>,
    /// A channel that wakes who listens in order; tokio's watch draws lots.
    cuts: broadcast::Sender<Cut>,
    ear: Box<dyn Fn(Note) + Send + Sync>,
    serial: AtomicU64,
    /// How many faults are on that the controller cannot notice in time.
    blinding: AtomicU64,
}

/// The network of one run; all clones are the same one.
#[derive(Clone)]
pub struct Net(Arc<Shared>);

impl Net {
    /// A network in front of `cluster`, on which the controller lives in `namespace`. `ear` hears what passes.
    #[must_use]
    pub fn new(cluster: &Cluster, namespace: &str, plan: &[Fault], ear: impl Fn(Note) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            engine: Mutex::new(Engine::new(plan)),
            weather: Mutex::default(),
            tape: Mutex::default(),
            began: Mutex::default(),
            cuts: broadcast::Sender::new(CUTS),
            ear: Box::new(ear),
            serial: AtomicU64::new(0),
            blinding: AtomicU64::new(0),
        }))
    }

    /// From now on the plan counts.
    pub fn begin(&self) {
        *lock(&self.0.began) = Some(Instant::now());
    }

    /// The engine of the plan.
    pub fn engine(&self) -> MutexGuard<'_, Engine> {
        lock(&self.0.engine)
    }

    /// What is wrong with the network as a whole, to look at and to change.
    pub fn weather(&self) -> MutexGuard<'_, Weather> {
        lock(&self.0.weather)
    }

    /// What was sent and seen since the story began.
    pub fn tape(&self) -> MutexGuard<'_, Tape> {
        lock(&self.0.tape)
    }

    /// Ends every watch that is open.
    pub fn cut(&self, how: Cut) {
        // Perhaps no watch is open.
        let _ = self.0.cuts.send(how);
    }

    /// No connection can be made from now on, and those that are open end; or it is over.
    pub fn set_down(&self, down: bool) {
        self.weather().down = down;
        if down {
            let faults = [FaultKind::Calls, FaultKind::Views].map(|kind| self.fault_begins(kind));
            self.weather().outage.extend(faults);
            self.cut(Cut::Broken);
        } else {
            let over = std::mem::take(&mut self.weather().outage);
            over.into_iter().for_each(|id| self.note(Note::FaultEnds(id)));
        }
    }

    /// How the receiver of a channel takes messages from now on.
    pub fn set_receiver(&self, channel: &str, how: Reception) {
        let known = self.weather().receivers.remove(channel);
        known.into_iter().for_each(|(_, id)| self.note(Note::FaultEnds(id)));
        if how != Reception::Well {
            let id = self.fault_begins(FaultKind::Messages);
            self.weather().receivers.insert(channel.to_owned(), (how, id));
        }
    }

    /// How the receiver of a channel takes the next message: as a fault has it, else as the story does.
    pub fn reception(&self, channel: &str) -> Reception {
        let fault = self.since_begin().and_then(|now| self.engine().message(now));
        let told = || self.weather().receivers.get(channel).map(|(how, _)| *how);
        fault.or_else(told).unwrap_or(Reception::Well)
    }

    /// The version of so many commits ago, as far as it is remembered.
    #[must_use]
    pub fn version_before(&self, commits: u64) -> u64 {
        let state = self.0.cluster.state();
        state.store.version().saturating_sub(commits).max(state.store.compacted() + 1)
    }

    /// Tells the checker something.
    pub fn note(&self, note: Note) {
        (self.0.ear)(note);
    }

    /// Tells the checker of a fault that is on now; gives its number.
    fn fault_begins(&self, kind: FaultKind) -> u64 {
        let id = self.serial();
        self.note(Note::FaultBegins(Known { id, kind }));
        id
    }

    /// Tells the checker of a fault that is on for so long.
    pub fn fault_for(&self, kind: FaultKind, span: Duration) {
        let (net, id) = (self.clone(), self.fault_begins(kind));
        let blinds = u64::from(!matches!(kind, FaultKind::Calls | FaultKind::Messages));
        self.0.blinding.fetch_add(blinds, Ordering::Relaxed);
        tokio::spawn(async move {
            sleep(span).await;
            net.0.blinding.fetch_sub(blinds, Ordering::Relaxed);
            net.note(Note::FaultEnds(id));
        });
    }

    /// Whether a fault is on that the controller cannot notice in time: of its views, its clock, itself.
    #[must_use]
    pub fn is_blinding(&self) -> bool {
        self.0.blinding.load(Ordering::Relaxed) > 0
    }

    fn serial(&self) -> u64 {
        self.0.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn since_begin(&self) -> Option<Duration> {
        lock(&self.0.began).map(|began| began.elapsed())
    }

    /// What becomes of a request.
    fn call(&self, asked: &Asked, instance: &Arc<str>) -> Fate {
        let Some(now) = self.since_begin() else { return Fate::default() };
        let split = self.weather().split.as_ref() == Some(instance);
        let call = Call { way: asked.way(), lease: asked.is_about_lease(&self.0.namespace), split };
        let (fate, [request, write]) = self.engine().call(now, call);
        let write = (call.way == Way::Write).then_some(write);
        let version = self.0.cluster.state().store.version();
        let (instance, Asked { verb, key, subresource, query: _ }) = (instance.clone(), asked.clone());
        self.tape().asked.push(Asking { request, write, instance, at: now, verb, key, subresource, version });
        fate
    }

    /// What becomes of an event.
    fn event(&self, resource: &str, head: &tape::Head<'_>) -> Sight {
        let Some(now) = self.since_begin() else { return Sight::default() };
        let (sight, number) = self.engine().event(now);
        self.tape().seen(resource, head, number);
        sight
    }
}

/// No code panics while it holds a lock here, and each write leaves a whole state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
