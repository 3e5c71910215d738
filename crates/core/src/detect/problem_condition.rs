//! `ProblemCondition`: a problem detector on the node reports a condition that makes it unfit.

use super::{Bad, Rule, Sight, Signal, node_checks, seen};
use crate::cluster::Subject;
use crate::fact::{ConditionStatus, NodeFact};
use crate::names::{Cause, FailureType};
use alloc::format;
use core::time::Duration;

pub(super) const RULE: Rule<NodeFact> =
    Rule { cause: Cause::ProblemCondition, failure: FailureType::Node, threshold: node_checks, signal };

/// Conditions that count when True (the contract's default list).
const PROBLEMS: &[&str] = &["KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart", "NetworkUnavailable"];

/// A condition whose heartbeat is older has lost its detector and says nothing.
const DETECTOR_SILENT: Duration = Duration::from_secs(30 * 60);

fn signal(node: &NodeFact, sight: &Sight<'_>) -> Signal {
    let problem = node.conditions.iter().find(|condition| {
        condition.status == ConditionStatus::True
            && PROBLEMS.contains(&&*condition.kind)
            && sight.age(&Subject::Node(node.name.clone()), condition.stated()) <= DETECTOR_SILENT
    });
    let Some(problem) = problem else { return Signal::Good(None) };
    let description = format!("node condition {} is True ({})", problem.kind, problem.reason);
    let evidence = alloc::vec![seen("condition", &*problem.kind), seen("reason", &*problem.reason)];
    Signal::Bad(Bad {
        cause: Cause::ProblemCondition,
        since: None,
        overdue: false,
        onset: problem.changed,
        description,
        evidence,
    })
}
