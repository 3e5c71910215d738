//! One look at everything that the core reads, by the same lists and the same reading of objects as the running controller's.

use crate::outside::Chance;
use crate::watch::{OnSkip, Scope, Timing, Watches};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::names::WatchKind;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long all lists together may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Events on their way.
const QUEUE: usize = 1024;

/// What was found.
#[derive(Debug, Default)]
pub struct Lists {
    /// Every object as an event.
    pub facts: Vec<Event>,
    /// Kinds that could not be listed.
    pub missing: Vec<WatchKind>,
}

/// Lists every kind once.
pub async fn read(client: &kube::Client, scope: &Scope) -> Lists {
    let skipped: OnSkip = Arc::new(|resource, error| tracing::warn!(resource, %error, "an object was skipped"));
    let (sender, mut events) = mpsc::channel(QUEUE);
    let timing = Timing::new(Duration::from_secs(1), Chance::system());
    let watches = Watches::start(client, scope, &timing, &sender, &skipped);
    let mut waiting: BTreeSet<WatchKind> = WatchKind::ALL.iter().copied().collect();
    let mut lists = Lists::default();
    let all = async {
        while !waiting.is_empty() {
            match events.recv().await {
                Some(Event::Watch(kind, WatchState::Synced)) => drop(waiting.remove(&kind)),
                // The first refusal counts: it is hardly another a second later.
                Some(Event::Watch(kind, WatchState::Broken)) => {
                    if waiting.remove(&kind) {
                        lists.missing.push(kind);
                    }
                }
                Some(Event::Watch(_, WatchState::ListStarted | WatchState::Alive)) => {}
                Some(fact) => lists.facts.push(fact),
                None => break,
            }
        }
    };
    let in_time = timeout(PATIENCE, all).await.is_ok();
    drop(watches);
    if !in_time {
        lists.missing.extend(waiting);
    }
    lists
}
