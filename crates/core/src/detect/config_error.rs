//! `ConfigError`: a container cannot be created from its configuration.

use super::{Rule, Sight, Signal, waiting_signal};
use crate::fact::PodFact;
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use core::time::Duration;

const REASONS: &[&str] = &["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

pub(super) const RULE: Rule<PodFact> = Rule { cause: Cause::ConfigError, failure: FailureType::Pod, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 2
}

fn signal(pod: &PodFact, _: &Sight<'_>) -> Signal {
    waiting_signal(pod, Cause::ConfigError, REASONS)
}
