//! `ProblemCondition`: a problem detector on the node reports a condition that makes it unfit.

use super::{Bad, Rule, Sight, Signal, node_checks, seen};
use crate::cluster::Subject;
use crate::fact::NodeFact;
use crate::names::{Cause, FailureType};
use crate::settings::{NodeProblem, Settings};
use alloc::format;
use core::time::Duration;

pub(super) const RULE: Rule<NodeFact> =
    Rule { cause: Cause::ProblemCondition, failure: FailureType::Node, threshold: node_checks, signal };

/// A condition whose heartbeat is older has lost its detector and says nothing.
const DETECTOR_SILENT: Duration = Duration::from_secs(30 * 60);

fn signal(node: &NodeFact, sight: &Sight<'_>) -> Signal {
    let listed = sight.settings.node_conditions.iter();
    let found = listed.filter_map(|problem| {
        let condition = node.conditions.iter().find(|condition| problem.is(condition))?;
        let stated = sight.age(&Subject::Node(node.name.clone()), condition.stated());
        (stated <= DETECTOR_SILENT).then_some((span(problem, sight.settings), condition))
    });
    // Of several the one that fires first.
    let Some((_, problem)) = found.min_by_key(|(span, _)| *span) else { return Signal::Good(None) };
    let description = format!("node condition {} is {} ({})", problem.kind, problem.status, problem.reason);
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

fn span(problem: &NodeProblem, settings: &Settings) -> Duration {
    problem.span.unwrap_or_else(|| node_checks(settings))
}

/// How long the condition that `signal` tells of has to be so; the longest of all while nothing is wrong, so that what was
/// counted is not cut.
pub(super) fn threshold(signal: &Signal, settings: &Settings) -> Duration {
    let told = match signal {
        Signal::Good(_) => None,
        Signal::Bad(bad) => bad.evidence.iter().find(|(name, _)| name == "condition").map(|(_, kind)| kind.as_str()),
    };
    let spans = settings.node_conditions.iter().filter(|problem| told.is_none_or(|kind| kind == &*problem.kind));
    let spans = spans.map(|problem| span(problem, settings));
    if told.is_some() { spans.min() } else { spans.max() }.unwrap_or_else(|| node_checks(settings))
}
