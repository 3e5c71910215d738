//! `NotReady` of a node: its kubelet reports Ready=False.

use super::{Bad, Rule, Sight, Signal, node_checks, seen};
use crate::cluster::Subject;
use crate::fact::{ConditionStatus, NodeFact};
use crate::names::{Cause, FailureType};
use alloc::format;

pub(super) const RULE: Rule<NodeFact> =
    Rule { cause: Cause::NotReady, failure: FailureType::Node, threshold: node_checks, signal };

fn signal(node: &NodeFact, sight: &Sight<'_>) -> Signal {
    let Some(ready) = node.condition("Ready").filter(|ready| ready.status == ConditionStatus::False) else {
        return Signal::Good(None);
    };
    if let Some(until) = starting(node, sight) {
        return Signal::Good(Some(until));
    }
    let description = format!("node reports Ready=False ({})", ready.reason);
    let evidence = alloc::vec![seen("Ready", "False"), seen("reason", &*ready.reason)];
    Signal::Bad(Bad {
        cause: Cause::NotReady,
        since: None,
        overdue: false,
        onset: ready.changed,
        description,
        evidence,
    })
}

/// A node that is new and was never Ready is starting, not failing; until when that holds.
pub(super) fn starting(node: &NodeFact, sight: &Sight<'_>) -> Option<crate::time::Tick> {
    let age = sight.age(&Subject::Node(node.name.clone()), node.created);
    let left = sight.settings.node_startup_grace.saturating_sub(age);
    (!left.is_zero() && !sight.cluster.was_ready(node)).then(|| sight.now.tick + left)
}
