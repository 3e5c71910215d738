//! Which failures a policy is about: every part that is there has to hold.

use super::About;
use crate::key::{Kind, Text};
use crate::names::{Cause, FailureType};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// The parts of `spec.match`; one that is empty or absent says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// `types`: one of these.
    pub types: Vec<FailureType>,
    /// `causes`: one of these.
    pub causes: Vec<Cause>,
    /// `namespaces`: the target is in one of these; a node is in none.
    pub namespaces: BTreeSet<Text>,
    /// `workloadKinds`: the controller at the top of the target's owners, or the target itself, is of one of these.
    pub workload_kinds: Vec<Kind>,
}

impl Match {
    /// Whether nothing is said at all; such a policy matches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the failure is one of those.
    pub(super) fn holds(&self, about: &About<'_>) -> bool {
        let is_type = self.types.is_empty() || self.types.contains(&about.failure);
        let is_cause = self.causes.is_empty() || about.cause.is_some_and(|cause| self.causes.contains(&cause));
        let is_in = self.namespaces.is_empty() || self.namespaces.contains(&about.target.key.namespace);
        let is_kind = self.workload_kinds.is_empty() || self.workload_kinds.contains(&about.workload.kind);
        !self.is_empty() && is_type && is_cause && is_in && is_kind
    }
}
