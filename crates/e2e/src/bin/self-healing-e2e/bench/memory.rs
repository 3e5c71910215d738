//! Resident memory and its peak on larger and larger clusters, and what it took to read them: bytes received, time on a processor.

use super::contestants::Contestant;
use super::report::{Section, Table};
use super::town::{SIZES, Town, words};
use anyhow::Result;

/// Whoever keeps whole objects takes gigabytes beyond that.
const MOST_WHOLE: usize = 50_000;
/// Resident memory and its peak, in MiB, at the sizes of the town.
const TARGETS: [f64; 3] = [20.0, 26.0, 32.0];

pub(super) async fn run(town: &mut Town, most: usize) -> Result<Section> {
    let head =
        ["nodes / pods", "program", "resident MiB", "of it code", "peak MiB", "received MB", "CPU s", "target MiB"];
    let mut table = Table::new(head);
    for (size, target) in SIZES.into_iter().zip(TARGETS).filter(|(size, _)| size.pods <= most) {
        town.load.grow(size).await?;
        for who in town.contestants().iter().copied().filter(|who| who.is_small() || size.pods <= MOST_WHOLE) {
            let (runner, wire) = town.begin(who).await?;
            let usage = runner.settled().await?;
            let received = wire.received() / 1_000_000;
            runner.stop().await?;
            town.sweep().await?;
            table.row([
                words(size),
                who.to_string(),
                format!("{:.1}", usage.resident),
                format!("{:.1}", usage.code),
                format!("{:.1}", usage.peak),
                received.to_string(),
                format!("{:.2}", usage.cpu.as_secs_f64()),
                if who == Contestant::Ours { target.to_string() } else { String::new() },
            ]);
        }
    }
    let text = format!(
        "Everybody in turn on one real API server with pods of {} bytes of JSON and nodes of {}, from its start until it has read everything \
         and rests. Memory is what the kernel counts, bytes are those on the connection, encrypted as they are.",
        town.load.pod_bytes, town.load.node_bytes
    );
    Ok(Section { bench: "memory", title: "Memory", text, tables: vec![table] })
}
