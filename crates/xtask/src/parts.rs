//! Runs named parts in order, stops at the first that fails, and says how long each took.

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

/// Runs the parts; the last line is the summary.
pub(crate) fn run(parts: &[Part]) -> Result<()> {
    let start = Instant::now();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut failure = None;
    for part in parts {
        println!("== {}", part.name);
        let part_start = Instant::now();
        let outcome = (part.run)();
        times.push((part.name, part_start.elapsed()));
        if let Err(error) = outcome {
            failure = Some((part.name, error));
            break;
        }
    }
    println!("\n{}", table(&times, failure.is_some()));
    println!("{}", summary(parts.len(), times.len(), failure.is_some(), start.elapsed()));
    match failure {
        None => Ok(()),
        Some((name, error)) => bail!("{name} failed: {error:#}"),
    }
}

/// One line for each part that ran; only the last can have failed.
fn table(times: &[(&str, Duration)], failed: bool) -> String {
    let line = |(index, (name, time)): (usize, &(&str, Duration))| {
        let result = if failed && index + 1 == times.len() { "FAILED" } else { "passed" };
        format!("{result}  {:>8.1} s  {name}\n", time.as_secs_f64())
    };
    times.iter().enumerate().map(line).collect()
}

fn summary(all: usize, ran: usize, failed: bool, time: Duration) -> String {
    let failed = usize::from(failed);
    let skipped = match all - ran {
        0 => String::new(),
        skipped => format!(", {skipped} not run"),
    };
    format!("{} passed, {failed} failed{skipped} in {:.1} s", ran - failed, time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Part = Part { name: "good", run: || Ok(()) };
    const BAD: Part = Part { name: "bad", run: || bail!("it broke") };
    const UNREACHABLE: Part = Part { name: "unreachable", run: || panic!("a part ran after a failure") };

    #[test]
    fn the_first_failure_stops_and_is_named() {
        let error = run(&[GOOD, BAD, UNREACHABLE]).unwrap_err();
        assert_eq!(error.to_string(), "bad failed: it broke");
        assert!(run(&[GOOD, GOOD]).is_ok());
    }

    #[test]
    fn the_summary_counts() {
        let second = Duration::from_secs(1);
        assert_eq!(summary(3, 3, false, second), "3 passed, 0 failed in 1.0 s");
        assert_eq!(summary(3, 2, true, second), "1 passed, 1 failed, 1 not run in 1.0 s");
        assert_eq!(table(&[("a", second), ("b", second)], true), "passed       1.0 s  a\nFAILED       1.0 s  b\n");
    }
}
