//! Marks of ours, found on the objects that carry them, each with the verb that undoes it.

use crate::act::call::Calls;
use crate::act::look::{self, annotation};
use crate::objects::needs::list;
use self_healing_api::marks;
use self_healing_core::effect::{Outcome, Verb};
use self_healing_core::key::{Key, Kind, Target, Text};
use serde_json::Value;

/// One mark.
pub(super) struct Mark {
    /// `node/worker-1`, `service/web in shop`.
    pub(super) object: String,
    /// The Recovery that set it.
    pub(super) recovery: String,
    pub(super) what: String,
    /// What undoes it; without it, the mark only tells of what was done.
    pub(super) undo: Option<Verb>,
}

/// The marks of one object.
type Of = fn(&Value, &Target) -> Vec<Mark>;

/// Where marks are looked for, and what is one there.
const PLACES: [(&str, Kind, Of); 6] = [
    ("/api/v1/nodes", Kind::Node, of_node),
    ("/api/v1/services", Kind::Service, of_service),
    ("/apis/apps/v1/deployments", Kind::Deployment, of_workload),
    ("/apis/apps/v1/replicasets", Kind::ReplicaSet, of_replica_set),
    ("/apis/apps/v1/statefulsets", Kind::StatefulSet, of_workload),
    ("/apis/apps/v1/daemonsets", Kind::DaemonSet, of_workload),
];

/// All of them, nodes first.
pub(super) async fn all(calls: &Calls) -> Result<Vec<Mark>, Outcome> {
    let mut found = Vec::new();
    for (path, kind, of) in PLACES {
        for object in look::all(calls, path, "").await? {
            found.extend(of(&object, &target(kind.clone(), &object)));
        }
    }
    Ok(found)
}

fn target(kind: Kind, object: &Value) -> Target {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    Target { kind, key: Key::new(text("namespace"), text("name")), uid: Text::from(text("uid")) }
}

fn mark(target: &Target, recovery: &str, what: impl Into<String>, undo: Option<Verb>) -> Mark {
    let place = if target.key.namespace.is_empty() { String::new() } else { format!(" in {}", target.key.namespace) };
    let object = format!("{}/{}{place}", target.kind.as_str().to_lowercase(), target.key.name);
    Mark { object, recovery: recovery.to_owned(), what: what.into(), undo }
}

fn of_node(node: &Value, target: &Target) -> Vec<Mark> {
    let mut found = Vec::new();
    if let Some(owner) = annotation(node, marks::OWNER) {
        found.push(mark(target, owner, "cordoned", Some(Verb::Uncordon(target.clone()))));
    }
    if let Some(owner) = annotation(node, marks::FENCED) {
        let undo = Verb::UntaintOutOfService(target.clone());
        found.push(mark(target, owner, format!("taint {}", marks::OUT_OF_SERVICE), Some(undo)));
    }
    for taint in list(&node["spec"]["taints"]).filter(|taint| taint["key"] == marks::SUSPECT) {
        let undo = Verb::UntaintSuspect { node: target.key.name.clone() };
        let owner = taint["value"].as_str().unwrap_or_default();
        found.push(mark(target, owner, format!("taint {}", marks::SUSPECT), Some(undo)));
    }
    found
}

fn of_service(service: &Value, target: &Target) -> Vec<Mark> {
    let owner = annotation(service, marks::OWNER);
    let switched = |owner| mark(target, owner, "switched to its standby", Some(Verb::SwitchBack(target.clone())));
    owner.map(switched).into_iter().collect()
}

fn of_workload(workload: &Value, target: &Target) -> Vec<Mark> {
    let mut found = Vec::new();
    if let Some(owner) = annotation(workload, marks::OWNER) {
        let count = |key| annotation(workload, key).unwrap_or("?");
        let what = format!("scaled from {} to {}", count(marks::ORIGINAL_REPLICAS), count(marks::SCALED_REPLICAS));
        found.push(mark(target, owner, what, Some(Verb::ScaleBack(target.clone()))));
    }
    if let Some(by) = annotation(workload, marks::ROLLED_BACK_BY) {
        found.push(mark(target, by, "rolled back", None));
    }
    if let Some(by) = workload["spec"]["template"]["metadata"]["annotations"][marks::RESTARTED_BY].as_str() {
        found.push(mark(target, by, "restarted", None));
    }
    found
}

/// Those of a Deployment have its marks as copies, which go with them; one that stands alone has its own.
fn of_replica_set(set: &Value, target: &Target) -> Vec<Mark> {
    let copies = list(&set["metadata"]["ownerReferences"]).any(|owner| owner["controller"] == true);
    if copies { Vec::new() } else { of_workload(set, target) }
}
