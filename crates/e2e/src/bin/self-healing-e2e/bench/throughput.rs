//! What changes of pods cost that nobody has to do anything about, a thousand a second.

use super::contestants::Contestant;
use super::report::{Section, Table};
use super::town::{SIZES, Town, words};
use anyhow::Result;
use self_healing_e2e::load::{Load, REPLICAS};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Workloads of which pods are changed at once, and how often: a thousand pods a second.
const BURST: usize = 5;
const EVERY: Duration = Duration::from_millis(50);
/// Of each workload, the second half of its pods; the others may fail.
const CHANGED: usize = REPLICAS / 2;
pub(super) const CHANGES: usize = 30_000;
const HEAD: [&str; 7] = [
    "program",
    "CPU s per 1,000 changes",
    "received kB per change",
    "behind at the end, s",
    "resident MiB",
    "of it code",
    "target CPU s",
];

pub(super) async fn run(town: &mut Town) -> Result<Section> {
    let size = SIZES[0];
    town.load.grow(size).await?;
    let mut table = Table::new(HEAD);
    for (number, who) in town.contestants().iter().copied().enumerate() {
        let (runner, wire) = town.begin(who).await?;
        let before = runner.settled().await?;
        let received = wire.received();
        change(&town.load, number).await?;
        let behind = town.reaction(&mut town.deletions().await?, number * REPLICAS).await? / 1000.0;
        let after = runner.usage()?;
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1000.0 / CHANGES as f64;
        let received = (wire.received() - received) / CHANGES as u64;
        runner.stop().await?;
        town.sweep().await?;
        table.row([
            who.to_string(),
            format!("{cpu:.3}"),
            format!("{:.1}", received as f64 / 1000.0),
            format!("{behind:.2}"),
            format!("{:.1}", after.resident),
            format!("{:.1}", after.code),
            if who == Contestant::Ours { "0.08".to_owned() } else { String::new() },
        ]);
    }
    let text = format!(
        "{} nodes / pods; {CHANGES} changes of pods' statuses, 1,000 a second, and then a pod that fails: how late it is deleted says how far behind who reads them is.",
        words(size)
    );
    Ok(Section { bench: "throughput", title: "Changes", text, tables: vec![table] })
}

/// [`CHANGES`] of them, a thousand a second.
pub(super) async fn change(load: &Load, round: usize) -> Result<()> {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut workloads = (0..SIZES[0].pods / REPLICAS).cycle();
    for burst in 0..CHANGES / (BURST * CHANGED) {
        ticks.tick().await;
        for workload in workloads.by_ref().take(BURST) {
            load.touch(workload * REPLICAS + CHANGED, CHANGED, round * CHANGES + burst).await?;
        }
    }
    Ok(())
}
