//! A finding: one target fails for one cause, since when, and what was seen.

use crate::key::{Target, Text};
use crate::names::{Cause, FailureType};
use crate::time::{Now, Stamp};
use alloc::string::String;
use alloc::vec::Vec;

/// One detected failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What failed.
    pub failure: FailureType,
    /// Why it counts as failed.
    pub cause: Cause,
    /// What it failed on.
    pub target: Target,
    /// The top controller of a pod, else the target.
    pub workload: Target,
    /// The node it happened on, if on one.
    pub node: Option<Text>,
    /// When the world says the trouble began; part of the Recovery's name, so it comes from the object, not from our clock.
    pub onset: Stamp,
    /// When we first saw the signal.
    pub first_seen: Now,
    /// One sentence with the values that made it fire.
    pub description: String,
    /// The signals as seen, for the record's evidence.
    pub evidence: Vec<(String, String)>,
}

impl Finding {
    /// A value of the evidence.
    #[must_use]
    pub fn evidence(&self, name: &str) -> Option<&str> {
        self.evidence.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
