//! Hundreds of pods that fail at once: how long after the last failure the last of them is deleted, and over how many connections.

use super::contestants::Contestant;
use super::report::{Section, Table};
use super::town::{SIZES, Town, words};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use self_healing_e2e::load::REPLICAS;

/// Each of another workload.
const FAILURES: usize = 500;
/// Status writes under way at once.
const AT_ONCE: usize = 50;
/// Seconds after the last write, and connections.
const TARGETS: [&str; 2] = ["0.25", "20"];

pub(super) async fn run(town: &mut Town) -> Result<Section> {
    let size = SIZES[0];
    town.load.grow(size).await?;
    let head = ["program", "last one deleted after, s", "connections", "requests", "target s", "target connections"];
    let mut table = Table::new(head);
    for who in town.contestants().iter().copied() {
        let (runner, wire) = town.begin(who).await?;
        runner.settled().await?;
        let trail = town.trail(who)?;
        let after = failures(town).await?;
        let requests = trail.requests()?.len();
        runner.stop().await?;
        town.sweep().await?;
        let targets = if who == Contestant::Ours { TARGETS } else { [""; 2] };
        let [seconds, connections] = targets.map(str::to_owned);
        table.row([
            who.to_string(),
            format!("{after:.2}"),
            wire.connections().to_string(),
            requests.to_string(),
            seconds,
            connections,
        ]);
    }
    let text = format!(
        "{} nodes / pods; {FAILURES} pods of as many workloads fail as fast as the API server takes it, {AT_ONCE} writes at once. The controller \
         keeps evidence and a record of each.",
        words(size)
    );
    Ok(Section { bench: "burst", title: "Many failures at once", text, tables: vec![table] })
}

/// Seconds from the last acknowledged failure to the last deletion.
async fn failures(town: &Town) -> Result<f64> {
    let mut deletions = town.deletions().await?;
    let failures = futures::stream::iter(0..FAILURES).map(|number| town.fail(number * REPLICAS));
    let failed: Vec<_> = failures.buffer_unordered(AT_ONCE).try_collect().await?;
    let last = failed.iter().map(|(_, at)| *at).max().context("nothing failed")?;
    let deleted = deletions.all(FAILURES).await?;
    let end = deleted.iter().map(|(_, at)| *at).max().context("nothing was deleted")?;
    Ok(end.saturating_duration_since(last).as_secs_f64())
}
