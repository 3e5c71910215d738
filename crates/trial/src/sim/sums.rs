//! What all runs together come to.

use self_healing_trial::world::Report;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

/// The sums so far.
pub(crate) struct Sums {
    start: Instant,
    runs: u64,
    commits: u64,
    virtual_time: Duration,
    /// By kind: faults that were planned, and hits.
    faults: BTreeMap<&'static str, (u64, u64)>,
    judged: BTreeMap<&'static str, u64>,
    /// Of the hashes of all runs.
    trace: u64,
    failed: u64,
}

impl Sums {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            runs: 0,
            commits: 0,
            virtual_time: Duration::ZERO,
            faults: BTreeMap::new(),
            judged: BTreeMap::new(),
            trace: 0,
            failed: 0,
        }
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.commits += report.commits;
        self.trace = self.trace.rotate_left(1) ^ report.hash;
        self.virtual_time += report.lasted;
        for fired in &report.fired {
            let (planned, hits) = self.faults.entry(fired.fault.kind()).or_default();
            (*planned, *hits) = (*planned + 1, *hits + fired.hits);
        }
        for (rule, times) in &report.judged {
            *self.judged.entry(rule).or_default() += times;
        }
    }

    /// Something did not go well.
    pub(crate) fn fail(&mut self, what: impl Display) {
        self.failed += 1;
        println!("FAILED {what}");
    }

    pub(crate) fn all_well(&self) -> bool {
        self.failed == 0
    }
}

impl Display for Sums {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (took, hours) = (self.start.elapsed().as_secs_f64(), self.virtual_time.as_secs_f64() / 3600.0);
        if !self.faults.is_empty() {
            writeln!(f, "\n{:<32} {:>8} {:>8}", "faults", "planned", "hits")?;
        }
        for (kind, (planned, hits)) in &self.faults {
            writeln!(f, "{kind:<32} {planned:>8} {hits:>8}")?;
        }
        let judged: Vec<String> = self.judged.iter().map(|(rule, times)| format!("{rule} {times}")).collect();
        writeln!(f, "\nnumber of times that a rule had something to judge: {}", judged.join(", "))?;
        writeln!(
            f,
            "{} runs, {} commits checked, trace {:016x}, {hours:.1} virtual hours in {took:.1} s ({:.1} virtual hours per second); {} failed",
            self.runs,
            self.commits,
            self.trace,
            hours / took.max(0.001),
            self.failed
        )
    }
}
