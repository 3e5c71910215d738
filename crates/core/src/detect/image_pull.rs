//! `ImagePull`: a container waits for an image that cannot be pulled.

use super::{Rule, Sight, Signal, waiting_signal};
use crate::fact::PodFact;
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use core::time::Duration;

const REASONS: &[&str] = &["ErrImagePull", "ImagePullBackOff", "InvalidImageName"];

pub(super) const RULE: Rule<PodFact> = Rule { cause: Cause::ImagePull, failure: FailureType::Pod, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 2
}

fn signal(pod: &PodFact, _: &Sight<'_>) -> Signal {
    waiting_signal(pod, Cause::ImagePull, REASONS)
}
