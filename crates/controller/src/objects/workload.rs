//! Controllers of pods: Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs.

use super::{Metadata, ObjectError, Shared, count};
use self_healing_core::fact::WorkloadFact;
use self_healing_core::key::{Kind, Text};
use serde::Deserialize;

/// What is read of a controller of any of the kinds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SlimWorkload {
    /// Identity, owner, marks.
    pub metadata: Metadata,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: Option<i64>,
    ready_replicas: Option<i64>,
    desired_number_scheduled: Option<i64>,
    number_ready: Option<i64>,
    ready: Option<i64>,
}

/// The fact that `json`, an object of `kind`, states.
///
/// # Errors
/// If it has no name or uid, or a field has another type than documented.
pub fn parse(kind: Kind, json: &[u8], shared: &mut Shared) -> Result<WorkloadFact, ObjectError> {
    fact(kind, &serde_json::from_slice(json)?, shared)
}

/// The fact that `workload`, an object of `kind`, states.
///
/// # Errors
/// If name or uid is absent.
pub fn fact(kind: Kind, workload: &SlimWorkload, shared: &mut Shared) -> Result<WorkloadFact, ObjectError> {
    let none = Status::default();
    let status = workload.status.as_ref().unwrap_or(&none);
    let replicas = workload.spec.as_ref().and_then(|s| s.replicas);
    let (desired, ready) = match kind {
        Kind::DaemonSet => (Some(count(status.desired_number_scheduled)), status.number_ready),
        Kind::Job => (None, status.ready),
        // The API server's default is 1.
        _ => (Some(replicas.map_or(1, |r| count(Some(r)))), status.ready_replicas),
    };
    // Jobs have no observedGeneration.
    let observed = kind == Kind::Job || status.observed_generation >= workload.metadata.generation;
    Ok(WorkloadFact {
        kind,
        key: workload.metadata.key(shared)?,
        uid: Text::from(workload.metadata.uid()?),
        owner: workload.metadata.controller(shared),
        desired,
        ready: count(ready),
        observed,
        marks: workload.metadata.marks(),
    })
}
