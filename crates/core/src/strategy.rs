//! The table of strategies, and the ladder from one to the next.

use crate::names::{Action, Cause, FailureType, Severity, Strategy};

/// What to do about a failure of this type and severity.
#[must_use]
pub(crate) const fn strategy(failure: FailureType, severity: Severity) -> Strategy {
    use Severity::{Critical, High, Low, Medium};
    match (failure, severity) {
        (_, Low) | (FailureType::Deployment | FailureType::Resource, _) => Strategy::Monitor,
        (FailureType::Node | FailureType::Pod | FailureType::Service, Medium) => Strategy::Restart,
        (FailureType::Node, High) => Strategy::DrainAndReplace,
        (FailureType::Node, Critical) => Strategy::EmergencyReplace,
        (FailureType::Pod, High) => Strategy::Recreate,
        (FailureType::Pod, Critical) => Strategy::ScaleAndReplace,
        (FailureType::Service, High) => Strategy::Failover,
        (FailureType::Service, Critical) => Strategy::EmergencyFailover,
    }
}

/// The strategy for a cause that no write can help, else the table's.
#[must_use]
pub(crate) const fn strategy_for(failure: FailureType, cause: Cause, severity: Severity) -> Strategy {
    match cause {
        // A second delete does nothing, and a forced one needs a proof that the node is off.
        Cause::StuckTerminating => Strategy::Monitor,
        _ => strategy(failure, severity),
    }
}

/// The strategy after `failed` did not help: that of the next severity, `None` after the critical one.
#[must_use]
pub(crate) fn next_strategy(failure: FailureType, failed: Strategy) -> Option<Strategy> {
    let at = Severity::ALL.iter().rposition(|severity| strategy(failure, *severity) == failed)?;
    Severity::ALL.get(at + 1).map(|severity| strategy(failure, *severity))
}

/// The action's name for a type of failure.
#[must_use]
pub(crate) const fn action(failure: FailureType) -> Action {
    match failure {
        FailureType::Node => Action::Node,
        FailureType::Pod => Action::Pod,
        FailureType::Service => Action::Service,
        FailureType::Deployment => Action::Deployment,
        FailureType::Resource => Action::Resource,
    }
}

#[cfg(test)]
mod tests {
    use super::next_strategy;
    use crate::names::{FailureType, Strategy};

    #[test]
    fn the_ladder_ends_after_the_critical_strategy() {
        assert_eq!(next_strategy(FailureType::Pod, Strategy::Restart), Some(Strategy::Recreate));
        assert_eq!(next_strategy(FailureType::Pod, Strategy::Recreate), Some(Strategy::ScaleAndReplace));
        assert_eq!(next_strategy(FailureType::Pod, Strategy::ScaleAndReplace), None);
        assert_eq!(next_strategy(FailureType::Node, Strategy::Restart), Some(Strategy::DrainAndReplace));
        assert_eq!(next_strategy(FailureType::Node, Strategy::EmergencyReplace), None);
    }
}
