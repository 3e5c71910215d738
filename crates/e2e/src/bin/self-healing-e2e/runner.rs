//! Runs scenarios on a few control planes side by side, and prints each by name with its result and duration.

use crate::ground::{Ground, OWN};
use crate::suite::{SCENARIOS, Scenario, permissions};
use crate::trail::Trail;
use anyhow::{Context, Result, anyhow, bail};
use futures::future::join_all;
use self_healing_e2e::Options;
use self_healing_e2e::audit::Used;
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Control planes at once: most of a scenario is waiting, and two cores carry this many.
const LANES: usize = 3;
/// A scenario that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(400);
/// What the whole run shows, when every scenario was part of it.
const RIGHTS: &str = "every right of the roles is used, and no other is asked for";

/// What is to be run and what came of it.
struct Run<'a> {
    binary: &'a Path,
    /// Every scenario, so that what the controller used is all that it ever uses.
    whole: bool,
    queue: RefCell<VecDeque<&'a Scenario>>,
    used: RefCell<BTreeSet<Used>>,
    passed: RefCell<u32>,
    failed: RefCell<Vec<&'a str>>,
}

pub(crate) async fn run(binary: &Path, filters: &[&str]) -> Result<()> {
    let wanted =
        |scenario: &&Scenario| filters.is_empty() || filters.iter().any(|filter| scenario.name.contains(filter));
    let queue: VecDeque<&Scenario> = SCENARIOS.iter().filter(wanted).collect();
    if queue.is_empty() {
        bail!("no scenario matches {filters:?}; without a filter all {} run", SCENARIOS.len());
    }
    let lanes = LANES.min(queue.len());
    println!("running {} scenarios on {lanes} control planes", queue.len());
    let run = Run {
        binary,
        whole: filters.is_empty(),
        queue: RefCell::new(queue),
        used: RefCell::default(),
        passed: RefCell::default(),
        failed: RefCell::default(),
    };
    let begin = Instant::now();
    let grounds = join_all((0..lanes).map(|_| run.lane())).await;
    if run.whole {
        run.compare_rights(&grounds).await;
    }
    let (passed, failed) = (run.passed.into_inner(), run.failed.into_inner());
    println!("\ne2e: {passed} passed, {} failed in {:.0} s", failed.len(), begin.elapsed().as_secs_f32());
    println!("{passed} passed, {} failed", failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(" · "));
    }
    Ok(())
}

impl Run<'_> {
    /// Runs what is left on one control plane after the other, and returns the last.
    async fn lane(&self) -> Option<Ground> {
        let mut ground: Option<Ground> = None;
        loop {
            let Some(scenario) = self.queue.borrow_mut().pop_front() else { return ground };
            let begin = Instant::now();
            let result = self.once(&mut ground, scenario).await;
            self.note(scenario.name, result, begin.elapsed());
        }
    }

    /// A control plane on which a scenario failed is not used again: what was left behind is unknown.
    async fn once(&self, ground: &mut Option<Ground>, scenario: &Scenario) -> Result<()> {
        let ready = match ground.take() {
            Some(ready) => ready,
            None => Ground::start(self.binary, Options::default()).await?,
        };
        let trail = Trail::begin(&ready)?;
        let result = timeout(DEADLINE, (scenario.run)(&ready)).await;
        self.used.borrow_mut().extend(trail.used()?);
        let result = result.unwrap_or_else(|_elapsed| Err(anyhow!("not done after {DEADLINE:?}")));
        result.with_context(|| traces(&ready))?;
        ready.clear().await?;
        *ground = Some(ready);
        Ok(())
    }

    fn note(&self, name: &'static str, result: Result<()>, duration: Duration) {
        let seconds = duration.as_secs_f32();
        match result {
            Ok(()) => {
                println!("ok      {name:<70} {seconds:>6.1} s");
                *self.passed.borrow_mut() += 1;
            }
            Err(error) => {
                println!("FAILED  {name:<70} {seconds:>6.1} s\n        {error:#}");
                self.failed.borrow_mut().push(name);
            }
        }
    }

    async fn compare_rights(&self, grounds: &[Option<Ground>]) {
        let begin = Instant::now();
        let result = match grounds.iter().flatten().next() {
            Some(ground) => {
                permissions::given(ground).await.and_then(|given| permissions::compare(&self.used.borrow(), &given))
            }
            None => Err(anyhow!("no control plane is left to read the roles from")),
        };
        self.note(RIGHTS, result, begin.elapsed());
    }
}

/// What a failed scenario left, for whoever looks for the reason.
fn traces(ground: &Ground) -> String {
    let recoveries = ground.cluster.kubectl(&["get", "recoveries", "-n", OWN, "-o", "wide"]);
    let recoveries = recoveries
        .map_or_else(|error| format!("{error:#}"), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    format!("directory {}\n{recoveries}", ground.cluster.dir().display())
}
