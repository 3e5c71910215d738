//! What evidence is called that is gathered when a Recovery opens; signals have the names that their detectors give them.

use alloc::string::String;

/// The state of one container, or of the pod as a whole.
pub const STATE: &str = "state";
/// A condition that is not as it should be.
pub const CONDITION: &str = "condition";
/// One Event on the target.
pub const EVENT: &str = "event";
/// The revision of the workload, and what changed with it.
pub const REVISION: &str = "revision";
/// When the rest was gathered, and so that it was: always there after gathering, and once.
pub const GATHERED: &str = "gathered";

/// All of them.
const NAMES: [&str; 5] = [STATE, CONDITION, EVENT, REVISION, GATHERED];

/// Whether evidence was gathered, be it that nothing could be read.
#[must_use]
pub fn is_gathered(evidence: &[(String, String)]) -> bool {
    // The last to be added, but for a drain's plan.
    evidence.iter().rev().any(|(name, _)| name == GATHERED)
}

/// The signals, which come before all that was gathered: by those decisions are made, and what is gathered is for people.
pub(crate) fn signals(evidence: &[(String, String)]) -> &[(String, String)] {
    let end = evidence.iter().position(|(name, _)| was_gathered(name)).unwrap_or(evidence.len());
    &evidence[..end]
}

/// Whether evidence of this name is gathered, and no signal.
pub(crate) fn was_gathered(name: &str) -> bool {
    NAMES.contains(&name)
}
