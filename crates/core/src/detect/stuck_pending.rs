//! `StuckPending`: a pod was given a node, and its containers are not created there.

use super::{Bad, Rule, Sight, Signal, running_on, seen};
use crate::fact::{ContainerFact, PodFact, PodPhase};
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::format;
use core::time::Duration;

pub(super) const RULE: Rule<PodFact> =
    Rule { cause: Cause::StuckPending, failure: FailureType::Pod, threshold, signal };

pub(super) fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 10
}

fn signal(pod: &PodFact, _: &Sight<'_>) -> Signal {
    let Some(node) = pod.node.as_ref().filter(|_| is_stuck(pod)) else { return Signal::Good(None) };
    let description = format!("pod is Pending on node {node}, its containers are not created");
    let evidence = alloc::vec![seen("phase", "Pending"), seen("node", &**node)];
    Signal::Bad(Bad {
        cause: Cause::StuckPending,
        since: None,
        overdue: false,
        onset: pod.created,
        description,
        evidence,
    })
}

/// Whether it has a node and no container of it was created; an image or configuration that is at fault has its own cause.
pub(super) fn is_stuck(pod: &PodFact) -> bool {
    let creating = |c: &ContainerFact| matches!(c.waiting.as_str(), "" | "ContainerCreating" | "PodInitializing");
    let untouched = |c: &ContainerFact| creating(c) && c.restarts == 0 && c.exit.is_none();
    let pending = pod.phase == PodPhase::Pending && pod.node.is_some();
    pending && running_on(pod).is_some_and(|trouble| trouble.containers.iter().all(untouched))
}
