//! Plays a story on a real control plane: builds what is there, starts the controller, does each deed in its time.

use super::build::build;
use super::machines::{Hook, Provider, SECRET};
use super::relay::{Relay, Wrote};
use super::witness::Witness;
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, OWN};
use crate::receiver::{Receiver, Reply};
use anyhow::{Context, Result, bail};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use self_healing_story::{Deed, Machines, Moment, Object, Outcome, PodName, Story, Verb, Write};
use serde_json::json;
use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// What the controller's settle period is when the story does not set it.
const SETTLE: Duration = Duration::from_secs(30);
/// Until a leader that has settled has also done what it had to do first.
const CATCH_UP: Duration = Duration::from_secs(2);
/// How long the controller may take to end.
const END: Duration = Duration::from_secs(20);
/// After the story's end, for what a real cluster is slower to do than an embedded one; nothing may follow that was not told.
const AFTER: Duration = Duration::from_secs(3);

/// One story on one control plane.
pub(super) struct Player<'a> {
    pub(super) story: &'a Story,
    pub(super) ground: &'a Ground,
    pub(super) witness: Witness,
    provider: Option<Provider<'a>>,
    relay: Relay,
    controllers: RefCell<Vec<Arc<Controller>>>,
    slack: Receiver,
    incidents: Receiver,
}

/// Plays `story`, and gives how it ended.
pub(super) async fn play(ground: &Ground, story: &Story) -> Result<Outcome> {
    let relay = Relay::start(ground.cluster.service_account_client(OWN, "self-healing-sa").await?).await?;
    let witness = Witness::start(ground, &relay).await?;
    let (slack, incidents) = (Receiver::start(Reply::Ok).await?, Receiver::start(Reply::Ok).await?);
    let controllers = RefCell::default();
    let hook = match story.machines {
        Some(Machines::Webhook) => Some(Hook::start(relay.teller()).await?),
        _ => None,
    };
    let story = &hook.as_ref().map_or_else(|| story.clone(), |hook| hook.readdress(story));
    build(ground, story).await?;
    let provider = match story.machines {
        Some(kind) => Some(Provider::install(ground, kind, hook.as_ref()).await?),
        None => None,
    };
    let player = Player { story, ground, witness, provider, relay, controllers, slack, incidents };
    player.start().await?;
    tokio::select! {
        told = player.tell_all() => told?,
        failed = player.resizes() => failed?,
        failed = player.provides() => failed?,
    }
    let receivers = [("slack", &player.slack), ("slack-incident", &player.incidents)];
    let Some(provider) = &player.provider else {
        return player.witness.outcome(story, ground, &receivers, &[]).await;
    };
    let outcome = player.witness.outcome(story, ground, &receivers, &provider.remediations().await?).await;
    provider.leave().await?;
    outcome
}

impl Player<'_> {
    /// Configures the controller and starts it, as many pods of it as the story needs.
    async fn start(&self) -> Result<()> {
        let settings = self.story.settings.iter().map(|(key, value)| (key.clone(), json!(value)));
        self.ground.configure(settings.collect::<serde_json::Map<_, _>>().into()).await?;
        let stops = self.story.moments.iter().any(|moment| moment.deed == Deed::StopController);
        self.replica().await?.leads().await?;
        if stops {
            self.replica().await?;
        }
        let seconds = self.story.setting("settle_period").and_then(|value| value.parse().ok());
        let settle = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(SETTLE);
        sleep(settle + CATCH_UP).await;
        Ok(())
    }

    async fn replica(&self) -> Result<Arc<Controller>> {
        let (slack, incidents) = (self.slack.url(), self.incidents.url());
        let environment = [
            ("NOTIFICATION_INSECURE", "true"),
            ("SLACK_WEBHOOK_URL", slack.as_str()),
            ("SLACK_INCIDENT_WEBHOOK_URL", incidents.as_str()),
            ("NODE_WEBHOOK_SECRET", SECRET),
        ];
        let controller = Arc::new(self.ground.replica_at(&self.relay.url(), &environment).await?);
        self.controllers.borrow_mut().push(Arc::clone(&controller));
        Ok(controller)
    }

    /// The story, and what a real cluster is slower to do.
    async fn tell_all(&self) -> Result<()> {
        self.tell().await?;
        sleep(AFTER).await;
        Ok(())
    }

    /// What the provider of machines does about orders.
    async fn provides(&self) -> Result<()> {
        match &self.provider {
            Some(provider) => provider.work().await,
            None => pending().await,
        }
    }

    /// The provider of machines.
    pub(super) fn provider(&self) -> Result<&Provider<'_>> {
        self.provider.as_ref().context("the story has no provider of machines")
    }

    /// The receiver of a channel's messages.
    pub(super) fn receiver(&self, channel: &str) -> Result<&Receiver> {
        match channel {
            "slack" => Ok(&self.slack),
            "slack-incident" => Ok(&self.incidents),
            other => bail!("no receiver of {other} is played here"),
        }
    }

    /// From the first moment to the end.
    async fn tell(&self) -> Result<()> {
        let (zero, mut waiting) = (Instant::now(), FuturesUnordered::new());
        for moment in &self.story.moments {
            meanwhile(sleep_until(zero + moment.at), &mut waiting).await?;
            match &moment.after {
                None => self.moment(moment).await?,
                Some(write) => waiting.push(self.after(moment, write)),
            }
        }
        meanwhile(sleep_until(zero + self.story.end), &mut waiting).await?;
        if !waiting.is_empty() {
            bail!("a write that the story waits for did not come");
        }
        Ok(())
    }

    /// What the kubelets do about pods that are resized in place.
    async fn resizes(&self) -> Result<()> {
        let mut writes = self.relay.writes();
        while let Some((wrote, _answer)) = writes.recv().await {
            if wrote.verb == Verb::Resize {
                self.ground.cluster.resized(&wrote.name.namespace, &wrote.name.name).await?;
            }
        }
        bail!("the relay has ended")
    }

    /// Does a deed right after the controller's next such write, before it has the answer.
    fn after<'a>(&'a self, moment: &'a Moment, write: &'a Write) -> impl Future<Output = Result<()>> + 'a {
        let mut writes = self.relay.writes();
        async move {
            while let Some((wrote, _answer)) = writes.recv().await {
                if wrote.verb == write.verb && self.is_of(&wrote, &write.object) {
                    return self.moment(moment).await;
                }
            }
            Ok(())
        }
    }

    fn is_of(&self, wrote: &Wrote, object: &Object) -> bool {
        match object {
            Object::Node(node) => wrote.uid.is_empty() && wrote.name.name == *node,
            // A pod that is created goes by its plain name, which another one of that name may have had before.
            Object::Pod(PodName::Bare(name)) => wrote.name == *name,
            Object::Pod(pod) => self.witness.find(pod).is_some_and(|(uid, _)| uid == wrote.uid),
            Object::Workload(_, name) => wrote.uid.is_empty() && wrote.name == *name,
            Object::Namespace(_) => false,
            Object::Service(name) => wrote.uid.is_empty() && wrote.name == *name,
        }
    }

    async fn moment(&self, moment: &Moment) -> Result<()> {
        let done = self.deed(&moment.deed).await;
        done.with_context(|| format!("{}:{}: {}", self.story.file(), moment.line, moment.deed))
    }

    /// The process that leads.
    async fn leader(&self) -> Result<Arc<Controller>> {
        let all = self.controllers.borrow().clone();
        eventually("a controller that leads", END, async || {
            for controller in &all {
                if controller.get("/ready").await.is_ok_and(|(_, body)| body["leader"] == true) {
                    return Ok(Some(Arc::clone(controller)));
                }
            }
            Ok(None)
        })
        .await
    }

    /// SIGKILL; it is started again at once.
    pub(super) async fn kill(&self) -> Result<()> {
        self.leader().await?.process.restart().await
    }

    /// SIGTERM; a second one goes on.
    pub(super) async fn stop(&self) -> Result<()> {
        let leader = self.leader().await?;
        // Its last answers are held back until this deed is done, so it cannot end before.
        tokio::spawn(async move {
            if let Err(error) = leader.stop().await {
                eprintln!("{error:#}");
            }
        });
        Ok(())
    }

    /// SIGSTOP, and SIGCONT later.
    pub(super) async fn freeze(&self, span: Duration) -> Result<()> {
        let leader = self.leader().await?;
        leader.process.pause()?;
        tokio::spawn(async move {
            sleep(span).await;
            if let Err(error) = leader.process.resume() {
                eprintln!("{error:#}");
            }
        });
        Ok(())
    }
}

/// Waits for `time`, and lets those go on who wait for a write.
async fn meanwhile<W: Future<Output = Result<()>>>(
    time: impl Future<Output = ()>,
    waiting: &mut FuturesUnordered<W>,
) -> Result<()> {
    let mut time = pin!(time);
    loop {
        tokio::select! {
            biased;
            Some(done) = waiting.next() => done?,
            () = &mut time => return Ok(()),
        }
    }
}
