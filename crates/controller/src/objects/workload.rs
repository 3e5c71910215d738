//! Controllers of pods: Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs.

use super::condition::{SlimCondition, conditions};
use super::metadata::{Labels, Picked};
use super::text::Str;
use super::{Metadata, ObjectError, Shared, count, stamp};
use self_healing_core::fact::{self, Rollout, WorkloadFact};
use self_healing_core::key::{Kind, Text};
use serde::Deserialize;

/// What is read of a controller of any of the kinds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimWorkload<'a> {
    /// Identity, owner, marks.
    pub metadata: Metadata<'a>,
    spec: Option<Spec<'a>>,
    status: Option<Status<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Spec<'a> {
    replicas: Option<i64>,
    paused: Option<bool>,
    template: Option<Template<'a>>,
    #[serde(rename = "updateStrategy")]
    update_strategy: Option<UpdateStrategy<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Template<'a> {
    metadata: Option<TemplateMetadata<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct TemplateMetadata<'a> {
    labels: Picked<Labels<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct UpdateStrategy<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    rolling_update: Option<RollingUpdate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RollingUpdate {
    partition: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Status<'a> {
    observed_generation: Option<i64>,
    replicas: Option<i64>,
    updated_replicas: Option<i64>,
    current_revision: Option<Str<'a>>,
    update_revision: Option<Str<'a>>,
    conditions: Option<Vec<SlimCondition<'a>>>,
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
pub fn fact(kind: Kind, workload: &SlimWorkload<'_>, shared: &mut Shared) -> Result<WorkloadFact, ObjectError> {
    let none = (Spec::default(), Status::default());
    let (spec, status) = (workload.spec.as_ref().unwrap_or(&none.0), workload.status.as_ref().unwrap_or(&none.1));
    let replicas = spec.replicas;
    let (desired, ready) = match kind {
        Kind::DaemonSet => (Some(count(status.desired_number_scheduled)), status.number_ready),
        Kind::Job => (None, status.ready),
        // The API server's default is 1.
        _ => (Some(replicas.map_or(1, |r| count(Some(r)))), status.ready_replicas),
    };
    // Jobs have no observedGeneration.
    let observed = kind == Kind::Job || status.observed_generation >= workload.metadata.generation;
    let conditions = match kind {
        Kind::Deployment => conditions(status.conditions.as_deref(), shared),
        _ => Vec::new(),
    };
    let template = spec.template.as_ref().and_then(|template| template.metadata.as_ref());
    let labels = workload.metadata.label_fact(shared);
    let pod_labels = template.map_or_else(fact::Labels::default, |metadata| metadata.labels.0.fact(shared));
    Ok(WorkloadFact {
        rollout: rollout(&kind, workload, shared),
        kind,
        key: workload.metadata.key(shared)?,
        uid: Text::from(workload.metadata.uid()?),
        created: stamp(workload.metadata.creation_timestamp),
        marked_by: shared.text(&workload.metadata.annotations.0.owner),
        original_replicas: workload.metadata.annotations.0.original_replicas,
        owner: workload.metadata.controller(shared),
        desired,
        ready: count(ready),
        observed,
        marks: workload.metadata.marks(),
        // A ReplicaSet's are those of its pods: kept once.
        pod_labels: if pod_labels == labels { labels.clone() } else { pod_labels },
        labels,
        conditions,
    })
}

fn rollout(kind: &Kind, workload: &SlimWorkload<'_>, shared: &mut Shared) -> Option<Box<Rollout>> {
    let none = (Spec::default(), Status::default());
    let (spec, status) = (workload.spec.as_ref().unwrap_or(&none.0), workload.status.as_ref().unwrap_or(&none.1));
    let numbered = shared.text(&workload.metadata.annotations.0.revision);
    let named = |name: &Option<Str<'_>>| Text::from(name.as_deref().unwrap_or(""));
    Some(Box::new(match kind {
        Kind::Deployment => Rollout {
            revision: numbered,
            previous: Text::default(),
            updated: count(status.updated_replicas),
            held_back: spec.paused == Some(true),
        },
        Kind::ReplicaSet => {
            Rollout { revision: numbered, previous: Text::default(), updated: count(status.replicas), held_back: false }
        }
        Kind::StatefulSet => Rollout {
            revision: named(&status.update_revision),
            previous: named(&status.current_revision),
            updated: count(status.updated_replicas),
            held_back: spec.update_strategy.as_ref().is_some_and(is_held_back),
        },
        _ => return None,
    }))
}

fn is_held_back(strategy: &UpdateStrategy<'_>) -> bool {
    let partition = strategy.rolling_update.as_ref().and_then(|rolling| rolling.partition);
    strategy.kind.as_deref() == Some("OnDelete") || partition.is_some_and(|partition| partition > 0)
}
