//! How a policy changes severities and strategies.

use crate::names::{FailureType, Severity, Strategy};
use alloc::collections::BTreeMap;
use core::fmt;

/// What a policy says about severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityBounds {
    /// Where a failure starts, in place of the type's own base.
    pub base: Option<Severity>,
    /// The least that it can be.
    pub floor: Option<Severity>,
    /// The most that it can be, however often it repeats.
    pub ceiling: Option<Severity>,
}

impl fmt::Display for SeverityBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("base", self.base), ("floor", self.floor), ("ceiling", self.ceiling)];
        let said = parts.into_iter().filter_map(|(name, severity)| Some((name, severity?)));
        said.enumerate().try_for_each(|(at, (name, severity))| {
            write!(f, "{}{name} {severity}", if at == 0 { "severity " } else { ", " })
        })
    }
}

/// Cells of the table of strategies that are not the default ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(BTreeMap<(FailureType, Severity), Strategy>);

impl Cells {
    /// The cell, if it is replaced.
    #[must_use]
    pub fn get(&self, failure: FailureType, severity: Severity) -> Option<Strategy> {
        self.0.get(&(failure, severity)).copied()
    }

    /// Whether none is replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<((FailureType, Severity), Strategy)> for Cells {
    fn from_iter<I: IntoIterator<Item = ((FailureType, Severity), Strategy)>>(cells: I) -> Self {
        Self(cells.into_iter().collect())
    }
}

impl fmt::Display for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, ((failure, severity), strategy))| {
            write!(f, "{}{failure}.{severity} {strategy}", if at == 0 { "" } else { ", " })
        })
    }
}
