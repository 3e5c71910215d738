//! How many requests of each kind were sent, and how many answers of each kind came.

use super::trial::Outcome;
use std::collections::BTreeMap;
use std::fmt;

/// The count of a run.
#[derive(Default)]
pub(super) struct Tally {
    labels: BTreeMap<&'static str, u64>,
    answers: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        for answer in &outcome.answers {
            *self.labels.entry(answer.label).or_default() += 1;
            *self.answers.entry(answer.word.clone()).or_default() += 1;
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.labels.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (label, count) in &self.labels {
            writeln!(f, "{count:>7}  {label}")?;
        }
        writeln!(f, "\nanswers:")?;
        for (answer, count) in &self.answers {
            writeln!(f, "{count:>7}  {answer}")?;
        }
        Ok(())
    }
}
