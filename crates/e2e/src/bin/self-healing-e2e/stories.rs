//! Plays the stories of the project on real control planes, and shows for each whether it ends there as on the embedded cluster.

mod build;
mod deed;
mod machines;
mod player;
mod relay;
mod witness;

use crate::ground::Ground;
use anyhow::{Context, Result, anyhow, bail};
use futures::future::join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use self_healing_e2e::Options;
use self_healing_story::{Ground as Place, Outcome, Story};
use self_healing_trial::player::Play;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
/// Control planes at once. Stories are mostly waiting: each control plane takes a tenth of a core, and 0.5 GiB of memory.
const LANES: usize = 16;
/// Control planes that start at once.
const STARTS: usize = 4;
/// What a story takes beside its own time, at most.
const MARGIN: Duration = Duration::from_secs(180);

/// What is to be played, and what came of it.
struct Run<'a> {
    binary: &'a Path,
    queue: RefCell<VecDeque<&'a Story>>,
    played: RefCell<usize>,
    /// What was found of those that ended otherwise, by story.
    wrong: RefCell<BTreeMap<String, Vec<String>>>,
}

/// Plays the stories whose names contain a filter, all without one; after `--one-in N --part K` those of every N that come as number K.
pub(crate) async fn run(binary: &Path, filters: &[&str]) -> Result<()> {
    let mut stories = Story::read_all(Path::new(FOLDER)).map_err(|error| anyhow!("{error}"))?;
    let filters = match filters {
        ["--one-in", count, "--part", part, filters @ ..] => {
            let (count, part): (NonZeroUsize, usize) = (count.parse()?, part.parse()?);
            let all = stories.len();
            let mut number = 0..;
            stories.retain(|_| number.next().is_some_and(|number: usize| number % count == part % count));
            println!("of {all} stories those of part {} of {count}", part % count);
            filters
        }
        filters => filters,
    };
    stories.retain(|story| filters.is_empty() || filters.iter().any(|filter| story.name().contains(filter)));
    if stories.is_empty() {
        bail!("no story matches {filters:?}");
    }
    let (mut here, elsewhere): (Vec<&Story>, Vec<&Story>) =
        stories.iter().partition(|story| story.excuse(Place::Real).is_none());
    for story in elsewhere {
        println!("not played {}: {}", story.name(), story.excuse(Place::Real).unwrap_or_default());
    }
    // Long ones first, so that no lane waits for the last.
    here.sort_by_key(|story| std::cmp::Reverse(story.end));
    let lanes = LANES.min(here.len());
    println!("playing {} stories on {lanes} control planes", here.len());
    println!("{:<32} {:<10} {:<10} seconds", "story", "embedded", "real");
    let begin = Instant::now();
    // What starts would keep what plays waiting.
    let grounds = (0..lanes).map(|_| Ground::start(binary, Options::default()));
    let grounds: Vec<Ground> = stream::iter(grounds).buffer_unordered(STARTS).try_collect().await?;
    let (played, wrong) = (RefCell::default(), RefCell::default());
    let run = Run { binary, queue: RefCell::new(here.into()), played, wrong };
    join_all(grounds.into_iter().map(|ground| run.lane(ground))).await;
    run.end(begin)
}

impl Run<'_> {
    /// Plays what is left on one control plane after the other.
    async fn lane(&self, ground: Ground) {
        let mut ground = Some(ground);
        loop {
            let Some(story) = self.queue.borrow_mut().pop_front() else { return };
            let begin = Instant::now();
            let real = self.real(&mut ground, story).await;
            let embedded = embedded(story).await;
            self.note(story, embedded, real, begin.elapsed());
        }
    }

    /// A control plane on which a story could not be played is not used again.
    async fn real(&self, ground: &mut Option<Ground>, story: &Story) -> Result<Outcome> {
        let ready = match ground.take() {
            Some(ready) => ready,
            None => Ground::start(self.binary, Options::default()).await?,
        };
        let played = timeout(story.end + MARGIN, player::play(&ready, story)).await;
        let outcome = played.unwrap_or_else(|_elapsed| Err(anyhow!("not done {MARGIN:?} after its end")))?;
        ready.clear().await?;
        *ground = Some(ready);
        Ok(outcome)
    }

    fn note(&self, story: &Story, embedded: Result<Outcome>, real: Result<Outcome>, took: Duration) {
        let embedded = judge(story, Place::Sim, embedded);
        let real = judge(story, Place::Real, real);
        let word = |judged: &Result<()>| if judged.is_ok() { "as told" } else { "OTHERWISE" };
        println!("{:<32} {:<10} {:<10} {:>7.1}", story.name(), word(&embedded), word(&real), took.as_secs_f32());
        *self.played.borrow_mut() += 1;
        for error in [embedded, real].into_iter().filter_map(Result::err) {
            println!("{error:#}");
            self.wrong.borrow_mut().entry(story.name()).or_default().push(format!("{error:#}"));
        }
    }

    fn end(self, begin: Instant) -> Result<()> {
        let (played, wrong) = (self.played.into_inner(), self.wrong.into_inner());
        let seconds = begin.elapsed().as_secs_f32();
        println!(
            "\n{played} stories, {} of them with the same outcome on both, in {seconds:.0} s",
            played - wrong.len()
        );
        if !wrong.is_empty() {
            let names: Vec<&str> = wrong.keys().map(String::as_str).collect();
            let found: Vec<&str> = wrong.values().flatten().map(String::as_str).collect();
            bail!("{}\nended otherwise than their files say: {}", found.join("\n"), names.join(", "));
        }
        Ok(())
    }
}

/// How it ends on the embedded cluster, which has a clock and a runtime of its own.
async fn embedded(story: &Story) -> Result<Outcome> {
    let story = story.clone();
    let played = tokio::task::spawn_blocking(move || self_healing_trial::player::play(&story, &Play::default()));
    Ok(played.await.context("the embedded cluster")??.outcome)
}

fn judge(story: &Story, place: Place, outcome: Result<Outcome>) -> Result<()> {
    let outcome = outcome.with_context(|| format!("{} could not be played on the ground `{place}`", story.name()))?;
    story.check(place, &outcome, None).map_err(|error| anyhow!("{error}"))
}
