//! Watches become facts: one task per kind lists and watches it, and sends what it sees to the core.
//!
//! kube-runtime's watcher is not used, because it keeps bookmarks to itself, and the core has to know for each kind how
//! fresh its view is. Nothing is stored here: an object is read, reduced to a fact, sent, and dropped.

mod backoff;
pub mod config_map;
mod facts;
mod follow;
mod lease;
mod lines;
mod namespace;
mod node;
mod outlet;
mod pod;
mod policy;
mod pulse;
mod recovery;
mod request;
mod service;
mod workload;

use crate::objects::ObjectError;
use crate::outside::Chance;
use follow::Follower;
use self_healing_core::event::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// What is watched; a change of it needs new watches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// `watch_namespaces`: for pods and workloads; empty for all.
    pub namespaces: Vec<String>,
    /// `pod_label_selector`; empty for all.
    pub pod_label_selector: String,
    /// `pod_field_selector`; empty for all.
    pub pod_field_selector: String,
    /// `node_label_selector`; empty for all.
    pub node_label_selector: String,
    /// The controller's own namespace, where its records are.
    pub own_namespace: String,
}

/// How long things may take.
#[derive(Clone, Debug)]
pub struct Timing {
    /// How long the server keeps a watch open; each watch asks for up to a tenth less, so that they spread out.
    pub watch: Duration,
    /// Silence beyond that after which a stream counts as dead.
    pub slack: Duration,
    /// A stream that ends sooner and without having brought anything counts as a failure: the next one waits.
    pub steady: Duration,
    /// The first wait after a failure; doubles each time.
    pub retry_first: Duration,
    /// The longest wait after a failure.
    pub retry_most: Duration,
    /// How long a list may last that comes as a stream; `None` for lists that are read page by page.
    pub stream: Option<Duration>,
    /// Objects per page of a list.
    pub page: u32,
    /// Spreads waits and watches, so that many do not come back at once.
    pub chance: Chance,
}

impl Timing {
    /// The usual timing, with `retry_interval` as the longest wait.
    ///
    /// A stream is silent for 45 s at most, as the API server sends a bookmark right before it ends a watch; the core's
    /// `watch_patience` of 60 s is this plus the slack and the time to start the next one.
    #[must_use]
    pub fn new(retry_interval: Duration, chance: Chance) -> Self {
        Self {
            watch: Duration::from_secs(45),
            slack: Duration::from_secs(10),
            steady: Duration::from_secs(5),
            retry_first: Duration::from_secs(1).min(retry_interval),
            retry_most: retry_interval,
            stream: Some(Duration::from_secs(300)),
            page: 100,
            chance,
        }
    }
}

/// Who hears of objects that could not be read: the resource's plural name, and why.
pub type OnSkip = Arc<dyn Fn(&'static str, &ObjectError) + Send + Sync>;

/// Running watches; dropping them ends them.
#[derive(Debug)]
pub struct Watches(JoinSet<()>);

impl Watches {
    /// Watches everything that the core reads, until dropped or until the receiver of `events` is gone.
    #[must_use]
    pub fn start(
        client: &kube::Client,
        scope: &Scope,
        timing: &Timing,
        events: &Sender<Event>,
        on_skip: &OnSkip,
    ) -> Self {
        let mut tasks = JoinSet::new();
        for (source, facts) in facts::all(scope) {
            let follower =
                Follower::new(client.clone(), source, timing.clone(), facts, events.clone(), on_skip.clone());
            tasks.spawn(follower.run());
        }
        Self(tasks)
    }

    /// Waits until a watch has ended, which it does only when nobody listens any more.
    ///
    /// # Errors
    /// If it panicked.
    pub async fn ended(&mut self) -> Result<(), tokio::task::JoinError> {
        self.0.join_next().await.unwrap_or(Ok(()))
    }
}
