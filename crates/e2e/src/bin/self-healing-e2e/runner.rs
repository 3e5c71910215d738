//! Runs scenarios on a few control planes side by side, and prints each by name with its result and duration.

use crate::ground::{Ground, OWN};
use crate::suite::{SCENARIOS, Scenario, permissions};
use crate::trail::Trail;
use anyhow::{Context, Result, anyhow, bail, ensure};
use futures::future::join_all;
use self_healing_e2e::audit::Used;
use self_healing_e2e::{Binaries, Options};
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

/// Shown on a control plane of its own.
const PAGES: &str = "a server that streams no lists is read page by page";

/// What is to be run and what came of it.
struct Run<'a> {
    binary: &'a Path,
    queue: RefCell<VecDeque<&'a Scenario>>,
    used: RefCell<BTreeSet<Used>>,
    passed: RefCell<u32>,
    failed: RefCell<Vec<&'a str>>,
}

/// Runs the scenarios that match on control planes of our own.
pub(crate) async fn run(binary: &Path, filters: &[&str]) -> Result<()> {
    let scenarios = matching(filters)?;
    // Built before a scenario's time begins to run.
    tokio::task::spawn_blocking(|| Binaries::receivers().and_then(|_| Binaries::helm())).await??;
    let lanes = LANES.min(scenarios.len());
    println!("running {} scenarios on {lanes} control planes", scenarios.len());
    let run = Run::new(binary, scenarios);
    let begin = Instant::now();
    let grounds = join_all((0..lanes).map(|_| run.lane(None))).await;
    // Only what all scenarios have used is all that the controller ever uses.
    if filters.is_empty() {
        run.read_pages().await;
        run.compare_rights(&grounds).await;
    }
    run.end(begin)
}

/// Runs the scenarios that match and need nothing of our own on the cluster of `KUBECONFIG`, and names the others.
pub(crate) async fn adopt(binary: &Path, filters: &[&str]) -> Result<()> {
    let (scenarios, others): (Vec<_>, Vec<_>) = matching(filters)?.into_iter().partition(|s| s.needs.is_empty());
    tokio::task::spawn_blocking(Binaries::receivers).await??;
    let ground = Ground::adopt(binary).await?;
    println!("running {} scenarios on the cluster of KUBECONFIG", scenarios.len());
    let run = Run::new(binary, scenarios);
    let begin = Instant::now();
    if let Some(ground) = run.lane(Some(ground)).await {
        ground.leave().await.context("the manifests were not removed from the cluster of KUBECONFIG")?;
    }
    for other in others {
        let needs: Vec<&str> = other.needs.iter().map(|needs| needs.words()).collect();
        println!("not run {:<70} needs {}", other.name, needs.join(", and "));
    }
    run.end(begin)
}

fn matching(filters: &[&str]) -> Result<Vec<&'static Scenario>> {
    let wanted =
        |scenario: &&Scenario| filters.is_empty() || filters.iter().any(|filter| scenario.name.contains(filter));
    let scenarios: Vec<_> = SCENARIOS.iter().filter(wanted).collect();
    if scenarios.is_empty() {
        bail!("no scenario matches {filters:?}; without a filter all {} run", SCENARIOS.len());
    }
    Ok(scenarios)
}

impl<'a> Run<'a> {
    fn new(binary: &'a Path, scenarios: Vec<&'a Scenario>) -> Self {
        Self {
            binary,
            queue: RefCell::new(scenarios.into()),
            used: RefCell::default(),
            passed: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// Says how it went.
    fn end(self, begin: Instant) -> Result<()> {
        let (passed, failed) = (self.passed.into_inner(), self.failed.into_inner());
        println!("\ne2e: {passed} passed, {} failed in {:.0} s", failed.len(), begin.elapsed().as_secs_f32());
        println!("{passed} passed, {} failed", failed.len());
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(" · "));
        }
        Ok(())
    }

    /// Runs what is left on one control plane after the other, beginning with `ground`, and returns the last.
    async fn lane(&self, mut ground: Option<Ground>) -> Option<Ground> {
        loop {
            let Some(scenario) = self.queue.borrow_mut().pop_front() else { return ground };
            let begin = Instant::now();
            let result = self.once(&mut ground, scenario).await;
            self.note(scenario.name, result, begin.elapsed());
        }
    }

    /// A control plane of ours on which a scenario failed is not used again: what was left behind is unknown.
    async fn once(&self, ground: &mut Option<Ground>, scenario: &Scenario) -> Result<()> {
        let ready = match ground.take() {
            Some(ready) => ready,
            None => Ground::start(self.binary, Options::default()).await?,
        };
        let trail = if ready.cluster.is_adopted() { None } else { Some(Trail::begin(&ready)?) };
        let result = timeout(DEADLINE, (scenario.run)(&ready)).await;
        if let Some(trail) = trail {
            self.used.borrow_mut().extend(trail.used()?);
        }
        let result = result.unwrap_or_else(|_elapsed| Err(anyhow!("not done after {DEADLINE:?}")));
        let result = match result {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(traces(&ready).await)),
        };
        if result.is_ok() || ready.cluster.is_adopted() {
            let cleared = ready.clear().await;
            *ground = Some(ready);
            return result.and(cleared);
        }
        result
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

    /// As API servers before 1.34 and those without that feature answer.
    async fn read_pages(&self) {
        let begin = Instant::now();
        let read = async || {
            let flags = vec!["--feature-gates=WatchList=false".to_owned()];
            let ground = Ground::start(self.binary, Options { apiserver_flags: flags, ..Options::default() }).await?;
            let trail = Trail::begin(&ground)?;
            ground.controller(&[]).await?.stop().await?;
            let used = trail.used()?;
            let lists = used.iter().any(|used| used.verb == "list" && used.resource == "pods");
            ensure!(lists, "pods were not listed page by page: {used:?}");
            self.used.borrow_mut().extend(used);
            Ok(())
        };
        self.note(PAGES, read().await, begin.elapsed());
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
async fn traces(ground: &Ground) -> String {
    let recoveries = ground.cluster.kubectl(&["get", "recoveries", "-n", OWN, "-o", "wide"]).await;
    let recoveries = recoveries
        .map_or_else(|error| format!("{error:#}"), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    format!("directory {}\n{recoveries}", ground.cluster.dir().display())
}
