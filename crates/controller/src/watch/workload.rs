//! Controllers of pods: Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs, each with its own task.

use super::Scope;
use super::facts::Facts;
use super::request::Source;
use crate::objects::workload::{SlimWorkload, fact};
use self_healing_core::event::Event;
use self_healing_core::key::Kind;
use self_healing_core::names::WatchKind;

const APPS: &str = "/apis/apps/v1";
const BATCH: &str = "/apis/batch/v1";

pub(super) fn watched(scope: &Scope) -> [(Source, Facts); 5] {
    [
        (APPS, WatchKind::Deployment, Kind::Deployment),
        (APPS, WatchKind::ReplicaSet, Kind::ReplicaSet),
        (APPS, WatchKind::StatefulSet, Kind::StatefulSet),
        (APPS, WatchKind::DaemonSet, Kind::DaemonSet),
        (BATCH, WatchKind::Job, Kind::Job),
    ]
    .map(|(group, watched, kind)| {
        let source = Source::new(group, watched.as_str(), &scope.namespaces);
        let gone_kind = kind.clone();
        let read = move |json: &[u8], shared: &mut _| {
            let workload: SlimWorkload<'_> = serde_json::from_slice(json)?;
            Ok((Event::Workload(fact(kind.clone(), &workload, shared)?), workload.metadata.version()))
        };
        let gone = move |key| Event::WorkloadGone(gone_kind.clone(), key);
        (source, Facts::new(watched, read, gone))
    })
}
