//! What a check found.

use super::table::Invariant;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// One broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant, e.g. `S4`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The cluster's time when it was seen.
    pub at: Timestamp,
    /// Who did what to which object, with commits.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} (at {:.3})", self.id, self.name, self.message, self.at)
    }
}

/// Where rules put what they find.
pub(crate) struct Found {
    pub(crate) violations: Vec<Violation>,
    pub(crate) judged: BTreeMap<&'static str, u64>,
    pub(crate) rule: &'static Invariant,
    pub(crate) at: Timestamp,
}

/// Violations kept; a broken controller breaks the same thing over and over.
const KEPT: usize = 200;

impl Found {
    /// There was something that the rule could have been broken by.
    pub(crate) fn judged(&mut self) {
        *self.judged.entry(self.rule.id).or_default() += 1;
    }

    /// The rule is broken.
    pub(crate) fn broken(&mut self, message: String) {
        let violation = Violation { id: self.rule.id, name: self.rule.name, at: self.at, message };
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    /// Judges: the rule is broken unless `holds`.
    pub(crate) fn judge(&mut self, holds: bool, message: impl FnOnce() -> String) {
        self.judged();
        if !holds {
            self.broken(message());
        }
    }
}
