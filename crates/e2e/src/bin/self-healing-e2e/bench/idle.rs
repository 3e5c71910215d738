//! What it costs to watch a cluster in which nothing happens.

use super::contestants::Contestant;
use super::report::{Section, Table};
use super::town::{SIZES, Town, words};
use anyhow::Result;
use std::time::Duration;
use tokio::time::sleep;

const WINDOW: Duration = Duration::from_secs(60);

pub(super) async fn run(town: &mut Town) -> Result<Section> {
    let size = SIZES[0];
    town.load.grow(size).await?;
    let mut table = Table::new(["program", "CPU s", "requests", "received kB", "target CPU s"]);
    for who in town.contestants().iter().copied() {
        let (runner, wire) = town.begin(who).await?;
        let before = runner.settled().await?;
        let (received, trail) = (wire.received(), town.trail(who)?);
        sleep(WINDOW).await;
        let cpu = runner.usage()?.cpu.saturating_sub(before.cpu);
        let (received, requests) = (wire.received() - received, trail.requests()?.len());
        runner.stop().await?;
        town.sweep().await?;
        table.row([
            who.to_string(),
            format!("{:.4}", cpu.as_secs_f64()),
            requests.to_string(),
            (received / 1000).to_string(),
            if who == Contestant::Ours { "0.002".to_owned() } else { String::new() },
        ]);
    }
    let text = format!(
        "{} nodes / pods, {} s without any change. Requests are those in the API server's audit log; the controller's are the renewals of its own Lease and, as everybody's, watches that begin again.",
        words(size),
        WINDOW.as_secs()
    );
    Ok(Section { bench: "idle", title: "Idle", text, tables: vec![table] })
}
