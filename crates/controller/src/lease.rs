//! Leader election: which of several controllers may write, and the door that says so right before each write.
//!
//! The algorithm of client-go's `leaderelection`: a candidate takes the Lease when it saw the record unchanged for the record's
//! whole duration *on its own monotonic clock*; the other's wall clock is never compared with ours. A record that somebody else has
//! emptied, edited or deleted is not taken any sooner. The leader stops
//! `lease - renew` before anybody may take over. A stopped or paused process finds the door closed when it wakes, because the
//! door compares its deadline with the clock at each question.

mod door;
mod error;
mod record;
mod view;

pub use self::door::Door;
use self::error::Error;
use self::record::Record;
use self::view::View;
use crate::outside::{Chance, Wall};
use jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

/// The Lease's name in the controller's namespace.
pub const LEASE: &str = "self-healing-controller";

/// The durations of the election: those of client-go, with a shorter `renew`, so that a clock that runs twice as fast as another is no danger (`lease` is at least twice `renew`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long others leave an unchanged record alone; whole seconds.
    pub lease: Duration,
    /// How long after its last renewal the leader may write; below `lease`, the difference is for writes under way.
    pub renew: Duration,
    /// Longest wait between two tries; shortened by jitter, so that two candidates do not collide for ever.
    pub retry: Duration,
    /// Longest wait for one answer of the API server.
    pub call: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { lease: seconds(15), renew: seconds(7), retry: seconds(2), call: seconds(3) }
    }
}

/// What a try brought.
enum Try {
    /// The record is ours as of a request sent at `sent`.
    Ours { sent: Instant, epoch: u64 },
    /// It is, or may be, another's.
    Theirs { why: String },
}

/// A name that no other process has: the pod's name and a random suffix, since a restarted container keeps its pod's name.
#[must_use]
pub fn identity(pod: &str, chance: &Chance) -> String {
    format!("{pod}_{:016x}", chance.next())
}

/// One candidate.
pub struct Elector {
    api: Api<DynamicObject>,
    resource: ApiResource,
    namespace: String,
    identity: String,
    timing: Timing,
    wall: Wall,
    door: Door,
    changes: mpsc::UnboundedSender<bool>,
    leading: bool,
    view: View,
    /// The object as we last wrote it, so that a renewal is one request.
    written: Option<DynamicObject>,
    tries: u64,
}

impl Elector {
    /// A candidate named `identity` for the Lease in `namespace`, its door, and the changes of its leadership in order.
    ///
    /// `client` should be one that makes a single attempt per request and that others do not saturate. What `wall` shows is
    /// written into the record, for people.
    #[must_use]
    pub fn new(
        client: Client,
        namespace: &str,
        identity: String,
        timing: Timing,
        wall: Wall,
    ) -> (Self, Door, mpsc::UnboundedReceiver<bool>) {
        // Unbounded, but a change takes at least one request, and the receiver is the main loop.
        let (changes, receiver) = mpsc::unbounded_channel();
        let resource = ApiResource::erase::<k8s_openapi::api::coordination::v1::Lease>(&());
        let door = Door::closed();
        let elector = Self {
            api: Api::namespaced_with(client, namespace, &resource),
            resource,
            namespace: namespace.to_owned(),
            identity,
            timing,
            wall,
            door: door.clone(),
            changes,
            leading: false,
            view: View::default(),
            written: None,
            tries: 0,
        };
        (elector, door, receiver)
    }

    /// Takes part until `until` ends, which should be after the last write has ended; then hands the Lease over.
    pub async fn run(mut self, until: impl Future<Output = ()>) {
        let mut until = pin!(until);
        loop {
            tokio::select! {
                biased;
                () = &mut until => break,
                () = self.step() => {}
            }
        }
        self.resign("shutting down");
        if let Err(error) = self.release().await {
            warn!(%error, "the Lease was not handed over; others wait until it expires");
        }
    }

    /// One try, and the wait until the next.
    async fn step(&mut self) {
        match self.attempt_in_time().await {
            Ok(Try::Ours { sent, epoch }) => self.hold(sent, epoch),
            Ok(Try::Theirs { why }) => {
                self.door.set_trouble(None);
                self.resign(&why);
            }
            Err(error) => self.fail(&error),
        }
        let mut wait = self.jitter();
        if self.leading {
            wait = wait.min(self.door.time_left());
        }
        let door = self.door.clone();
        tokio::select! {
            biased;
            () = door.asked_to_leave() => return self.hand_over().await,
            () = sleep(wait) => {}
        }
        if self.leading && !self.door.may_write() {
            self.resign("the Lease could not be renewed in time");
        }
    }

    /// Lets another take the Lease: when writes under way have ended, and for as long as one needs to take it.
    async fn hand_over(&mut self) {
        self.resign("another replica is to lead");
        sleep(self.timing.lease - self.timing.renew).await;
        if let Err(error) = self.release().await {
            self.fail(&error);
        }
        sleep(self.timing.lease).await;
    }

    /// A leader's try ends with its leadership, so that the loss is told at once.
    async fn attempt_in_time(&mut self) -> Result<Try, Error> {
        if !self.leading {
            return self.attempt().await;
        }
        let (within, namespace) = (self.door.time_left(), self.namespace.clone());
        timeout(within, self.attempt()).await.unwrap_or(Err(Error::Silent { verb: "renew", namespace, within }))
    }

    fn hold(&mut self, sent: Instant, epoch: u64) {
        if self.leading && epoch != self.door.epoch() {
            self.resign("somebody else held the Lease in between");
        }
        // Counted from when the request was sent: others count from when they saw its effect, which is later.
        self.door.open_until(sent + self.timing.renew, epoch);
        self.door.set_trouble(None);
        if !self.leading && self.door.may_write() {
            self.leading = true;
            info!(identity = %self.identity, epoch, "leading");
            // A receiver that is gone is shutting down.
            let _ = self.changes.send(true);
        }
    }

    fn resign(&mut self, why: &str) {
        self.door.close();
        // Who does not lead reads before it writes.
        self.written = None;
        if self.leading {
            self.leading = false;
            warn!(identity = %self.identity, why, "not leading any more");
            let _ = self.changes.send(false);
        }
    }

    fn fail(&mut self, error: &Error) {
        let words = error.to_string();
        if self.door.trouble().as_ref() != Some(&words) {
            warn!(error = %words, leading = self.leading, "leader election");
        }
        self.door.set_trouble(Some(words));
        // Whether the last write was applied is not known: read before the next.
        self.written = None;
    }

    /// Between half of `retry` and all of it, from the identity and the number of tries.
    fn jitter(&mut self) -> Duration {
        self.tries += 1;
        let mut hasher = DefaultHasher::new();
        (&self.identity, self.tries).hash(&mut hasher);
        let share = u32::try_from(hasher.finish() % 512).unwrap_or(0);
        self.timing.retry / 2 + self.timing.retry * share / 1024
    }

    async fn attempt(&mut self) -> Result<Try, Error> {
        if let Some(object) = self.written.take() {
            match self.put(object, Record::renewed).await {
                // Somebody wrote or deleted it in between: read who.
                Err(error) if error.is_outdated() => {}
                other => return other,
            }
        }
        let object = self.call("get", self.api.get_opt(LEASE)).await?;
        let found = object.as_ref().map(Record::of);
        self.view.note(found.as_ref(), &self.identity);
        // Of a Lease that was emptied or deleted others keep their hands off, so who leads keeps it.
        let keeps = self.leading && self.door.may_write() && self.view.is_vacant();
        if !keeps && !self.view.may_be_taken(&self.identity, self.timing.lease) {
            return Ok(Try::Theirs { why: self.view.words() });
        }
        match object {
            Some(object) => self.put(object, Record::renewed).await,
            None => self.create().await,
        }
    }

    /// Makes the Lease, which goes on counting where the one that was deleted ended.
    async fn create(&mut self) -> Result<Try, Error> {
        let (lease, now) = (self.timing.lease, self.wall.now());
        let record = match self.view.last() {
            Some(last) => last.renewed(&self.identity, lease, now),
            None => Record::first(&self.identity, lease, now),
        };
        let object = record.into_object(&self.resource);
        self.store("create", object).await
    }

    /// Writes what `change` makes of the record; the object's resourceVersion makes sure that nobody wrote in between.
    async fn put(
        &mut self,
        mut object: DynamicObject,
        change: fn(Record, &str, Duration, Timestamp) -> Record,
    ) -> Result<Try, Error> {
        change(Record::of(&object), &self.identity, self.timing.lease, self.wall.now()).write_to(&mut object);
        self.store("update", object).await
    }

    async fn store(&mut self, verb: &'static str, object: DynamicObject) -> Result<Try, Error> {
        let sent = Instant::now();
        self.view.claim();
        let params = PostParams::default();
        let stored = if verb == "create" {
            self.call(verb, self.api.create(&params, &object)).await?
        } else {
            self.call(verb, self.api.replace(LEASE, &params, &object)).await?
        };
        let record = Record::of(&stored);
        let epoch = record.transitions;
        self.view.note(Some(&record), &self.identity);
        self.written = Some(stored);
        Ok(Try::Ours { sent, epoch })
    }

    /// Empties the record, if it is still ours, so that the next one need not wait until it expires.
    async fn release(&mut self) -> Result<(), Error> {
        let Some(object) = self.call("get", self.api.get_opt(LEASE)).await? else { return Ok(()) };
        if Record::of(&object).holder == self.identity {
            self.put(object, Record::released).await?;
            info!(identity = %self.identity, "handed over the Lease");
        }
        Ok(())
    }

    async fn call<T>(&self, verb: &'static str, call: impl Future<Output = kube::Result<T>>) -> Result<T, Error> {
        let within = self.timing.call;
        match timeout(within, call).await {
            Ok(answer) => answer.map_err(|source| Error::of(verb, &self.namespace, source)),
            Err(_) => Err(Error::Silent { verb, namespace: self.namespace.clone(), within }),
        }
    }
}
