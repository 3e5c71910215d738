//! Runs scenarios on a few control planes side by side, and prints each by name with its result and duration.

use crate::ground::Ground;
use crate::suite::{SCENARIOS, Scenario};
use anyhow::{Result, bail};
use futures::future::join_all;
use self_healing_e2e::Options;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Control planes at once: most of a scenario is waiting, and two cores carry this many.
const LANES: usize = 3;
/// A scenario that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(400);

#[derive(Default)]
struct Tally {
    passed: u32,
    failed: Vec<&'static str>,
}

pub(crate) async fn run(binary: &Path, filters: &[&str]) -> Result<()> {
    let wanted = |scenario: &&Scenario| filters.is_empty() || filters.iter().any(|filter| scenario.name.contains(filter));
    let queue: VecDeque<&Scenario> = SCENARIOS.iter().filter(wanted).collect();
    if queue.is_empty() {
        bail!("no scenario matches {filters:?}; without a filter all {} run", SCENARIOS.len());
    }
    let lanes = LANES.min(queue.len());
    println!("running {} scenarios on {lanes} control planes", queue.len());
    let (queue, tally) = (RefCell::new(queue), RefCell::new(Tally::default()));
    let begin = Instant::now();
    join_all((0..lanes).map(|_| lane(binary, &queue, &tally))).await;
    let tally = tally.into_inner();
    println!("\ne2e: {} passed, {} failed in {:.0} s", tally.passed, tally.failed.len(), begin.elapsed().as_secs_f32());
    println!("{} passed, {} failed", tally.passed, tally.failed.len());
    if !tally.failed.is_empty() {
        bail!("failed: {}", tally.failed.join(" · "));
    }
    Ok(())
}

async fn lane(binary: &Path, queue: &RefCell<VecDeque<&Scenario>>, tally: &RefCell<Tally>) {
    let mut ground: Option<Ground> = None;
    loop {
        let Some(scenario) = queue.borrow_mut().pop_front() else { return };
        let begin = Instant::now();
        let result = once(binary, &mut ground, scenario).await;
        let seconds = begin.elapsed().as_secs_f32();
        match result {
            Ok(()) => {
                println!("ok      {:<70} {seconds:>6.1} s", scenario.name);
                tally.borrow_mut().passed += 1;
            }
            Err(error) => {
                println!("FAILED  {:<70} {seconds:>6.1} s\n        {error:?}", scenario.name);
                tally.borrow_mut().failed.push(scenario.name);
                // What a failed scenario left behind is unknown: the next one gets a new control plane.
                ground = None;
            }
        }
    }
}

async fn once(binary: &Path, ground: &mut Option<Ground>, scenario: &Scenario) -> Result<()> {
    let ready = match ground.take() {
        Some(ready) => ready,
        None => Ground::start(binary, Options::default()).await?,
    };
    match timeout(DEADLINE, (scenario.run)(&ready)).await {
        Ok(result) => result?,
        Err(_elapsed) => bail!("not done after {DEADLINE:?}"),
    }
    ready.clear().await?;
    *ground = Some(ready);
    Ok(())
}
