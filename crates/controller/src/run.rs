//! The shell's loop: facts and outcomes in, a turn of the core, effects out; the only place that knows watch, act and notify.

mod clock;
mod herald;
mod live;
mod lookout;
mod rights;
mod secrets;
mod shell;
mod turns;

pub use live::{CONFIG_MAP, Launch, RunError};

use crate::act::Actor;
use crate::client::Clients;
use crate::http::{self, Broadcast, Pages, Pulse, Readiness};
use crate::lease::{Door, Elector, Timing as LeaseTiming, identity};
use crate::log::Log;
use crate::metrics::Metrics;
use crate::watch::{OnSkip, Watches, config_map};
use clock::Clock;
use live::{Change, Live};
use shell::{Inputs, Shell};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::interval;
use tokio_util::task::AbortOnDropHandle;

/// Events that may wait for a turn; a watch that is ahead of that waits, so that memory stays bounded.
const QUEUE: usize = 4096;

/// Why one life of the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Asked to stop.
    Stopped,
    /// A new configuration needs new connections, watches or another address.
    Rebuild,
}

/// Runs the controller until `stop` ends; then finishes what is under way, releases the Lease and returns. Dropped before
/// that, it ends at once with all that it started, as after a crash.
///
/// # Errors
/// When the configuration, the credentials, the receivers or the listen address cannot be used.
pub async fn run(launch: Launch, log: &Log, stop: impl Future<Output = ()>) -> Result<(), RunError> {
    let mut stop = Box::pin(stop);
    let metrics = Arc::new(Metrics::new());
    let clock = Clock::start(launch.outside.wall.clone());
    let mut live = Live::new(launch);
    loop {
        let ended = once(&mut live, log, &metrics, &clock, &mut stop).await?;
        if ended == Ended::Stopped {
            return Ok(());
        }
        tracing::info!("configuration changed: watches and connections are made anew");
    }
}

/// One life: everything that a change of the configuration cannot reach is built here.
async fn once(
    live: &mut Live,
    log: &Log,
    metrics: &Arc<Metrics>,
    clock: &Clock,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Ended, RunError> {
    let clients = live.clients(metrics)?;
    let skipped = on_skip();
    let timing = live.watch_timing();
    let (config_sender, mut config) = mpsc::channel(8);
    let _config_watch = live
        .config_map_name()
        .map(|name| config_map::start(&clients.reads, (live.namespace(), name), &timing, &config_sender, &skipped));
    let pages = Pages {
        pulse: Arc::new(Pulse::new(clock.now().tick, live.settings().sweep)),
        readiness: Arc::new(Readiness::default()),
        metrics: metrics.clone(),
        clock: clock.reader(),
        desk: live.desk().clone(),
        broadcast: Broadcast::new(),
        name: live.name().into(),
        scope: Arc::new(live.scope()),
    };
    let server = serve(live, pages.clone()).await?;
    if let Some(ended) = first_config(live, &mut config, &pages.pulse, clock, stop).await? {
        server.end().await;
        return Ok(ended);
    }
    let (door, leading, election) = elect(live, &clients);
    let (reads, writes) = (clients.reads.clone(), clients.writes.clone());
    let actor =
        Arc::new(Actor::new(reads, writes, door, live.identity(), live.outside()).signing(live.node_webhook_secret()));
    let (event_sender, events) = mpsc::channel(QUEUE);
    let scope = live.scope();
    let (secrets, _follower) = live.secrets().map(|(from, known)| secrets::follow(from, known)).unzip();
    let mut shell = Shell::new(live, actor, pages, clock.clone(), log)?;
    let rights = AbortOnDropHandle::new(tokio::spawn(rights::may_create_pods(clients.reads.clone())));
    let secrets = secrets.unwrap_or_else(|| mpsc::channel(1).1);
    let doubt = Arc::new(Notify::new());
    let namespaces = scope.namespaces.clone();
    let (disabled, _asker) = rights::follow(clients.reads.clone(), namespaces, doubt.clone());
    let inputs = Inputs { events, config, leading, secrets, rights, disabled, doubt };
    let watches = || Watches::start(&clients.reads, &scope, &timing, &event_sender, &skipped);
    let ended = shell.run(inputs, watches, stop).await;
    // The Lease is kept until the last write has ended, and given back before the process ends.
    shell.finish().await;
    election.end().await;
    server.end().await;
    Ok(ended)
}

/// Waits for the ConfigMap, so that the first decision already obeys it; gives why this life ends, if it does.
async fn first_config(
    live: &mut Live,
    config: &mut mpsc::Receiver<config_map::Data>,
    pulse: &Pulse,
    clock: &Clock,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Option<Ended>, RunError> {
    let mut beats = interval(live.settings().sweep);
    while !live.is_configured() {
        tokio::select! {
            biased;
            () = &mut *stop => return Ok(Some(Ended::Stopped)),
            Some(data) = config.recv() => {
                if live.apply(&data)? == Change::Rebuild {
                    return Ok(Some(Ended::Rebuild));
                }
            }
            _ = beats.tick() => pulse.beat(clock.now().tick, live.settings().sweep),
        }
    }
    Ok(None)
}

/// A task that ends when it is told to, and at once when this is dropped.
struct Ending {
    tell: oneshot::Sender<()>,
    task: AbortOnDropHandle<()>,
}

impl Ending {
    fn spawn<F: Future<Output = ()> + Send + 'static>(begin: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self {
        let (tell, told) = oneshot::channel();
        Self { tell, task: AbortOnDropHandle::new(tokio::spawn(begin(told))) }
    }

    async fn end(self) {
        let _gone_is_fine = self.tell.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a task ended badly");
        }
    }
}

fn elect(live: &Live, clients: &Clients) -> (Door, mpsc::UnboundedReceiver<bool>, Ending) {
    if !live.leader_election() {
        let (changes, leading) = mpsc::unbounded_channel();
        let _open = changes.send(true);
        let keep = Ending::spawn(|told| async move {
            let _told = told.await;
            drop(changes);
        });
        return (Door::always_open(), leading, keep);
    }
    let outside = live.outside();
    let me = identity(live.name(), &outside.chance);
    let (timing, wall) = (LeaseTiming::default(), outside.wall.clone());
    let (elector, door, leading) = Elector::new(clients.lease.clone(), live.namespace(), me, timing, wall);
    let election = Ending::spawn(|told| elector.run(async move { drop(told.await) }));
    (door, leading, election)
}

async fn serve(live: &Live, pages: Pages) -> Result<Ending, RunError> {
    let listener = http::bind(&live.listen_address()).await?;
    Ok(Ending::spawn(|told| http::serve(listener, pages, async move { drop(told.await) })))
}

/// Objects that cannot be read are skipped one by one, and said.
fn on_skip() -> OnSkip {
    Arc::new(|resource, error| tracing::warn!(resource, %error, "an object was skipped"))
}
