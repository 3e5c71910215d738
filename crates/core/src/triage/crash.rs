//! Crashes: one that repeats with the same exit on another node is the application's own fault and is not moved again.

use crate::fact::{ContainerFact, PodFact};
use crate::healer::{Case, World};
use crate::key::Text;
use crate::names::Cause;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A container that ended so, and where.
struct Crash {
    container: String,
    code: String,
    node: Text,
    owner: Option<String>,
}

/// A crash that is the application's own.
pub(crate) struct Fault {
    /// In words.
    pub(crate) message: String,
    /// By which it is known again.
    pub(crate) evidence: Vec<(String, String)>,
}

/// Why moving the pod of this Recovery again would not help, once it was moved: pods of its workload crash with the same exit on
/// two nodes. While the attempt has time left only those count that are crash looping.
pub(crate) fn application_fault(world: &World<'_>, case: &Case, time_is_up: bool) -> Option<Fault> {
    let spec = &case.recovery.spec;
    if spec.cause != Some(Cause::CrashLoop) || !case.has_moved() {
        return None;
    }
    let restarts = if time_is_up { 1 } else { world.settings.pod_restart_threshold };
    let others = world.cluster.each_pod_of(&spec.workload).filter(|pod| pod.uid != spec.target.uid);
    let crashes: Vec<Crash> = others.filter_map(|pod| crash(&pod, restarts)).chain(recorded(case)).collect();
    crashes.iter().enumerate().find_map(|(at, one)| {
        let alike =
            |other: &&Crash| other.container == one.container && other.code == one.code && other.node != one.node;
        let other = crashes[at + 1..].iter().find(alike)?;
        let (container, code) = (&one.container, &one.code);
        let nodes = format!("{} and on {}", one.node, other.node);
        let message = format!(
            "container {container} ends with {code} on {nodes}: the application is at fault, moving it does not help"
        );
        let told = [("container", Some(container)), ("exitCode", Some(code)), ("owner", one.owner.as_ref())];
        let evidence = told.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?.clone())));
        Some(Fault { message, evidence: evidence.collect() })
    })
}

/// How a container of this pod ended that restarted so often and is down.
fn crash(pod: &PodFact, restarts: u32) -> Option<Crash> {
    let node = pod.node.clone()?;
    let containers = pod.trouble.iter().flat_map(|trouble| &trouble.containers);
    let down = |container: &&ContainerFact| !container.ready && container.restarts >= restarts;
    let ended = |container: &ContainerFact| {
        let exit = container.exit.as_ref().filter(|exit| exit.code != 0)?;
        Some((container.name.clone(), exit.code.to_string()))
    };
    let (container, code) = containers.into_iter().filter(down).find_map(ended)?;
    let owner = pod.owner.as_ref().map(ToString::to_string);
    Some(Crash { container, code, node, owner })
}

/// The crash that opened the Recovery; its evidence may have been lost with the process that saw it.
fn recorded(case: &Case) -> Option<Crash> {
    let of = |name: &str| case.recovery.evidence(name).map(ToString::to_string);
    let node = Text::from(of("node")?);
    Some(Crash { container: of("container")?, code: of("exitCode")?, node, owner: of("owner") })
}
