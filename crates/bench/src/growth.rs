//! What the core keeps and what it costs to decide, from a thousand pods to a million, and after an hour of changes.

use crate::town::{Size, Town};
use crate::{TURNS, turns};
use allocation_counter::measure;
use std::time::Instant;

const SIZES: [Size; 6] = [
    Size { nodes: 100, pods: 1000 },
    Size { nodes: 1000, pods: 10_000 },
    Size { nodes: 5000, pods: 50_000 },
    Size { nodes: 5000, pods: 100_000 },
    Size { nodes: 5000, pods: 150_000 },
    Size { nodes: 5000, pods: 1_000_000 },
];
/// Changes of an hour, at a thousand a second.
const HOUR: usize = 3_600_000;

/// A table in Markdown, and whether nothing grew in the hour.
pub(crate) fn run() -> bool {
    println!("| nodes / pods | kept MiB | bytes per further pod | listed in s | a change, median µs |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut before: Option<(Size, i64)> = None;
    for size in SIZES {
        let began = Instant::now();
        let mut built = None;
        let kept = measure(|| built = Some(Town::built(size))).bytes_current;
        let listed = began.elapsed();
        let Some(mut town) = built else { continue };
        let slope = before.filter(|(smaller, _)| smaller.nodes == size.nodes).map(|(smaller, less)| {
            let bytes = (kept - less) as f64 / (size.pods - smaller.pods) as f64;
            format!("{bytes:.0}")
        });
        let times = turns(&mut town, Town::touch);
        let median = times.get(TURNS / 2).map_or(0.0, |time| time.as_nanos() as f64 / 1000.0);
        println!(
            "| {} / {} | {:.1} | {} | {:.2} | {median:.1} |",
            size.nodes,
            size.pods,
            kept as f64 / f64::from(1 << 20),
            slope.unwrap_or_default(),
            listed.as_secs_f64()
        );
        before = Some((size, kept));
    }
    hour()
}

/// An hour of changes of pods that stay well, at 10,000 of them.
fn hour() -> bool {
    let mut town = Town::built(SIZES[1]);
    // What is made once is there.
    (0..TURNS).for_each(|number| town.touch(number));
    let more = measure(|| (0..HOUR).for_each(|number| town.touch(number))).bytes_current;
    println!("\nAfter {HOUR} more changes, as of an hour, {more} bytes more are in use.");
    more == 0
}
