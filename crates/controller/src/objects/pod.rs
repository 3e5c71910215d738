//! Pods.

use super::quantity::Resources;
use super::text::Str;
use super::{Metadata, ObjectError, Shared, count, said, short, stamp};
use jiff::Timestamp;
use self_healing_core::fact::{Amount, ContainerFact, Exit, Marks, PodFact, PodPhase, PodTrouble};
use self_healing_core::key::Text;
use self_healing_core::time::Stamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is read of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimPod<'a> {
    /// Identity, owner, times, marks.
    pub metadata: Metadata<'a>,
    spec: Option<Spec<'a>>,
    status: Option<Status<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Spec<'a> {
    node_name: Option<Str<'a>>,
    priority: Option<i32>,
    restart_policy: Option<Str<'a>>,
    termination_grace_period_seconds: Option<i64>,
    volumes: Option<Vec<Volume<'a>>>,
    containers: Option<Vec<SlimContainer<'a>>>,
    init_containers: Option<Vec<SlimContainer<'a>>>,
    overhead: Option<Resources<'a>>,
    resources: Option<Requests<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct SlimContainer<'a> {
    restart_policy: Option<Str<'a>>,
    resources: Option<Requests<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Requests<'a> {
    requests: Option<Resources<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Volume<'a> {
    persistent_volume_claim: Option<IgnoredAny>,
    ephemeral: Option<IgnoredAny>,
    empty_dir: Option<EmptyDir<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct EmptyDir<'a> {
    medium: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Status<'a> {
    phase: Option<Str<'a>>,
    reason: Option<Str<'a>>,
    message: Option<Str<'a>>,
    conditions: Option<Vec<Condition<'a>>>,
    init_container_statuses: Option<Vec<Container<'a>>>,
    container_statuses: Option<Vec<Container<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Condition<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    status: Option<Str<'a>>,
    reason: Option<Str<'a>>,
    message: Option<Str<'a>>,
    last_transition_time: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Container<'a> {
    name: Option<Str<'a>>,
    image: Option<Str<'a>>,
    ready: Option<bool>,
    restart_count: Option<i64>,
    state: Option<ContainerState<'a>>,
    last_state: Option<ContainerState<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ContainerState<'a> {
    waiting: Option<Waiting<'a>>,
    terminated: Option<Terminated<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Waiting<'a> {
    reason: Option<Str<'a>>,
    message: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Terminated<'a> {
    exit_code: Option<i32>,
    reason: Option<Str<'a>>,
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
pub fn fact(pod: &SlimPod<'_>, shared: &mut Shared) -> Result<PodFact, ObjectError> {
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
fn requests(spec: &Spec<'_>) -> Amount {
    let asked = |of: &Option<Requests<'_>>| of.as_ref().and_then(|of| of.requests.as_ref()).map(Resources::asked);
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

fn phase(status: Option<&Status<'_>>) -> PodPhase {
    match status.and_then(|s| s.phase.as_deref()) {
        Some("Pending") => PodPhase::Pending,
        Some("Running") => PodPhase::Running,
        Some("Succeeded") => PodPhase::Succeeded,
        Some("Failed") => PodPhase::Failed,
        _ => PodPhase::Unknown,
    }
}

/// Of two conditions of one type the last counts.
fn condition<'a>(status: &'a Status<'a>, kind: &str) -> Option<&'a Condition<'a>> {
    status.conditions.as_ref()?.iter().rev().find(|c| c.kind.as_deref() == Some(kind))
}

/// Containers, and init containers that have not done their work.
fn containers<'a>(status: &'a Status<'a>) -> impl Iterator<Item = &'a Container<'a>> {
    let inits = status.init_container_statuses.iter().flatten().filter(|c| !finished_well(c));
    inits.chain(status.container_statuses.iter().flatten())
}

fn marks(pod: &SlimPod<'_>) -> Marks {
    let volumes = pod.spec.as_ref().and_then(|s| s.volumes.as_deref()).unwrap_or_default();
    let claims = volumes.iter().any(|v| v.persistent_volume_claim.is_some() || v.ephemeral.is_some());
    let on_disk = |dir: &EmptyDir<'_>| dir.medium.as_deref().unwrap_or("").is_empty();
    let scratch = volumes.iter().any(|v| v.empty_dir.as_ref().is_some_and(on_disk));
    let at_once = pod.spec.as_ref().is_some_and(|spec| spec.termination_grace_period_seconds == Some(0));
    let marks = pod.metadata.marks().with_if(claims, Marks::PERSISTENT_VOLUME).with_if(scratch, Marks::EMPTY_DIR);
    marks.with_if(at_once, Marks::ENDS_AT_ONCE)
}

fn trouble(pod: &SlimPod<'_>, ready: Option<&Condition<'_>>, shared: &mut Shared) -> PodTrouble {
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
fn finished_well(container: &Container<'_>) -> bool {
    let ended = container.state.as_ref().and_then(|s| s.terminated.as_ref());
    ended.is_some_and(|t| t.exit_code == Some(0))
}

fn memory_kills(container: &Container<'_>) -> impl Iterator<Item = Stamp> {
    let ends = [&container.last_state, &container.state].into_iter().flatten().filter_map(|s| s.terminated.as_ref());
    ends.filter(|end| end.reason.as_deref() == Some("OOMKilled")).map(|end| stamp(end.finished_at))
}

/// Whether its containers are started again however they end, which is also what no word about it means.
fn always_restarts(pod: &SlimPod<'_>) -> bool {
    let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    policy.is_none_or(|policy| policy == "Always")
}

fn container(container: &Container<'_>, restarts: bool, shared: &mut Shared) -> ContainerFact {
    let waiting = container.state.as_ref().and_then(|s| s.waiting.as_ref());
    let ended = |state: &Option<ContainerState<'_>>| state.as_ref().and_then(|s| s.terminated.as_ref()).map(exit);
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

fn exit(ended: &Terminated<'_>) -> Exit {
    Exit { code: ended.exit_code.unwrap_or_default(), reason: said(ended.reason.as_deref()) }
}
