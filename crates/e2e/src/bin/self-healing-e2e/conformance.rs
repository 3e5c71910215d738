//! Random request sequences against the embedded API and the real one: the answers must be the same.
//!
//! `self-healing-e2e conformance [--seed N] [--sequences N] [--mirror] [--show]`: sequence i has seed N + i, so that a failing one is
//! repeated by its own seed. `--mirror` compares the real API with itself: what differs then is this program's fault.
//! `--show` prints each request with the real answer.

mod change;
mod compare;
mod discovery;
mod fields;
mod generate;
mod memory;
mod object;
mod request;
mod resource;
mod setup;
mod shrink;
mod side;
mod tally;
mod tell;
mod tolerated;
mod trial;

use anyhow::{Context, Result, bail};
use futures::future::join_all;
use request::Request;
use setup::Real;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Instant;
use tally::Tally;
use trial::Difference;

/// Sequences at once: most of one is waiting for the real server.
const LANES: usize = 6;
/// What `cargo xtask test` runs.
const SEQUENCES: u64 = 120;
/// Sequences that are shrunk and shown.
const SHOWN: usize = 12;

/// What is asked for.
struct Options {
    seed: u64,
    sequences: u64,
    mirror: bool,
    show: bool,
}

pub(crate) async fn run(words: &[&str]) -> Result<()> {
    let options = parse(words)?;
    let real = Real::start(options.mirror).await?;
    let begin = Instant::now();
    let run = Run { real, options, next: Cell::new(0), tally: RefCell::default(), failed: RefCell::default() };
    let lanes = join_all((0..LANES).map(|_| run.lane())).await;
    lanes.into_iter().collect::<Result<()>>()?;
    run.report(begin.elapsed().as_secs_f32())
}

fn parse(words: &[&str]) -> Result<Options> {
    let mut options = Options { seed: 1, sequences: SEQUENCES, mirror: false, show: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().with_context(|| format!("{word} needs a number"))?;
            text.parse().with_context(|| format!("{word} {text}: no number"))
        };
        match *word {
            "--seed" => options.seed = number()?,
            "--mirror" => options.mirror = true,
            "--show" => options.show = true,
            "--sequences" => options.sequences = number()?,
            other => bail!("{other:?} is unknown; there are: --seed N, --sequences N, --mirror, --show"),
        }
    }
    Ok(options)
}

struct Run {
    real: Real,
    options: Options,
    next: Cell<u64>,
    tally: RefCell<Tally>,
    /// What differed, with its seed; the same difference once.
    failed: RefCell<Vec<(String, u64)>>,
}

impl Run {
    /// Runs what is left, one sequence after the other.
    async fn lane(&self) -> Result<()> {
        loop {
            let number = self.next.get();
            if number >= self.options.sequences {
                return Ok(());
            }
            self.next.set(number + 1);
            self.one(self.options.seed.wrapping_add(number)).await.with_context(|| format!("sequence {number}"))?;
        }
    }

    async fn one(&self, seed: u64) -> Result<()> {
        let requests = generate::sequence(seed);
        let outcome = trial::run(&self.real, &requests).await?;
        if self.options.show {
            let answers = outcome.answers.iter().zip(&requests);
            answers.for_each(|(answer, request)| println!("{seed}  {request}\n      {}", answer.told));
        }
        self.tally.borrow_mut().add(&outcome);
        match outcome.difference {
            Some(difference) => self.tell(seed, requests, difference).await,
            None => Ok(()),
        }
    }

    /// Shows a difference of a kind that was not seen before, by the shortest sequence that has it.
    async fn tell(&self, seed: u64, requests: Vec<Request>, difference: Difference) -> Result<()> {
        let kind = difference.kind();
        let seen: BTreeSet<String> = self.failed.borrow().iter().map(|(kind, _)| kind.clone()).collect();
        self.failed.borrow_mut().push((kind.clone(), seed));
        if seen.contains(&kind) || seen.len() >= SHOWN {
            return Ok(());
        }
        let (requests, difference) = shrink::shrink(&self.real, requests, difference).await?;
        let mut text = format!("\n{kind}\n  repeat: cargo xtask conformance --seed {seed} --sequences 1\n");
        text += &format!("  shrunk to {} requests:\n", requests.len());
        requests.iter().for_each(|request| text += &format!("    {request}\n"));
        difference.lines.iter().for_each(|line| text += &format!("  {line}\n"));
        // At once: others tell meanwhile.
        print!("{text}");
        Ok(())
    }

    fn report(self, seconds: f32) -> Result<()> {
        let tally = self.tally.into_inner();
        println!("\n{tally}");
        let failed = self.failed.into_inner();
        println!(
            "conformance: {} sequences from seed {}, {} requests in {seconds:.0} s, {} differences",
            self.options.sequences,
            self.options.seed,
            tally.requests(),
            failed.len()
        );
        if !failed.is_empty() {
            let mut kinds: Vec<String> = failed.iter().map(|(kind, seed)| format!("{kind} (seed {seed})")).collect();
            kinds.sort();
            bail!("the embedded API answers otherwise than the real one:\n  {}", kinds.join("\n  "));
        }
        Ok(())
    }
}
