//! Crashes: one that repeats with the same exit on another node is the application's own fault and is not moved again.

use crate::fact::{ContainerFact, PodFact};
use crate::healer::{Case, World};
use crate::names::Cause;
use alloc::format;
use alloc::string::{String, ToString};

/// Why moving the pod of this Recovery again would not help, once it was moved: a pod of the same workload crashes with the same
/// exit on another node. While the attempt has time left only one that is crash looping counts.
pub(crate) fn application_fault(world: &World<'_>, case: &Case, time_is_up: bool) -> Option<String> {
    let (recovery, spec) = (&case.recovery, &case.recovery.spec);
    if spec.cause != Some(Cause::CrashLoop) || !case.has_moved() {
        return None;
    }
    let (name, code) = (recovery.evidence("container")?, recovery.evidence("exitCode")?);
    let node = recovery.evidence("node")?;
    let restarts = if time_is_up { 1 } else { world.settings.pod_restart_threshold };
    let alike = |container: &ContainerFact| {
        let exit = container.exit.as_ref().filter(|exit| exit.code != 0);
        let same = container.name == name && exit.is_some_and(|exit| exit.code.to_string() == code);
        same && !container.ready && container.restarts >= restarts
    };
    let crashes = |pod: &&PodFact| pod.trouble.iter().flat_map(|trouble| &trouble.containers).any(alike);
    let elsewhere = |pod: &&PodFact| pod.node.as_ref().is_some_and(|on| **on != *node);
    let other = world.cluster.each_pod_of(&spec.workload).filter(elsewhere).find(crashes)?;
    let on = other.node.as_deref().unwrap_or_default();
    Some(format!(
        "container {name} ends with {code} on node {on} as well (pod {}): the application is at fault, moving it does not help",
        other.key
    ))
}
