//! Node conditions that make a node unfit.

use crate::fact::{Condition, ConditionStatus};
use crate::key::Text;
use alloc::vec::Vec;
use core::time::Duration;

/// A condition that counts as `ProblemCondition`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeProblem {
    /// Its type, e.g. `KernelDeadlock`.
    pub kind: Text,
    /// The status that counts.
    pub status: ConditionStatus,
    /// The only reason that counts; any if `None`.
    pub reason: Option<Text>,
    /// For how long it has to be so; `node_failure_threshold` checks if `None`.
    pub span: Option<Duration>,
}

impl NodeProblem {
    /// Whether `condition` is that.
    pub(crate) fn is(&self, condition: &Condition) -> bool {
        let reason = self.reason.as_ref().is_none_or(|reason| *reason == condition.reason);
        condition.kind == self.kind && condition.status == self.status && reason
    }
}

/// Conditions that count when True (the contract's default list).
pub(super) fn default_problems() -> Vec<NodeProblem> {
    let usual =
        |kind: &str| NodeProblem { kind: Text::from(kind), status: ConditionStatus::True, reason: None, span: None };
    ["KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart", "NetworkUnavailable"].map(usual).to_vec()
}
