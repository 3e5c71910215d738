//! `OOMKilled`: containers of a pod were killed for their memory at least twice in the history window.

use super::{Bad, Rule, Sight, Signal, at_once, seen};
use crate::cluster::Subject;
use crate::fact::PodFact;
use crate::key::Key;
use crate::names::{Cause, FailureType};
use crate::time::Stamp;
use alloc::format;
use alloc::vec::Vec;

pub(super) const RULE: Rule<PodFact> =
    Rule { cause: Cause::OOMKilled, failure: FailureType::Resource, threshold: at_once, signal };

/// So many kills make it a failure (contract section 3).
const ENOUGH: usize = 2;

/// A pod shows at most the last two ends of a container, so what this process saw earlier counts as well.
fn signal(pod: &PodFact, sight: &Sight<'_>) -> Signal {
    let window = sight.settings.history_window;
    let kills: Vec<Stamp> = recent(&pod.key, sight).collect();
    let (Some(first), true) = (kills.first(), kills.len() >= ENOUGH) else { return Signal::Good(None) };
    let description = format!(
        "containers were killed for their memory {} times within {} s (history_window)",
        kills.len(),
        window.as_secs_f32()
    );
    let containers = pod.trouble.iter().flat_map(|trouble| &trouble.containers);
    let killed = containers.filter(|container| !container.memory_kills.is_empty());
    let mut evidence: Vec<_> = killed.map(|container| seen("container", container.name.clone())).collect();
    evidence.push(seen("memoryKills", format!("{}", kills.len())));
    Signal::Bad(Bad { cause: Cause::OOMKilled, since: None, overdue: false, onset: *first, description, evidence })
}

/// Whether a failure that was found is not over: a process that has started since may know of one kill only.
pub(crate) fn goes_on(pod: &Key, sight: &Sight<'_>) -> bool {
    recent(pod, sight).next().is_some()
}

/// The kills of the history window, oldest first.
fn recent<'a>(pod: &'a Key, sight: &'a Sight<'_>) -> impl Iterator<Item = Stamp> + 'a {
    let subject = Subject::Pod(pod.clone());
    let kills = sight.cluster.memory_kills(pod).iter().copied();
    kills.filter(move |kill| sight.age(&subject, *kill) <= sight.settings.history_window)
}
