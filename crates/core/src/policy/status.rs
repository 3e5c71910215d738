//! What a policy's status tells people.

use super::{Content, StoredPolicy};
use crate::names::Readiness;
use crate::time::Stamp;
use alloc::string::{String, ToString};

/// The status of a HealingPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyStatus {
    /// The generation that it speaks of.
    pub observed_generation: i64,
    /// Whether it is ready, and why.
    pub readiness: Readiness,
    /// The same in a sentence.
    pub message: String,
    /// Since when it is ready, or is not.
    pub since: Stamp,
    /// Recoveries that are not over and that it applies to.
    pub active: u32,
    /// Recoveries that are stored and that it applies to, or did.
    pub total: u32,
}

impl PolicyStatus {
    /// What there is to say of `policy`; `failed` is why its expression could not be evaluated last.
    pub(super) fn of(policy: &StoredPolicy, failed: Option<&str>, (active, total): (u32, u32), now: Stamp) -> Self {
        let (readiness, message) = match (&policy.content, failed) {
            (Content::Invalid(why), _) => (Readiness::Invalid, why.clone()),
            (Content::Valid(_), Some(why)) => (Readiness::ExpressionFailed, why.to_string()),
            (Content::Valid(_), None) => (Readiness::Valid, "applies to what it matches".to_string()),
        };
        let before = policy.status.as_ref().filter(|status| status.is_ready() == (readiness == Readiness::Valid));
        let since = before.map_or(now, |status| status.since);
        Self { observed_generation: policy.generation, readiness, message, since, active, total }
    }

    /// Whether the condition Ready is True.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.readiness == Readiness::Valid
    }
}
