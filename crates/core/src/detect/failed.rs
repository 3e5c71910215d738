//! `Failed`: a pod whose containers ended for good, evicted ones included, unless a Job owns it and decides itself.

use super::{Bad, Rule, Sight, Signal, at_once, seen};
use crate::fact::{PodFact, PodPhase};
use crate::key::Kind;
use crate::names::{Cause, FailureType};
use alloc::format;
use alloc::string::ToString;

pub(super) const RULE: Rule<PodFact> =
    Rule { cause: Cause::Failed, failure: FailureType::Pod, threshold: at_once, signal };

fn signal(pod: &PodFact, _: &Sight<'_>) -> Signal {
    if pod.phase != PodPhase::Failed || pod.terminating() || pod.owned_by(&Kind::Job) {
        return Signal::Good(None);
    }
    let trouble = pod.trouble.as_deref();
    let reason = trouble.map_or("", |t| t.reason.as_str());
    let mut evidence = alloc::vec![seen("phase", "Failed"), seen("reason", reason)];
    let mut description = "pod is in phase Failed".to_string();
    if !reason.is_empty() {
        description += &format!(" ({reason})");
    }
    for container in trouble.into_iter().flat_map(|t| &t.containers) {
        if let Some(exit) = &container.exit {
            description += &format!(", container {} ended with {} {}", container.name, exit.code, exit.reason);
            evidence.push(seen("exit", format!("{} {} {}", container.name, exit.code, exit.reason)));
        }
    }
    if let Some(message) = trouble.map(|t| t.message.as_str()).filter(|m| !m.is_empty()) {
        evidence.push(seen("message", message));
    }
    // Failed is final for a uid, so the pod's creation is as good an onset as any and never changes.
    Signal::Bad(Bad { cause: Cause::Failed, since: None, overdue: false, onset: pod.created, description, evidence })
}
