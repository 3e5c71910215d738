//! Which failures a policy is about: every part that is there has to hold.

use super::{About, Answer, When};
use crate::key::{Kind, Text};
use crate::names::{Cause, FailureType};
use crate::selector::Selector;
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
    /// `namespaceSelector`: the target's namespace has such labels; a node is in none.
    pub namespace_selector: Option<Selector>,
    /// `selector`: the target together with its workload has such labels; of one key the target's own value counts.
    pub selector: Option<Selector>,
    /// `workloadKinds`: the controller at the top of the target's owners, or the target itself, is of one of these.
    pub workload_kinds: Vec<Kind>,
    /// `nodeSelector`: the node that failed, or on which the target failed, has such labels.
    pub node_selector: Option<Selector>,
    /// `when`.
    pub when: Option<When>,
}

impl Match {
    /// Whether nothing is said at all; such a policy matches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the failure is one of those for policy `name`; what its expression said, if that was asked, goes into `said`.
    pub(super) fn holds(&self, name: &Text, about: &About<'_>, said: &mut Option<Answer>) -> bool {
        let named = about.named == Some(&**name);
        let parts = [self.namespace_part(about), self.label_part(about), self.node_part(about)];
        let labels_hold = || parts.iter().all(|part| part.unwrap_or(named));
        !self.is_empty() && self.plain_parts(about) && labels_hold() && self.when_part(about, named, said)
    }

    /// The same before there is a failure, so that no expression can be asked; one that has one does not hold.
    pub(super) fn holds_before(&self, about: &About<'_>) -> bool {
        let parts = [self.namespace_part(about), self.label_part(about), self.node_part(about)];
        let labels_hold = || parts.iter().all(|part| *part == Some(true));
        self.when.is_none() && !self.is_empty() && self.plain_parts(about) && labels_hold()
    }

    fn plain_parts(&self, about: &About<'_>) -> bool {
        let is_type = self.types.is_empty() || self.types.contains(&about.failure);
        let is_cause = self.causes.is_empty() || about.cause.is_some_and(|cause| self.causes.contains(&cause));
        let is_in = self.namespaces.is_empty() || self.namespaces.contains(&about.target.key.namespace);
        let is_kind = self.workload_kinds.is_empty() || self.workload_kinds.contains(&about.workload.kind);
        is_type && is_cause && is_in && is_kind
    }

    /// `None`: it cannot be seen.
    fn namespace_part(&self, about: &About<'_>) -> Option<bool> {
        let Some(selector) = &self.namespace_selector else { return Some(true) };
        if !about.has_namespace() {
            return Some(false);
        }
        let labels = about.namespace_labels.as_ref()?;
        Some(selector.selects(|key| labels.get(key)))
    }

    fn label_part(&self, about: &About<'_>) -> Option<bool> {
        let Some(selector) = &self.selector else { return Some(true) };
        let (own, workload) = (about.labels.as_ref()?, about.workload_labels.as_ref()?);
        Some(selector.selects(|key| own.get(key).or_else(|| workload.get(key))))
    }

    fn node_part(&self, about: &About<'_>) -> Option<bool> {
        let Some(selector) = &self.node_selector else { return Some(true) };
        // What happens on no node does so on none of these.
        if about.node.is_none() && about.named.is_none() {
            return Some(false);
        }
        let labels = about.node_labels.as_ref()?;
        Some(selector.selects(|key| labels.get(key)))
    }

    fn when_part(&self, about: &About<'_>, named: bool, said: &mut Option<Answer>) -> bool {
        let Some(when) = &self.when else { return true };
        if about.labels.is_none() || about.workload_labels.is_none() {
            return named;
        }
        said.insert(when.expression.ask(about)) == &Answer::Yes
    }
}
