//! How many requests of each verb were sent, and how many answers of each kind came.

use super::trial::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The count of a run.
#[derive(Default)]
pub(super) struct Tally {
    labels: BTreeSet<&'static str>,
    verbs: BTreeMap<&'static str, u64>,
    answers: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        for answer in &outcome.answers {
            self.labels.insert(answer.label);
            *self.verbs.entry(answer.verb).or_default() += 1;
            *self.answers.entry(answer.word.clone()).or_default() += 1;
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.verbs.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "requests, of {} kinds:", self.labels.len())?;
        for (verb, count) in &self.verbs {
            writeln!(f, "{count:>7}  {verb}")?;
        }
        writeln!(f, "answers of the real API server:")?;
        for (answer, count) in &self.answers {
            writeln!(f, "{count:>7}  {answer}")?;
        }
        Ok(())
    }
}
