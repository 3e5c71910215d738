//! Benches: what the controller needs and how fast it is, beside references that ran on the same cluster in the same run.
//!
//! `bench NAME… [--most PODS] [--alone] [--write]`; `all` are all of them. `--most` leaves larger clusters out, `--alone` the references,
//! `--write` puts what was found into `docs/performance.md`.

mod burst;
mod contestants;
mod cordon;
mod drain;
mod failover;
mod floor;
mod growth;
mod idle;
mod latency;
mod machine;
mod mass_failure;
mod memory;
mod notices;
mod quota;
mod reaction;
mod report;
mod sightings;
mod start;
mod throughput;
mod town;

use anyhow::{Context, Result, bail};
use report::Section;
use std::path::Path;
use town::Town;

/// In the order of the page: those that share a cluster first, smaller before larger.
const ALL: [&str; 15] = [
    "machine",
    "growth",
    "idle",
    "throughput",
    "quota",
    "reaction",
    "burst",
    "start",
    "memory",
    "cordon",
    "latency",
    "failover",
    "drain",
    "mass-failure",
    "notices",
];
/// Those that run on one cluster with a load that only grows.
const IN_TOWN: [&str; 7] = ["idle", "throughput", "quota", "reaction", "burst", "start", "memory"];

/// What was asked for.
struct Wanted<'a> {
    names: Vec<&'a str>,
    most: usize,
    alone: bool,
    write: bool,
}

/// Runs the benches of those names.
pub(crate) async fn run(binary: &Path, words: &[&str]) -> Result<()> {
    let wanted = Wanted::of(words)?;
    let mut town = None;
    for name in &wanted.names {
        if IN_TOWN.contains(name) && town.is_none() {
            town = Some(Town::start(binary, wanted.alone).await?);
        }
        let section = match (*name, &mut town) {
            ("idle", Some(town)) => idle::run(town).await,
            ("throughput", Some(town)) => throughput::run(town).await,
            ("quota", Some(town)) => quota::run(town).await,
            ("reaction", Some(town)) => reaction::run(town).await,
            ("burst", Some(town)) => burst::run(town).await,
            ("start", Some(town)) => start::run(town, wanted.most).await,
            ("memory", Some(town)) => memory::run(town, wanted.most).await,
            ("machine", _) => machine::run(),
            ("growth", _) => growth::run(),
            ("cordon", _) => cordon::run(binary, wanted.alone).await,
            ("latency", _) => latency::run(binary).await,
            ("failover", _) => failover::run(binary, wanted.alone).await,
            ("drain", _) => drain::run(binary).await,
            ("mass-failure", _) => mass_failure::run(binary).await,
            _ => notices::run(binary).await,
        };
        let section: Section = section.with_context(|| format!("bench {name}"))?;
        section.print();
        if wanted.write {
            section.write()?;
        }
    }
    Ok(())
}

impl<'a> Wanted<'a> {
    fn of(words: &[&'a str]) -> Result<Self> {
        let mut wanted = Self { names: Vec::new(), most: usize::MAX, alone: false, write: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--alone" => wanted.alone = true,
                "--write" => wanted.write = true,
                "--most" => wanted.most = words.next().context("--most needs a number of pods")?.parse()?,
                "all" => wanted.names.extend(ALL),
                name if ALL.contains(&name) => wanted.names.push(name),
                other => bail!("no bench {other:?}; there are: all, {}", ALL.join(", ")),
            }
        }
        if wanted.names.is_empty() {
            bail!("which bench? There are: all, {}", ALL.join(", "));
        }
        Ok(wanted)
    }
}
