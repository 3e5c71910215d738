//! From a node's condition to its cordon, with the shortest waiting time that can be set.

use super::contestants::Contestant;
use super::report::{Section, Table, percentile};
use super::sightings::Sightings;
use super::town::{SIZES, Town};
use anyhow::Result;
use self_healing_e2e::load::{Load, Size};
use std::path::Path;
use std::time::Instant;

/// Nodes that become NotReady, one after the other; of who takes half a minute, fewer.
const REPEATS: usize = 40;
const REPEATS_POLLING: usize = 4;
/// What the controller waits for before a node counts as failed, in milliseconds: the least that its configuration takes.
const WAIT: f64 = 50.0;
/// The same as configuration, and no limit on how many nodes are recovered at once.
const AT_ONCE: [(&str, &str); 6] = [
    ("NODE_CHECK_INTERVAL", "0.05"),
    ("NODE_FAILURE_THRESHOLD", "1"),
    ("SETTLE_PERIOD", "0"),
    ("NODE_CONCURRENCY", "100%"),
    ("MAX_UNHEALTHY_NODES", "100%"),
    ("RECOVERIES_PER_MINUTE", "100000"),
];

pub(super) async fn run(binary: &Path, alone: bool) -> Result<Section> {
    // Nodes without pods, so that nothing but the cordon follows.
    let size = Size { pods: 0, ..SIZES[0] };
    let mut town = Town::start(binary, alone).await?;
    town.load.grow(size).await?;
    let mut table = Table::new(["who", "p50 ms", "p99 ms", "max ms", "of it waiting, ms"]);
    for who in town.contestants().iter().copied() {
        let (runner, _wire) = town.begin_with(who, &AT_ONCE).await?;
        runner.settled().await?;
        let count = if who == Contestant::Polling { REPEATS_POLLING } else { REPEATS };
        let times = failures(&town, count).await?;
        runner.stop().await?;
        town.load.restore_nodes(&(0..count).collect::<Vec<_>>()).await?;
        town.sweep().await?;
        let [p50, p99, max] = [50, 99, 100].map(|percent| format!("{:.1}", percentile(&times, percent)));
        let waits = if who == Contestant::Ours { format!("{WAIT}") } else { String::new() };
        table.row([who.to_string(), p50, p99, max, waits]);
    }
    let text = format!(
        "{} nodes at rest; {REPEATS} of them become NotReady one after the other ({REPEATS_POLLING} for who polls), from the acknowledged status \
         write to the cordon as another watch sees it. The least that can be configured is one health check of {WAIT} ms.",
        size.nodes
    );
    Ok(Section { bench: "cordon", title: "From a node's condition to its cordon", text, tables: vec![table] })
}

async fn failures(town: &Town, count: usize) -> Result<Vec<f64>> {
    let cluster = &town.ground.cluster;
    let mut cordons = Sightings::of_cordons(&cluster.nodes()).await?;
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        let node = Load::node(number);
        cluster.set_condition(&node, "Ready", "False", "KubeletNotReady").await?;
        let told = Instant::now();
        let seen = cordons.of_one(&node).await?;
        times.push(seen.saturating_duration_since(told).as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
