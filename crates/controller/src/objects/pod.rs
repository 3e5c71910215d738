//! Pods.

use super::quantity::Resources;
use super::{Metadata, ObjectError, Shared, count, said, short, stamp};
use jiff::Timestamp;
use self_healing_core::fact::{Amount, ContainerFact, Exit, Marks, PodFact, PodPhase, PodTrouble};
use self_healing_core::key::Text;
use self_healing_core::time::Stamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is read of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimPod {
    /// Identity, owner, times, marks.
    pub metadata: Metadata,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    node_name: Option<String>,
    priority: Option<i32>,
    restart_policy: Option<String>,
    termination_grace_period_seconds: Option<i64>,
    volumes: Option<Vec<Volume>>,
    containers: Option<Vec<SlimContainer>>,
    init_containers: Option<Vec<SlimContainer>>,
    overhead: Option<Resources>,
    resources: Option<Requests>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SlimContainer {
    restart_policy: Option<String>,
    resources: Option<Requests>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Requests {
    requests: Option<Resources>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Volume {
    persistent_volume_claim: Option<IgnoredAny>,
    ephemeral: Option<IgnoredAny>,
    empty_dir: Option<EmptyDir>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EmptyDir {
    medium: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    conditions: Option<Vec<Condition>>,
    init_container_statuses: Option<Vec<Container>>,
    container_statuses: Option<Vec<Container>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Condition {
    #[serde(rename = "type")]
    kind: Option<String>,
    status: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    last_transition_time: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Container {
    name: Option<String>,
    image: Option<String>,
    ready: Option<bool>,
    restart_count: Option<i64>,
    state: Option<ContainerState>,
    last_state: Option<ContainerState>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Waiting>,
    terminated: Option<Terminated>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Terminated {
    exit_code: Option<i32>,
    reason: Option<String>,
    finished_at: Option<Timestamp>,
}

/// The fact that `json` states.
///
/// # Errors
/// If it is not a pod with name and uid, or a field has another type than documented.
pub fn parse(json: &[u8], shared: &mut Shared) -> Result<PodFact, ObjectError> {
    fact(&serde_json::from_slice(json)?, shared)
}

/// The fact that `pod` states.
///
/// # Errors
/// If name or uid is absent.
pub fn fact(pod: &SlimPod, shared: &mut Shared) -> Result<PodFact, ObjectError> {
    let phase = phase(pod.status.as_ref());
    let ready_condition = pod.status.as_ref().and_then(|status| condition(status, "Ready"));
    let ready = ready_condition.is_some_and(|c| c.status.as_deref() == Some("True"));
    let deleting = pod.metadata.deletion_timestamp.is_some();
    let killed = pod.status.iter().flat_map(containers).any(|c| memory_kills(c).next().is_some());
    let well = phase == PodPhase::Succeeded || (phase == PodPhase::Running && ready && !killed);
    let spec = pod.spec.as_ref();
    Ok(PodFact {
        key: pod.metadata.key(shared)?,
        uid: Text::from(pod.metadata.uid()?),
        node: spec.and_then(|s| s.node_name.as_deref()).filter(|n| !n.is_empty()).map(|n| shared.text(n)),
        owner: pod.metadata.controller(shared),
        created: stamp(pod.metadata.creation_timestamp),
        phase,
        ready,
        marks: marks(pod),
        priority: spec.and_then(|s| s.priority).unwrap_or_default(),
        requests: spec.map(requests).unwrap_or_default(),
        trouble: (deleting || !well).then(|| Box::new(trouble(pod, ready_condition, shared))),
    })
}

/// What the scheduler sets aside: containers and sidecars together, or an init container with the sidecars before it if that is more;
/// what the pod asks for as a whole comes first.
fn requests(spec: &Spec) -> Amount {
    let asked = |of: &Option<Requests>| of.as_ref().and_then(|of| of.requests.as_ref()).map(Resources::asked);
    let overhead = spec.overhead.as_ref().map(Resources::asked).unwrap_or_default();
    let (mut sidecars, mut most) = (Amount::default(), Amount::default());
    for init in spec.init_containers.iter().flatten() {
        let own = asked(&init.resources).unwrap_or_default();
        if init.restart_policy.as_deref() == Some("Always") {
            sidecars = sidecars.with(own);
        } else {
            most = most.max(sidecars.with(own));
        }
    }
    let all = spec.containers.iter().flatten().filter_map(|container| asked(&container.resources));
    let whole = asked(&spec.resources).unwrap_or_default();
    all.fold(sidecars, Amount::with).max(most).max(whole).with(overhead)
}

fn phase(status: Option<&Status>) -> PodPhase {
    match status.and_then(|s| s.phase.as_deref()) {
        Some("Pending") => PodPhase::Pending,
        Some("Running") => PodPhase::Running,
        Some("Succeeded") => PodPhase::Succeeded,
        Some("Failed") => PodPhase::Failed,
        _ => PodPhase::Unknown,
    }
}

/// Of two conditions of one type the last counts.
fn condition<'a>(status: &'a Status, kind: &str) -> Option<&'a Condition> {
    status.conditions.as_ref()?.iter().rev().find(|c| c.kind.as_deref() == Some(kind))
}

/// Containers, and init containers that have not done their work.
fn containers(status: &Status) -> impl Iterator<Item = &Container> {
    let inits = status.init_container_statuses.iter().flatten().filter(|c| !finished_well(c));
    inits.chain(status.container_statuses.iter().flatten())
}

fn marks(pod: &SlimPod) -> Marks {
    let volumes = pod.spec.as_ref().and_then(|s| s.volumes.as_deref()).unwrap_or_default();
    let claims = volumes.iter().any(|v| v.persistent_volume_claim.is_some() || v.ephemeral.is_some());
    let on_disk = |dir: &EmptyDir| dir.medium.as_deref().unwrap_or("").is_empty();
    let scratch = volumes.iter().any(|v| v.empty_dir.as_ref().is_some_and(on_disk));
    let at_once = pod.spec.as_ref().is_some_and(|spec| spec.termination_grace_period_seconds == Some(0));
    let marks = pod.metadata.marks().with_if(claims, Marks::PERSISTENT_VOLUME).with_if(scratch, Marks::EMPTY_DIR);
    marks.with_if(at_once, Marks::ENDS_AT_ONCE)
}

fn trouble(pod: &SlimPod, ready: Option<&Condition>, shared: &mut Shared) -> PodTrouble {
    let none = Status::default();
    let status = pod.status.as_ref().unwrap_or(&none);
    let scheduled = condition(status, "PodScheduled").filter(|c| c.status.as_deref() == Some("False"));
    let unschedulable = scheduled.filter(|c| c.reason.as_deref() == Some("Unschedulable"));
    let message = status.message.as_deref().or_else(|| unschedulable.and_then(|c| c.message.as_deref()));
    PodTrouble {
        reason: said(status.reason.as_deref()),
        message: said(message),
        ready_changed: ready.and_then(|c| c.last_transition_time).map(|t| stamp(Some(t))),
        awaits_gate: ready.is_some_and(|c| c.reason.as_deref() == Some("ReadinessGatesNotReady")),
        deletion_due: pod.metadata.deletion_timestamp.map(|t| stamp(Some(t))),
        finalizers: pod.metadata.finalizers.iter().flatten().map(|f| shared.text(f)).collect(),
        unschedulable: unschedulable.map(|c| stamp(c.last_transition_time)),
        containers: containers(status)
            .map(|c| container(c, always_restarts(pod), shared))
            .filter(|c| !c.ready || !c.memory_kills.is_empty())
            .collect(),
        labels: pod.metadata.label_fact(shared),
    }
}

/// Whether it has ended with 0; an init container has done its work then.
fn finished_well(container: &Container) -> bool {
    let ended = container.state.as_ref().and_then(|s| s.terminated.as_ref());
    ended.is_some_and(|t| t.exit_code == Some(0))
}

fn memory_kills(container: &Container) -> impl Iterator<Item = Stamp> {
    let ends = [&container.last_state, &container.state].into_iter().flatten().filter_map(|s| s.terminated.as_ref());
    ends.filter(|end| end.reason.as_deref() == Some("OOMKilled")).map(|end| stamp(end.finished_at))
}

/// Whether its containers are started again however they end, which is also what no word about it means.
fn always_restarts(pod: &SlimPod) -> bool {
    let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    policy.is_none_or(|policy| policy == "Always")
}

fn container(container: &Container, restarts: bool, shared: &mut Shared) -> ContainerFact {
    let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
    let ended = |state: &Option<ContainerState>| state.as_ref().and_then(|s| s.terminated.as_ref()).map(exit);
    ContainerFact {
        name: short(container.name.as_deref()).into(),
        image: shared.text(short(container.image.as_deref())),
        restarts: count(container.restart_count),
        ready: container.ready == Some(true),
        waiting: said(waiting.and_then(|w| w.reason.as_deref())),
        waiting_message: said(waiting.and_then(|w| w.message.as_deref())),
        exit: ended(&container.state).or_else(|| ended(&container.last_state)),
        ended_to_restart: restarts && finished_well(container),
        memory_kills: memory_kills(container).collect(),
    }
}

fn exit(ended: &Terminated) -> Exit {
    Exit { code: ended.exit_code.unwrap_or_default(), reason: said(ended.reason.as_deref()) }
}
