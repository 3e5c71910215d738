//! What was done to a controller of pods.

use super::DeedKind;
use crate::check::json::{annotation, text};
use self_healing_api::marks;
use serde_json::Value;

/// The marks of ours in the metadata of a workload.
const OWN: [&str; 6] = [
    marks::OWNER,
    marks::ORIGINAL_REPLICAS,
    marks::SCALED_REPLICAS,
    marks::ROLLED_BACK_BY,
    marks::ROLLED_BACK_FROM,
    marks::ROLLED_BACK_TO,
];

/// Whether it is a controller of pods that a strategy can change.
pub(crate) fn is_workload(resource: &str) -> bool {
    matches!(resource, "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps")
}

/// What made `after` of `before`, and for which Recovery; `None` for what no strategy does.
pub(super) fn done(before: &Value, after: &Value) -> Option<(DeedKind, String)> {
    let mark = |object: &Value, key| annotation(object, key).unwrap_or_default().to_owned();
    let (was, is) = (mark(before, marks::OWNER), mark(after, marks::OWNER));
    let rolled = ["by", "from", "to"].map(|end| format!("self-healing.dev/rolled-back-{end}"));
    if restarts(before) != restarts(after) {
        return Some((DeedKind::Restart, restarts(after).1));
    }
    if rolled.iter().any(|key| mark(before, key) != mark(after, key)) {
        return Some((DeedKind::RollBack, mark(after, marks::ROLLED_BACK_BY)));
    }
    match (was.is_empty(), is.is_empty()) {
        (_, false) if was != is => Some((DeedKind::Scale, is)),
        (false, true) => Some((DeedKind::Unscale, was)),
        _ => None,
    }
}

/// What a patch asks for, and for which Recovery.
pub(super) fn asked(body: &Value) -> (DeedKind, &str) {
    let restart = "/spec/template/metadata/annotations/self-healing.dev~1restarted-by";
    if !text(body, restart).is_empty() {
        return (DeedKind::Restart, text(body, restart));
    }
    match (annotation(body, marks::ROLLED_BACK_BY), annotation(body, marks::OWNER)) {
        (Some(record), _) => (DeedKind::RollBack, record),
        (None, Some(record)) => (DeedKind::Scale, record),
        (None, None) => (DeedKind::Unscale, ""),
    }
}

/// When its pods were restarted last, and by which Recovery.
fn restarts(object: &Value) -> (String, String) {
    let annotations = "/spec/template/metadata/annotations";
    let at = text(object, &format!("{annotations}/kubectl.kubernetes.io~1restartedAt"));
    (at.to_owned(), text(object, &format!("{annotations}/self-healing.dev~1restarted-by")).to_owned())
}

/// Everything of a workload that a deed of this kind must leave as it is.
pub(crate) fn foreign_of(kind: DeedKind, object: &Value) -> Value {
    let mut left = object.clone();
    let drop = |from: Option<&mut Value>, keys: &[&str]| {
        if let Some(from) = from.and_then(Value::as_object_mut) {
            keys.iter().for_each(|key| std::mem::drop(from.remove(*key)));
        }
    };
    drop(Some(&mut left["metadata"]), &["resourceVersion", "generation", "managedFields"]);
    let (replicas, template) = match kind {
        DeedKind::Restart => {
            drop(left.pointer_mut("/spec/template/metadata/annotations"), &[marks::RESTARTED_AT, marks::RESTARTED_BY]);
            (false, false)
        }
        DeedKind::Scale | DeedKind::Unscale => (true, false),
        DeedKind::RollBack => (false, true),
        _ => (false, false),
    };
    if kind != DeedKind::Restart {
        drop(left.pointer_mut("/metadata/annotations"), &OWN);
    }
    drop(left.get_mut("spec").filter(|_| replicas), &["replicas"]);
    drop(left.get_mut("spec").filter(|_| template), &["template"]);
    // An empty map is none.
    for map in ["/spec/template/metadata", "/metadata"] {
        let empty = |at: &Value| at["annotations"].as_object().is_some_and(serde_json::Map::is_empty);
        let at = left.pointer_mut(map).filter(|at| empty(at));
        drop(at, &["annotations"]);
    }
    left
}
