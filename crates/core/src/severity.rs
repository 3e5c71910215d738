//! How bad a finding is: a base per failure, raised by how often the same workload failed lately.

use crate::finding::Finding;
use crate::healer::Case;
use crate::names::{Cause, FailureType, Severity};
use crate::recovery::Recovery;
use crate::settings::SeverityBounds;
use crate::time::Tick;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Earlier failures of the same type and workload within `window`.
pub(crate) fn similar<'a>(
    finding: &Finding,
    stored: impl Iterator<Item = &'a Case>,
    now: Tick,
    window: Duration,
) -> u32 {
    let count = stored
        .filter(|other| other.recovery.spec.failure == finding.failure && same_workload(&other.recovery, finding))
        .filter(|other| other.times.detected().elapsed(now) <= window)
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A workload is recognised by its name, so that one that was deleted and applied again keeps its history.
fn same_workload(other: &Recovery, finding: &Finding) -> bool {
    other.spec.workload.kind == finding.workload.kind && other.spec.workload.key == finding.workload.key
}

/// The severity, and the sentences that say why.
#[must_use]
pub(crate) fn severity(finding: &Finding, similar: u32, bounds: &SeverityBounds) -> (Severity, Vec<String>) {
    let base = bounds.base.unwrap_or_else(|| base(finding.failure, Some(finding.cause)));
    let mut reasons = alloc::vec![format!("{} {} starts at {base}", finding.failure, finding.cause)];
    let raised = by_frequency(base, similar);
    if raised > base {
        reasons.push(format!("{similar} similar failures of {} raise it to {raised}", finding.workload));
    }
    let floored = bounds.floor.map_or(raised, |floor| raised.max(floor));
    let bounded = bounds.ceiling.map_or(floored, |ceiling| floored.min(ceiling));
    if bounded != raised {
        let bound = if bounded > raised { "floor" } else { "ceiling" };
        reasons.push(format!("the policy's {bound} makes it {bounded}"));
    }
    (bounded, reasons)
}

/// The severity as it is where no policy changes it.
#[must_use]
pub(crate) fn without_policy(failure: FailureType, cause: Option<Cause>, similar: u32) -> Severity {
    by_frequency(base(failure, cause), similar)
}

/// Frequency raises a severity and never lowers it.
fn by_frequency(base: Severity, similar: u32) -> Severity {
    match similar {
        0 | 1 => base,
        2 | 3 => base.max(Severity::High),
        _ => Severity::Critical,
    }
}

fn base(failure: FailureType, cause: Option<Cause>) -> Severity {
    match (failure, cause) {
        (FailureType::Node, Some(Cause::ProblemCondition | Cause::PodStartFailures)) => Severity::High,
        (FailureType::Node, _) => Severity::Critical,
        (FailureType::Service | FailureType::Deployment, _) => Severity::High,
        (FailureType::Pod | FailureType::Resource, _) => Severity::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::severity;
    use crate::finding::Finding;
    use crate::key::{Key, Kind, Target, Text};
    use crate::names::{Cause, FailureType, Severity};
    use crate::settings::SeverityBounds;
    use crate::time::{Now, Stamp};
    use alloc::string::String;
    use alloc::vec::Vec;

    fn finding(failure: FailureType, cause: Cause) -> Finding {
        let target = Target { kind: Kind::Pod, key: Key::new("default", "web-1"), uid: Text::from("u1") };
        Finding {
            failure,
            cause,
            workload: target.clone(),
            target,
            node: None,
            onset: Stamp(0),
            first_seen: Now::default(),
            description: String::new(),
            evidence: Vec::new(),
        }
    }

    #[test]
    fn more_than_one_similar_failure_is_high_more_than_three_critical() {
        let expected = [Severity::Medium, Severity::Medium, Severity::High, Severity::High, Severity::Critical];
        for (similar, severity_expected) in (0..).zip(expected) {
            assert_eq!(
                severity(&finding(FailureType::Pod, Cause::Failed), similar, &SeverityBounds::default()).0,
                severity_expected,
                "{similar}"
            );
        }
    }

    #[test]
    fn frequency_never_lowers() {
        assert_eq!(
            severity(&finding(FailureType::Node, Cause::NotReady), 2, &SeverityBounds::default()).0,
            Severity::Critical
        );
        assert_eq!(
            severity(&finding(FailureType::Node, Cause::ProblemCondition), 0, &SeverityBounds::default()).0,
            Severity::High
        );
    }
    #[test]
    fn a_policy_moves_the_base_and_bounds_what_frequency_makes_of_it() {
        let judged = |similar, base, floor, ceiling| {
            severity(&finding(FailureType::Pod, Cause::Failed), similar, &SeverityBounds { base, floor, ceiling }).0
        };
        assert_eq!(judged(0, Some(Severity::Low), None, None), Severity::Low);
        assert_eq!(judged(2, Some(Severity::Low), None, None), Severity::High, "frequency still raises it");
        assert_eq!(judged(0, None, Some(Severity::High), None), Severity::High);
        assert_eq!(judged(9, None, None, Some(Severity::Medium)), Severity::Medium);
    }
}
