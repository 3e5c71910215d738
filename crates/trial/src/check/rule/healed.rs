//! L1: at the end of a run, what is still broken is in somebody's hands: a Recovery works on it, or says why it does not, or a
//! person has it.

use crate::check::deed::Named;
use crate::check::json::{condition, controller, is_controlled_by, is_terminating, list, text, time, uid};
use crate::check::record::Record;
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use self_healing_sim::store::Key;
use serde_json::Value;

/// What containers wait for that does not come by itself.
const STUCK: &[&str] = &[
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
/// From the moment that a failure is one until its record is there.
const SLACK: SignedDuration = SignedDuration::from_secs(120);

#[derive(Default)]
pub(crate) struct Healed;

impl Rule for Healed {
    fn end(&mut self, scene: Scene<'_>, found: &mut Found) {
        let config = scene.book.configs.current();
        let span = |time| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let watched =
            |key: &Key| config.watch_namespaces.is_empty() || config.watch_namespaces.contains(&*key.namespace);
        let late = scene.now - (span(config.pod_check_interval * 10).saturating_add(SLACK));
        for (key, pod) in scene.store.list("pods", "").filter(|(key, _)| watched(key)) {
            let Some(since) = broken_since(pod).filter(|since| *since < late) else { continue };
            // What is wrong with it is its node, which is judged below.
            if scene.node(text(pod, "/spec/nodeName")).is_some_and(|node| condition(node, "Ready") != "True") {
                continue;
            }
            found.judge(is_in_hand(&scene, pod), || {
                format!("{} has been broken since {since:.0}, and no Recovery has it", Named(key))
            });
        }
        let threshold = config.node_check_interval * config.node_failure_threshold;
        let late = scene.now - (span(threshold).saturating_add(SLACK));
        for name in scene.book.fleet.sick(late, scene.now, span(config.node_startup_grace)) {
            let known = scene.node(name).is_some_and(|node| scene.book.records.of_uid(uid(node)).next().is_some());
            found
                .judge(known, || format!("node {name} has been sick since before {late:.0}, and no Recovery names it"));
        }
    }
}

/// Since when the pod has been broken in a way that has a detector in this version.
fn broken_since(pod: &Value) -> Option<Timestamp> {
    let created = time(pod, "/metadata/creationTimestamp");
    match text(pod, "/status/phase") {
        _ if is_terminating(pod) => None,
        "Failed" => created.filter(|_| !is_controlled_by(pod, "batch", "Job")),
        "Running" if condition(pod, "Ready") != "True" => {
            let ready = list(pod, "/status/conditions").iter().find(|found| found["type"] == "Ready");
            ready.and_then(|found| time(found, "/lastTransitionTime")).or(created)
        }
        "Pending" => {
            let mut waits = list(pod, "/status/containerStatuses").iter().map(|one| text(one, "/state/waiting/reason"));
            created.filter(|_| waits.any(|reason| STUCK.contains(&reason)))
        }
        _ => None,
    }
}

fn is_in_hand(scene: &Scene<'_>, pod: &Value) -> bool {
    let records = &scene.book.records;
    let node = scene.node(text(pod, "/spec/nodeName"));
    let of_node = node.map(uid).into_iter().flat_map(|uid| records.of_uid(uid));
    let itself = records.of_uid(uid(pod)).chain(of_node).any(|kept| !kept.record.is_over() || gave_up(&kept.record));
    // The names of a Deployment's ReplicaSets begin with its own.
    let owner = controller(pod).map_or(text(pod, "/metadata/name"), |owner| text(owner, "/name"));
    let namespace = text(pod, "/metadata/namespace");
    let is_of_workload = |record: &Record| {
        let workload = &record.workload;
        workload.namespace == namespace
            && owner.strip_prefix(workload.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    // What has a cause in common with another is listed there.
    let listed = format!("Pod {namespace}/{}: ", text(pod, "/metadata/name"));
    let attributed = |record: &Record| record.impact.iter().any(|line| line.starts_with(&listed));
    let mut others = scene.book.records.iter().filter(|kept| is_of_workload(&kept.record) || attributed(&kept.record));
    itself || others.any(|kept| !kept.record.is_over() || gave_up(&kept.record))
}

/// Whether it ended in a person's hands.
fn gave_up(record: &Record) -> bool {
    matches!(record.phase.as_str(), "Escalated" | "Failed" | "Cancelled")
}
