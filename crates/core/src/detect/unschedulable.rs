//! `Unschedulable`: no node takes the pod.

use super::{Bad, Rule, Sight, Signal, running_on, seen};
use crate::fact::PodFact;
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::string::String;
use core::time::Duration;

pub(super) const RULE: Rule<PodFact> =
    Rule { cause: Cause::Unschedulable, failure: FailureType::Resource, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 4
}

fn signal(pod: &PodFact, _: &Sight<'_>) -> Signal {
    let trouble = running_on(pod).filter(|_| pod.node.is_none());
    let Some((since, trouble)) = trouble.and_then(|trouble| Some((trouble.unschedulable?, trouble))) else {
        return Signal::Good(None);
    };
    let mut description = String::from("no node takes the pod");
    if !trouble.message.is_empty() {
        description += &alloc::format!(": {}", trouble.message);
    }
    let evidence = alloc::vec![seen("PodScheduled", "False"), seen("message", trouble.message.clone())];
    Signal::Bad(Bad { cause: Cause::Unschedulable, since: None, overdue: false, onset: since, description, evidence })
}
