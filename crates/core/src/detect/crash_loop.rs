//! `CrashLoop`: a container that restarted often enough and is down again.

use super::{Bad, Rule, Sight, Signal, at_once, running_on, seen};
use crate::fact::{ContainerFact, PodFact};
use crate::names::{Cause, FailureType};
use alloc::format;

pub(super) const RULE: Rule<PodFact> =
    Rule { cause: Cause::CrashLoop, failure: FailureType::Pod, threshold: at_once, signal };

fn signal(pod: &PodFact, sight: &Sight<'_>) -> Signal {
    let Some(trouble) = running_on(pod) else { return Signal::Good(None) };
    let threshold = sight.settings.pod_restart_threshold;
    let Some(container) = trouble.containers.iter().find(|c| c.restarts >= threshold && is_down(c)) else {
        return Signal::Good(None);
    };
    let exit = container.exit.clone().unwrap_or_default();
    let description = format!(
        "container {} restarted {} times (threshold {threshold}), last exit {} {}",
        container.name, container.restarts, exit.code, exit.reason
    );
    let mut evidence = alloc::vec![
        seen("container", container.name.clone()),
        seen("restartCount", format!("{}", container.restarts)),
        seen("exitCode", format!("{}", exit.code)),
        seen("exitReason", exit.reason),
    ];
    if !container.waiting.is_empty() {
        evidence.push(seen("waiting", container.waiting.clone()));
    }
    Signal::Bad(Bad { cause: Cause::CrashLoop, since: None, overdue: false, onset: pod.onset(), description, evidence })
}

/// Kubelets show `waiting` only for moments before each restart (measured with 1.37), so an exit without being ready since counts as well;
/// one with 0 as long as it is the present state.
fn is_down(container: &ContainerFact) -> bool {
    let crashed = container.exit.as_ref().is_some_and(|exit| exit.code != 0);
    container.waiting == "CrashLoopBackOff" || container.ended_to_restart || (crashed && !container.ready)
}
