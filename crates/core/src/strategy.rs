//! The table of strategies, and the ladder from one to the next.

use crate::names::{Action, Cause, FailureType, Severity, Strategy};
use crate::recovery::Recovery;
use crate::settings::Settings;

/// What to do about a failure of this type and severity, unless a policy says otherwise.
const fn default_strategy(failure: FailureType, severity: Severity) -> Strategy {
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

/// What to do about a failure of this type and severity.
fn strategy(settings: &Settings, failure: FailureType, severity: Severity) -> Strategy {
    settings.strategies.get(failure, severity).unwrap_or_else(|| default_strategy(failure, severity))
}

/// What its object itself says of what may be done about a failure, where the table only watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Nothing.
    None,
    /// The Deployment allows a rollback.
    AllowsRollback,
    /// The pod is of an older revision than its StatefulSet wants, and keeps the others waiting for theirs.
    BlocksRevision,
    /// The pod's containers are ready, and it waits for somebody else's condition.
    AwaitsGate,
}

/// The strategy for a cause that no write can help, else the table's; where that only watches, and no policy says so, what its object
/// asks for.
#[must_use]
pub(crate) fn strategy_for(
    settings: &Settings,
    failure: FailureType,
    cause: Cause,
    severity: Severity,
    hint: Hint,
) -> Strategy {
    let cells = &settings.strategies;
    let by_policy = cells.get(failure, severity).is_some();
    match (cause, hint) {
        // A second delete does nothing, and a forced one needs a proof that the node is off.
        (Cause::StuckTerminating, _) => Strategy::Monitor,
        (Cause::RolloutStuck | Cause::Unavailable, Hint::AllowsRollback)
            if !by_policy && severity >= Severity::High =>
        {
            Strategy::Rollback
        }
        (_, Hint::AwaitsGate) if !by_policy => Strategy::Monitor,
        (_, Hint::BlocksRevision) if !by_policy && strategy(settings, failure, severity) == Strategy::Monitor => {
            Strategy::Restart
        }
        _ => fitting(strategy(settings, failure, severity), cause),
    }
}

/// The strategy, if it is for such a cause; else it is only watched.
fn fitting(strategy: Strategy, cause: Cause) -> Strategy {
    let helps = match strategy {
        Strategy::Relieve => matches!(cause, Cause::MemoryPressure | Cause::DiskPressure | Cause::PIDPressure),
        Strategy::Resize => cause == Cause::OOMKilled,
        _ => true,
    };
    if helps { strategy } else { Strategy::Monitor }
}

/// The strategy of the next attempt: the record's own first, then the ladder's, or without one that of the next severity each time;
/// `None` when the record names one that we do not know, or none is left.
#[must_use]
pub(crate) fn next_strategy(settings: &Settings, recovery: &Recovery) -> Option<Strategy> {
    let (first, tried) = (recovery.spec.strategy?, recovery.status.attempts.len());
    if tried == 0 {
        return Some(first);
    }
    if settings.ladder.is_empty() {
        let severity = Severity::ALL.get(recovery.spec.severity as usize + tried)?;
        let own = settings.strategies.get(recovery.spec.failure, *severity);
        // A Deployment that allowed a rollback does so on every step.
        let rollback = first == Strategy::Rollback && own.is_none();
        return Some(match recovery.spec.cause {
            _ if rollback => first,
            Some(cause) => strategy_for(settings, recovery.spec.failure, cause, *severity, Hint::None),
            None => strategy(settings, recovery.spec.failure, *severity),
        });
    }
    let ladder = || settings.ladder.iter().filter(|step| recovery.spec.failure.strategies().contains(step));
    // A ladder that does not hold the first strategy begins behind it.
    let passed = ladder().position(|step| *step == first).map_or(0, |at| at + 1);
    ladder().nth(passed + tried - 1).copied()
}

/// The strategy of the attempt under way, else of the next one.
#[must_use]
pub(crate) fn strategy_now(settings: &Settings, recovery: &Recovery) -> Option<Strategy> {
    let under_way = recovery.attempt().filter(|attempt| attempt.finished_at.is_none());
    under_way.map(|attempt| attempt.strategy).or_else(|| next_strategy(settings, recovery))
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
mod tests;
