//! From a pod's failure to its deletion, everybody on the same large cluster at rest.

use super::contestants::Contestant;
use super::floor::Floor;
use super::report::{Section, Table, percentile};
use super::town::{SIZES, Town, words};
use anyhow::Result;
use self_healing_e2e::load::NAMESPACE;
use std::time::Duration;

/// Failures, one after the other, each of another workload; of who takes half a minute, fewer.
const REPEATS: usize = 100;
const REPEATS_POLLING: usize = 4;

pub(super) async fn run(town: &mut Town) -> Result<Section> {
    let size = SIZES[0];
    town.load.grow(size).await?;
    let mut table = Table::new(["who", "p50 ms", "p99 ms", "max ms"]);
    let mut floor = Floor::start(town.ground.cluster.admin_kubeconfig().to_owned(), NAMESPACE.to_owned()).await?;
    table.row(row("floor: watch and delete", &town.reactions(REPEATS, Duration::ZERO).await?));
    floor.end()?;
    town.sweep().await?;
    for who in town.contestants().iter().copied() {
        let (runner, _wire) = town.begin(who).await?;
        runner.settled().await?;
        let count = if who == Contestant::Polling { REPEATS_POLLING } else { REPEATS };
        table.row(row(&who.to_string(), &town.reactions(count, Duration::ZERO).await?));
        runner.stop().await?;
        town.sweep().await?;
    }
    let text = format!(
        "{} nodes / pods at rest; {REPEATS} pods fail one after the other ({REPEATS_POLLING} for who polls), from the acknowledged status write to \
         the deletion as another watch sees it. The references delete on what their cache says; the controller reads afresh, keeps the \
         evidence and writes its record first.",
        words(size)
    );
    Ok(Section { bench: "reaction", title: "Reaction beside the references", text, tables: vec![table] })
}

fn row(who: &str, sorted: &[f64]) -> [String; 4] {
    let [p50, p99, max] = [50, 99, 100].map(|percent| format!("{:.1}", percentile(sorted, percent)));
    [who.to_owned(), p50, p99, max]
}
