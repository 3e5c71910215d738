//! Plays a story: builds what is there, starts the controller, does each deed in its time, and reports how it ended.

mod build;
mod deed;
pub(crate) mod machines;

use crate::fault::Fault;
use crate::world::{Make, Report, World, Wrote};
use anyhow::{Context, Result, bail};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use self_healing_story::{Deed, Moment, Object, PodName, Story, Write};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};

/// How a story is played.
#[derive(Clone, Debug)]
pub struct Play {
    /// Decides about everything that is left to chance.
    pub seed: u64,
    /// What goes wrong beside the story.
    pub plan: Vec<Fault>,
    /// How many pods of the controller there are at least.
    pub replicas: u64,
    /// How time goes.
    pub pace: Pace,
}

/// How a story's time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As the cluster's clock does, until the story's end.
    Told,
    /// It stands still while a fault is on that the controller cannot notice, and while no process has led for long
    /// enough, so that the fault delays the rest of the story as a whole and two runs can be compared; and after the
    /// story's end it goes on for so long.
    Patient(Duration),
    /// As the cluster's clock does; deeds that make no sense any more are left out; and it goes on for so long.
    Loose(Duration),
}

impl Default for Play {
    fn default() -> Self {
        Self { seed: 0, plan: Vec::new(), replicas: 1, pace: Pace::Told }
    }
}

/// Between two looks at whether the story may go on.
const STEP: Duration = Duration::from_millis(100);
/// What the controller's settle period is when the story does not set it.
const SETTLE: Duration = Duration::from_secs(30);
/// Until a leader that has settled has also done what it had to do first.
const CATCH_UP: Duration = Duration::from_secs(2);
/// How long a story may stand still in all, before that counts as hanging.
const STANDS: Duration = Duration::from_secs(600);
/// How long the controller may take until it leads and has settled.
const PATIENCE: Duration = Duration::from_secs(120);

/// Plays `story` in a runtime of its own.
///
/// # Errors
/// When the world cannot be built, or the simulation cannot do one of the story's deeds.
pub fn play(story: &Story, play: &Play) -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async { Player::new(story, play)?.play().await })
}

struct Player<'a> {
    story: &'a Story,
    play: &'a Play,
    world: World,
    settle: Duration,
    began: Instant,
    /// Time for which the story stood still.
    stood: Cell<Duration>,
}

impl<'a> Player<'a> {
    fn new(story: &'a Story, play: &'a Play) -> Result<Self> {
        // What is shipped pages; stories do only where they say so.
        let quiet = [("pagerduty_enabled".to_owned(), "false".to_owned())];
        let settings = quiet.into_iter().chain(story.settings.iter().cloned()).collect();
        let make = Make { seed: play.seed, settings, messages: true, plan: play.plan.clone() };
        let seconds = story.setting("settle_period").and_then(|value| value.parse().ok());
        let settle = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(SETTLE);
        let world = World::new(&make)?;
        let began = Instant::now();
        Ok(Self { story, play, world, settle: settle + CATCH_UP, began, stood: Cell::default() })
    }

    async fn play(mut self) -> Result<Report> {
        build::build(&self.world, self.story).await?;
        let stops = self.story.moments.iter().any(|moment| moment.deed == Deed::StopController);
        self.world.start(self.play.replicas.max(if stops { 2 } else { 1 }));
        self.wait_for_leader().await?;
        self.world.begin();
        self.began = Instant::now();
        self.tell().await?;
        if let Pace::Patient(rest) | Pace::Loose(rest) = self.play.pace {
            sleep(rest).await;
        }
        Ok(self.world.end(self.story))
    }

    /// From the first moment to the end.
    async fn tell(&self) -> Result<()> {
        let mut waiting = FuturesUnordered::new();
        for moment in &self.story.moments {
            self.meanwhile(self.until(moment.at), &mut waiting).await?;
            match &moment.after {
                None => self.moment(moment).await?,
                Some(write) => waiting.push(self.after(moment, write, self.world.writes())),
            }
        }
        self.meanwhile(self.until(self.story.end), &mut waiting).await
    }

    /// Waits for `time`, and lets those go on who wait for a write.
    async fn meanwhile<W: Future<Output = Result<()>>>(
        &self,
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

    /// Does a deed right after the controller's next such write, before it has the answer.
    async fn after(&self, moment: &Moment, write: &Write, mut writes: UnboundedReceiver<Wrote>) -> Result<()> {
        while let Some(wrote) = writes.recv().await {
            if wrote.verb == write.verb && self.is_about(&wrote, &write.object) {
                return self.moment(moment).await;
            }
        }
        Ok(())
    }

    fn is_about(&self, wrote: &Wrote, object: &Object) -> bool {
        match object {
            Object::Node(node) => wrote.uid.is_empty() && wrote.name.name == *node,
            // A pod that is created goes by its plain name, which another one of that name may have had before.
            Object::Pod(PodName::Bare(name)) => wrote.name == *name,
            Object::Pod(pod) => self.world.find(pod).is_some_and(|(uid, _)| uid == wrote.uid),
            Object::Workload(_, name) => wrote.uid.is_empty() && wrote.name == *name,
            Object::Namespace(_) => false,
            Object::Service(name) => wrote.uid.is_empty() && wrote.name == *name,
        }
    }

    async fn wait_for_leader(&self) -> Result<()> {
        let start = Instant::now();
        while !self.world.is_settled(self.settle) {
            if start.elapsed() > PATIENCE + self.settle {
                bail!("{}: nobody leads", self.story.file());
            }
            sleep(STEP).await;
        }
        Ok(())
    }

    /// Waits until the story's clock shows `at`.
    async fn until(&self, at: Duration) {
        loop {
            let left = at.saturating_sub(self.began.elapsed().saturating_sub(self.stood.get()));
            if left.is_zero() {
                return;
            }
            if !matches!(self.play.pace, Pace::Patient(_)) {
                return sleep(left).await;
            }
            let step = left.min(STEP);
            sleep(step).await;
            let waits = if self.world.net().weather().down {
                // The story itself keeps everybody from leading, and only going on can change that.
                false
            } else {
                self.world.net().is_blinding() || !self.world.is_settled(self.settle)
            };
            if waits && self.stood.get() < STANDS {
                self.stood.set(self.stood.get() + step);
            }
        }
    }

    async fn moment(&self, moment: &Moment) -> Result<()> {
        self.world.say(moment.deed.to_string());
        let done = self.deed(moment).await;
        match self.play.pace {
            // The world is no more as whoever made up the story could expect.
            Pace::Loose(_) => Ok(()),
            Pace::Told | Pace::Patient(_) => {
                done.with_context(|| format!("{}:{}: {}", self.story.file(), moment.line, moment.deed))
            }
        }
    }
}
