//! From the start of the process to the first deletion, of a pod that failed before.

use super::contestants::Contestant;
use super::report::{Section, Table, percentile};
use super::town::{SIZES, Town, words};
use anyhow::Result;
use self_healing_e2e::load::REPLICAS;
use std::time::Instant;

/// Starts of each; of who takes half a minute, fewer.
const REPEATS: usize = 5;
const REPEATS_POLLING: usize = 2;
/// In seconds, at the sizes of the town.
const TARGETS: [f64; 2] = [0.15, 0.25];

pub(super) async fn run(town: &mut Town, most: usize) -> Result<Section> {
    let mut table = Table::new(["nodes / pods", "program", "p50 s", "max s", "target s"]);
    for (size, target) in SIZES.into_iter().zip(TARGETS).filter(|(size, _)| size.pods <= most) {
        town.load.grow(size).await?;
        for who in town.contestants().iter().copied() {
            let mut seconds = Vec::new();
            for number in 0..if who == Contestant::Polling { REPEATS_POLLING } else { REPEATS } {
                seconds.push(first_deletion(town, who, number * REPLICAS).await?);
            }
            seconds.sort_by(f64::total_cmp);
            table.row([
                words(size),
                who.to_string(),
                format!("{:.2}", percentile(&seconds, 50)),
                format!("{:.2}", percentile(&seconds, 100)),
                if who == Contestant::Ours { target.to_string() } else { String::new() },
            ]);
        }
    }
    let text = format!(
        "{REPEATS} starts of each ({REPEATS_POLLING} of the one that polls), every time with one pod that has failed before. The controller has to win its Lease first, and to know the cluster."
    );
    Ok(Section { bench: "start", title: "Start", text, tables: vec![table] })
}

async fn first_deletion(town: &Town, who: Contestant, number: usize) -> Result<f64> {
    let mut deletions = town.deletions().await?;
    let (pod, _) = town.fail(number).await?;
    let began = Instant::now();
    let (runner, _wire) = town.begin(who).await?;
    let seen = deletions.of_one(&pod).await?;
    runner.stop().await?;
    town.sweep().await?;
    Ok(seen.saturating_duration_since(began).as_secs_f64())
}
