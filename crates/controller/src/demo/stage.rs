//! Where the script plays: the cluster, the levers below it, chance, and the books.

use super::error::Error;
use super::ledger::Damage;
use super::news::{News, Voice};
use super::records::records;
use crate::outside::Chance;
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{Cause, Phase};
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use self_healing_sim::actor::Levers;
use self_healing_sim::hand::Hand;
use serde_json::Value;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the script looks whether something has come about.
const LOOK: Duration = Duration::from_millis(500);

/// How long any Recovery may take.
const HEALED: Duration = Duration::from_secs(900);

/// Everything that an incident needs; one thread, so the books are borrowed for moments only and never over an await.
pub(super) struct Stage {
    /// The hand of a person.
    pub(super) hand: Hand,
    /// What no API reaches.
    pub(super) levers: Levers,
    chance: Chance,
    start: Instant,
    pub(super) news: RefCell<News>,
    damages: RefCell<Vec<Damage>>,
}

impl Stage {
    pub(super) fn new(hand: Hand, levers: Levers, seed: u64) -> Self {
        let (news, damages) = (RefCell::default(), RefCell::default());
        Self { hand, levers, chance: Chance::seeded(seed), start: Instant::now(), news, damages }
    }

    /// Since the demo's start.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The cluster's clock.
    pub(super) fn now(&self) -> Stamp {
        Stamp(self.hand.now().as_millisecond())
    }

    pub(super) fn say(&self, voice: Voice, text: impl Into<String>) {
        self.news.borrow_mut().say(self.elapsed(), voice, text);
    }

    /// Notes what was broken just now.
    pub(super) fn broke(&self, target: &Target, cause: Cause, ends: Phase) -> Damage {
        let damage = Damage { at: self.elapsed(), stamp: self.now(), target: target.clone(), cause, ends };
        self.damages.borrow_mut().push(damage.clone());
        damage
    }

    pub(super) fn damages(&self) -> Vec<Damage> {
        self.damages.borrow().clone()
    }

    /// A number below `limit`, which is not 0.
    fn below(&self, limit: usize) -> usize {
        // 64 bits on every machine that this runs on, so neither cast loses anything.
        (self.chance.next() % limit as u64) as usize
    }

    /// One of `all`, by chance.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn pick<'a, T>(&self, all: &'a [T], what: &str) -> Result<&'a T, Error> {
        let nothing = || Error::Script(format!("there is no {what} to break"));
        (!all.is_empty()).then(|| &all[self.below(all.len())]).ok_or_else(nothing)
    }

    /// Puts `all` into an order by chance.
    pub(super) fn shuffle<T>(&self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }

    /// A span between two numbers of seconds, by chance.
    pub(super) fn random(&self, from: usize, to: usize) -> Duration {
        Duration::from_millis((from * 1000 + self.below((to - from) * 1000)) as u64)
    }

    /// Waits for such a span.
    pub(super) async fn pause(&self, from: usize, to: usize) {
        sleep(self.random(from, to)).await;
    }

    /// Waits until something holds.
    ///
    /// # Errors
    /// When that takes longer than `limit`.
    pub(super) async fn until(
        &self,
        limit: Duration,
        what: &str,
        mut holds: impl FnMut() -> bool,
    ) -> Result<(), Error> {
        let end = Instant::now() + limit;
        while !holds() {
            if Instant::now() >= end {
                return Err(Error::Script(format!("waited {} s in vain until {what}", limit.as_secs())));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Pods of a workload that are ready and stay.
    pub(super) fn ready_pods(&self, namespace: &str, app: &str) -> Vec<Arc<Value>> {
        let mut pods = self.hand.list("pods", namespace);
        let is_ready = |pod: &Value| holds(pod, "Ready") && pod["metadata"]["deletionTimestamp"].is_null();
        pods.retain(|pod| pod["metadata"]["labels"]["app"] == app && is_ready(pod));
        pods
    }

    /// The Recovery that a damage led to.
    pub(super) fn recovery(&self, of: &Damage) -> Option<Recovery> {
        records(&self.hand).into_iter().find(|recovery| of.made(recovery))
    }

    /// Waits until the Recovery that a damage led to is over.
    ///
    /// # Errors
    /// When it takes too long.
    pub(super) async fn over(&self, damage: &Damage) -> Result<(), Error> {
        let is_over = || self.recovery(damage).is_some_and(|recovery| !recovery.is_active());
        self.until(HEALED, &format!("{} is healed", damage.target), is_over).await
    }
}

/// What an object is called.
pub(super) fn target(kind: Kind, object: &Value) -> Target {
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    Target { kind, key: Key::new(text("namespace"), text("name")), uid: Text::from(text("uid")) }
}

/// Whether a condition of the object is True.
pub(super) fn holds(object: &Value, condition: &str) -> bool {
    let all = object["status"]["conditions"].as_array();
    all.into_iter().flatten().any(|one| one["type"] == condition && one["status"] == "True")
}
