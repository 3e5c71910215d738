//! Takes away each guard, precondition and undo in turn, and must see something fail without it: first a story, then a test, then the
//! stories with a crash at each effect.
//!
//! A copy of the sources gets a switch at each place, is built once, and is then tried with one switch on at a time. The sources themselves
//! have no such switches.

mod copy;
mod table;

use crate::parts::Part;
use crate::tools::{program, target};
use anyhow::{Context, Result, bail, ensure};
use copy::Copy;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use table::{MUTANTS, Mutant};

/// The environment variable by which the built copy knows which switch is on: its number in the table, from 1.
const SWITCH: &str = "MUTANT";
/// Tests that say what no story can, the quick ones first.
const TESTS: [(&str, &[&str]); 5] = [
    ("bare", &["--skip", "crashes", "--skip", "random", "--skip", "plays"]),
    ("act", &[]),
    ("lease", &[]),
    ("explain", &[]),
    ("bare", &["crashes"]),
];

/// Where a mutant was seen, and by what.
struct Killed {
    /// The story or the test.
    by: String,
    /// The invariant that broke, or how it ended otherwise.
    why: String,
}

/// The part of `test`: every guard as a whole. What the rest of the table names is tried by `cargo xtask mutants`.
pub(crate) fn parts() -> Vec<Part> {
    vec![Part { name: "mutants of the guards", run: || run(&["guard ".to_owned()]) }]
}

/// Tries those whose names contain one of `filters`, all without any.
pub(crate) fn run(filters: &[String]) -> Result<()> {
    let is_wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let chosen: Vec<(usize, &Mutant)> = (1..).zip(MUTANTS).filter(|(_, mutant)| is_wanted(mutant.name)).collect();
    ensure!(!chosen.is_empty(), "no mutant matches {filters:?}; without a filter all {} are tried", MUTANTS.len());
    let copy = Copy::build(&target()?.join("mutants"), MUTANTS)?;
    let begin = Instant::now();
    if let Some(killed) = tried(&copy, 0)? {
        bail!("the copy fails without any mutant: {}: {}", killed.by, killed.why);
    }
    let mut survivors = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, mutant) in chosen {
        match tried(&copy, number)? {
            Some(Killed { by, why }) => {
                println!("killed   {:<58} {by}: {why}", mutant.name);
                *counts.entry(mutant.of.words()).or_default() += 1;
            }
            None => {
                println!("SURVIVED {}", mutant.name);
                survivors.push(mutant.name);
            }
        }
    }
    let counts: Vec<String> = counts.iter().map(|(of, count)| format!("{count} {of}")).collect();
    let seconds = begin.elapsed().as_secs_f64();
    println!("\nkilled: {}; survived: {}; {seconds:.0} s", counts.join(", "), survivors.len());
    if !survivors.is_empty() {
        bail!("nothing fails without: {}", survivors.join(", "));
    }
    Ok(())
}

/// What fails with this switch on; `None` when nothing does.
fn tried(copy: &Copy, number: usize) -> Result<Option<Killed>> {
    let by_story = by_stories(copy, number)?;
    if by_story.is_some() { Ok(by_story) } else { by_tests(copy, number) }
}

fn by_stories(copy: &Copy, number: usize) -> Result<Option<Killed>> {
    let mut command = program(&copy.trial);
    command.arg("--stories");
    let Some(text) = failed(command, number)? else { return Ok(None) };
    match text.split("FAILED ").nth(1) {
        Some(told) => Ok(Some(first(told))),
        None => bail!("the trial ended without saying why:\n{text}"),
    }
}

fn by_tests(copy: &Copy, number: usize) -> Result<Option<Killed>> {
    for (binary, left_out) in TESTS {
        let Some(text) = failed(copy.tests(binary, left_out)?, number)? else { continue };
        let mut lines = text.lines();
        let test = lines.find_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"));
        let Some(test) = test else { bail!("the tests {binary} ended without saying why:\n{text}") };
        let said = |line: &&str| !line.is_empty() && !line.starts_with("thread ");
        let why = lines.find(said).unwrap_or_default().to_owned();
        return Ok(Some(Killed { by: format!("{binary}::{test}"), why }));
    }
    Ok(None)
}

/// What a program prints that fails with this switch on; `None` when it does not fail.
fn failed(mut command: Command, number: usize) -> Result<Option<String>> {
    let output = command.env(SWITCH, number.to_string()).env("RUST_BACKTRACE", "0").stderr(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((!output.status.success()).then_some(text))
}

/// Reads what the trial says of the first thing that went wrong.
fn first(told: &str) -> Killed {
    let mut lines = told.lines();
    let head = lines.next().unwrap_or_default();
    if let Some((path, _)) = head.split_once(".expected: ") {
        let by = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let differs = |line: &&str| {
            line.starts_with(['-', '+']) && !line.trim_start_matches(['-', '+']).trim().starts_with("told")
        };
        let why = lines.clone().find(differs).or_else(|| lines.next()).unwrap_or_default();
        return Killed { by, why: format!("`{}`", why.trim()) };
    }
    let (by, why) = head.split_once(": ").unwrap_or((head, ""));
    Killed { by: by.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(told: &str) -> (String, String) {
        let Killed { by, why } = first(told);
        (by, why)
    }

    #[test]
    fn what_the_trial_says_becomes_a_story_and_a_reason() {
        let pair = |by: &str, why: &str| (by.to_owned(), why.to_owned());
        let differs = "a/b/paused.expected: the ground `sim` ends otherwise (- expected, + came):\n  ready web 2 of 2\n+ delete web.1 1\n";
        assert_eq!(read(differs), pair("paused", "`+ delete web.1 1`"));
        assert_eq!(read("paused: S8 at +3 s: broken\n"), pair("paused", "S8 at +3 s: broken"));
    }
}
