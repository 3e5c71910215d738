//! Under the processor time of the shipped limits: a thousand changes a second, and what they do to a recovery meanwhile.

use super::contestants::Contestant;
use super::report::{Section, Table, percentile};
use super::throughput::{CHANGES, change};
use super::town::{SIZES, Town, words};
use anyhow::Result;
use self_healing_e2e::Quota;
use std::time::Duration;

/// Of one processor: the CPU limit of the shipped Deployment.
const MILLICORES: u32 = 200;
/// A pod that fails, and the next.
const EVERY: Duration = Duration::from_millis(250);
const FAILURES: usize = 100;
/// Milliseconds from failure to deletion, p99.
const TARGET: &str = "250";

pub(super) async fn run(town: &mut Town) -> Result<Section> {
    let size = SIZES[0];
    town.load.grow(size).await?;
    let mut table = Table::new(["program", "p50 ms", "p99 ms", "target p99 ms", "CPU s", "time held back, s"]);
    // Who keeps whole objects or polls cannot even read the cluster within it.
    for (number, who) in town.contestants().iter().copied().filter(|who| who.is_small()).enumerate() {
        let (runner, _wire) = town.begin(who).await?;
        let before = runner.settled().await?;
        let quota = Quota::of(runner.process().pid(), MILLICORES)?;
        let (changed, times) = tokio::join!(change(&town.load, number), town.reactions(FAILURES, EVERY));
        let (times, held) = (changed.and(times)?, quota.held_back()?);
        let used = runner.usage()?.cpu.saturating_sub(before.cpu);
        runner.stop().await?;
        drop(quota);
        town.sweep().await?;
        let [p50, p99] = [50, 99].map(|percent| format!("{:.0}", percentile(&times, percent)));
        table.row([
            who.to_string(),
            p50,
            p99,
            if who == Contestant::Ours { TARGET.to_owned() } else { String::new() },
            format!("{:.1}", used.as_secs_f64()),
            format!("{:.2}", held.as_secs_f64()),
        ]);
    }
    let text = format!(
        "{} nodes / pods and a CPU quota of {MILLICORES}m, as the kernel enforces it (CFS, periods of 100 ms); {CHANGES} changes of pods' statuses, 1,000 a \
         second, and {FAILURES} pods that fail meanwhile, from the acknowledged status write to the deletion.",
        words(size)
    );
    Ok(Section { bench: "quota", title: "Under the shipped CPU limit", text, tables: vec![table] })
}
