//! Runs named parts in order, all of them, whichever fails: one run tells everything that is wrong. Says how long each took.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// One thing that passes or fails.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    /// What people read in the summary.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) run: fn() -> Result<()>,
}

/// What became of a part.
struct Outcome {
    name: &'static str,
    time: Duration,
    error: Option<anyhow::Error>,
}

/// Runs the parts; the last lines are the summary.
///
/// # Errors
/// When a part fails, after all of them; it names each that did.
pub(crate) fn run(parts: &[Part]) -> Result<()> {
    let outcomes: Vec<Outcome> = parts.iter().map(Part::play).collect();
    println!("\n{}{}", table(&outcomes), summary(&outcomes));
    let wrong = outcomes.iter().filter_map(|outcome| Some((outcome.name, outcome.error.as_ref()?)));
    let wrong: Vec<String> = wrong.map(|(name, error)| format!("{name} failed: {error:#}")).collect();
    if wrong.is_empty() { Ok(()) } else { bail!(wrong.join("\n")) }
}

impl Part {
    fn play(&self) -> Outcome {
        println!("== {}", self.name);
        let start = Instant::now();
        let error = (self.run)().err();
        if let Some(error) = &error {
            println!("== {} failed: {error:#}", self.name);
        }
        Outcome { name: self.name, time: start.elapsed(), error }
    }
}

fn table(outcomes: &[Outcome]) -> String {
    let line = |outcome: &Outcome| {
        let result = if outcome.error.is_some() { "FAILED" } else { "passed" };
        format!("{result}  {:>8.1} s  {}\n", outcome.time.as_secs_f64(), outcome.name)
    };
    outcomes.iter().map(line).collect()
}

fn summary(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.error.is_some()).count();
    let time: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    format!("{} passed, {failed} failed in {:.1} s", outcomes.len() - failed, time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Part = Part { name: "good", run: || Ok(()) };
    const BAD: Part = Part { name: "bad", run: || bail!("it broke") };
    const WORSE: Part = Part { name: "worse", run: || bail!("so did this") };

    #[test]
    fn every_failure_is_named() {
        let error = run(&[GOOD, BAD, GOOD, WORSE]).unwrap_err();
        assert_eq!(error.to_string(), "bad failed: it broke\nworse failed: so did this");
        assert!(run(&[GOOD, GOOD]).is_ok());
    }

    #[test]
    fn the_summary_counts() {
        let outcome = |name, error| Outcome { name, time: Duration::from_secs(1), error };
        let outcomes = [outcome("a", None), outcome("b", Some(anyhow::anyhow!("it broke")))];
        assert_eq!(summary(&outcomes), "1 passed, 1 failed in 2.0 s");
        assert_eq!(table(&outcomes), "passed       1.0 s  a\nFAILED       1.0 s  b\n");
    }
}
