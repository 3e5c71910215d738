//! Happenings: what people should see, each once, in log, metrics and Kubernetes Events alike.

use crate::key::{Target, Text};
use crate::names::{FailureType, GuardName, Severity, Strategy};
use alloc::string::String;
use core::time::Duration;

/// One transition worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// What it is.
    pub what: What,
    /// The Recovery.
    pub recovery: Text,
    /// Its uid; empty when it is not stored yet.
    pub recovery_uid: Text,
    /// The target of the Recovery.
    pub target: Target,
    /// Its failure type.
    pub failure: FailureType,
    /// Its severity.
    pub severity: Severity,
    /// One sentence for people.
    pub note: String,
    /// Whether Kubernetes Events may be written (not in Observe mode).
    pub publish: bool,
}

/// The kinds of transition, with what metrics need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A finding opened a Recovery.
    FailureDetected {
        /// From the first sight of the signal that made it fire to the decision.
        latency: Duration,
    },
    /// An attempt started.
    RecoveryStarted {
        /// With this strategy.
        strategy: Strategy,
    },
    /// A guard holds it, for a new reason.
    RecoveryHeld {
        /// Which one.
        guard: GuardName,
    },
    /// Verified.
    RecoverySucceeded {
        /// With this strategy.
        strategy: Strategy,
        /// Since detection.
        after: Duration,
    },
    /// An attempt, or the whole Recovery, failed.
    RecoveryFailed {
        /// With this strategy.
        strategy: Strategy,
        /// Whether the Recovery is over.
        last: bool,
    },
    /// A person has to look.
    RecoveryEscalated {
        /// The last strategy tried.
        strategy: Strategy,
    },
    /// The failure went away by itself.
    SelfRecovered {
        /// The strategy that was chosen.
        strategy: Strategy,
    },
    /// A person or a changed world ended it.
    RecoveryCancelled {
        /// The strategy that was chosen.
        strategy: Strategy,
    },
}

impl What {
    /// The Event's reason.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::FailureDetected { .. } => "FailureDetected",
            Self::RecoveryStarted { .. } => "RecoveryStarted",
            Self::RecoveryHeld { .. } => "RecoveryHeld",
            Self::RecoverySucceeded { .. } => "RecoverySucceeded",
            Self::RecoveryFailed { .. } => "RecoveryFailed",
            Self::RecoveryEscalated { .. } => "RecoveryEscalated",
            Self::SelfRecovered { .. } => "SelfRecovered",
            Self::RecoveryCancelled { .. } => "RecoveryCancelled",
        }
    }

    /// Whether the Event is of type Warning.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        match self {
            Self::FailureDetected { .. }
            | Self::RecoveryHeld { .. }
            | Self::RecoveryFailed { .. }
            | Self::RecoveryEscalated { .. } => true,
            Self::RecoveryStarted { .. }
            | Self::RecoverySucceeded { .. }
            | Self::SelfRecovered { .. }
            | Self::RecoveryCancelled { .. } => false,
        }
    }
}
