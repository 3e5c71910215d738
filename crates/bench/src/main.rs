//! The core alone: `turn` how long it takes to decide at 5,000 nodes and 150,000 pods, `growth` what it keeps of up to a million pods.

mod growth;
mod town;

use std::process::ExitCode;
use std::time::{Duration, Instant};
use town::Town;

/// Turns that are measured of each kind.
const TURNS: usize = 20_000;
const SWEEPS: usize = 20;
/// The figures that have to be reached; the first is a median, the second holds for every sweep.
const TURN: Duration = Duration::from_micros(5);
const SWEEP: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let good = match asked.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["turn"] => turn(),
        ["growth"] => growth::run(),
        _ => {
            eprintln!("self-healing-bench: expected `turn` or `growth`");
            false
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn turn() -> bool {
    let mut good = true;
    println!("{} nodes, {} pods\n", town::LARGE.nodes, town::LARGE.pods);
    for held in [0, 300] {
        let began = Instant::now();
        let mut town = Town::built(town::LARGE);
        println!("{held} Recoveries held; everything listed in {:.1} s", began.elapsed().as_secs_f64());
        town.trouble(held);
        good &= report("  a pod whose status was written", &turns(&mut town, Town::touch), Some(TURN));
        report("  a pod that ceases to be ready, or is ready again", &turns(&mut town, Town::flip), None);
        report("  a heartbeat", &turns(&mut town, Town::beat), None);
        let sweeps = times(SWEEPS, || town.sweep());
        let worst = sweeps.iter().max().copied().unwrap_or_default();
        report("  a sweep of everything", &sweeps, None);
        good &= judge(worst, SWEEP);
    }
    good
}

/// Sorted.
fn turns(town: &mut Town, change: fn(&mut Town, usize)) -> Vec<Duration> {
    let mut number = 0;
    times(TURNS, || {
        number += 1;
        let began = Instant::now();
        change(town, number);
        began.elapsed()
    })
}

fn times(count: usize, mut once: impl FnMut() -> Duration) -> Vec<Duration> {
    let mut all: Vec<Duration> = (0..count).map(|_| once()).collect();
    all.sort_unstable();
    all
}

/// Prints the spread of sorted times; whether their median is within `limit`.
fn report(what: &str, sorted: &[Duration], limit: Option<Duration>) -> bool {
    let at = |share: usize| sorted.get(sorted.len() * share / 1000).copied().unwrap_or_default();
    let micros = |time: Duration| time.as_nanos() as f64 / 1000.0;
    println!(
        "{what}: median {:.1} µs, p99 {:.1} µs, worst {:.1} µs",
        micros(at(500)),
        micros(at(990)),
        micros(at(999))
    );
    limit.is_none_or(|limit| judge(at(500), limit))
}

fn judge(time: Duration, limit: Duration) -> bool {
    let good = time <= limit;
    println!("    {} of at most {limit:?}", if good { "within the figure" } else { "ABOVE the figure" });
    good
}
