//! S14: what others set on a node, a controller of pods or a Service is after our write as it was before.

use crate::check::deed::{Deed, DeedKind, Named, foreign_of, is_out_of_service, is_workload};
use crate::check::json::{annotation, is_cordoned, label, list};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use self_healing_api::marks;
use serde_json::Value;
use std::collections::BTreeMap;

/// Annotations of ours.
const OURS: [&str; 6] = [
    marks::OWNER,
    marks::ORIGINAL_UNSCHEDULABLE,
    marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS,
    marks::ORIGINAL_SELECTOR,
    marks::SWITCHED_SELECTOR,
    marks::FENCED,
];

#[derive(Default)]
pub(crate) struct Foreign;

impl Rule for Foreign {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let (Some(before), Some(after)) = (act.commit.old.as_deref(), act.commit.new.as_deref()) else { return };
        if !act.ours {
            return;
        }
        let changed = match &*act.commit.key.resource {
            "nodes" => changed(before, after),
            "services" => changed_service(before, after),
            resource if is_workload(resource) => changed_of_workload(act, before, after),
            _ => return,
        };
        found.judge(changed.is_none(), || {
            format!(
                "commit {} of {} on {} changed {}",
                act.commit.version,
                act.commit.origin.instance,
                Named(&act.commit.key),
                changed.unwrap_or_default()
            )
        });
    }
}

/// Whether a write to a controller of pods changed more than its kind of deed does.
fn changed_of_workload(act: &Act<'_>, before: &Value, after: &Value) -> Option<&'static str> {
    let more = |deed: &Deed| foreign_of(deed.kind, before) != foreign_of(deed.kind, after);
    let scaled = |deed: &Deed| {
        let replicas = |object: &Value| object["spec"]["replicas"].as_i64().unwrap_or(1);
        let number = |object, mark| annotation(object, mark).and_then(|number| number.parse::<i64>().ok());
        let (was, is) = (replicas(before), replicas(after));
        match deed.kind {
            DeedKind::Scale => {
                let told = (number(after, marks::ORIGINAL_REPLICAS), number(after, marks::SCALED_REPLICAS));
                is <= was || told != (Some(was), Some(is))
            }
            // What somebody else made of the number stays.
            DeedKind::Unscale => {
                let kept = (number(before, marks::ORIGINAL_REPLICAS), number(before, marks::SCALED_REPLICAS));
                is != was && kept != (Some(is), Some(was))
            }
            _ => false,
        }
    };
    if act.deeds.iter().any(more) {
        return Some("more than its strategy changes");
    }
    act.deeds.iter().any(scaled).then_some("a number of pods that is not ours")
}

/// What of others is not as it was.
fn changed(before: &Value, after: &Value) -> Option<&'static str> {
    let cordon = (is_cordoned(before), is_cordoned(after));
    let owned = |node| annotation(node, marks::OWNER).is_some();
    match cordon {
        (true, false) if !owned(before) => return Some("a cordon that is not ours"),
        (true, true) if owned(after) && !owned(before) => return Some("a cordon of somebody else into ours"),
        _ => {}
    }
    if foreign_labels(before) != foreign_labels(after) {
        return Some("labels");
    }
    if let Some(wrong) = changed_exclusion(before, after) {
        return Some(wrong);
    }
    if foreign_annotations(before) != foreign_annotations(after) {
        return Some("annotations");
    }
    let fenced = |node| annotation(node, marks::FENCED).is_some();
    if is_out_of_service(before) && !fenced(before) && (!is_out_of_service(after) || fenced(after)) {
        return Some("an out-of-service taint that is not ours");
    }
    if !foreign_taints(before).eq(foreign_taints(after)) {
        return Some("taints");
    }
    let rest = |node: &Value| {
        let mut spec = node["spec"].clone();
        if let Some(spec) = spec.as_object_mut() {
            spec.remove("taints");
            spec.remove("unschedulable");
        }
        (spec, node["status"].clone())
    };
    (rest(before) != rest(after)).then_some("spec or status")
}

/// The label by which load balancers leave a node out is ours to set where there was none, and to take back while it is the one that we
/// set; it comes and goes with our cordon.
fn changed_exclusion(before: &Value, after: &Value) -> Option<&'static str> {
    let ours = |node| annotation(node, marks::ORIGINAL_EXCLUDE_FROM_LOAD_BALANCERS).is_some();
    let owned = |node| annotation(node, marks::OWNER).is_some();
    let [was, is] = [before, after].map(|node| label(node, marks::EXCLUDE_FROM_LOAD_BALANCERS));
    match (ours(before), ours(after)) {
        (false, true) if was.is_none() && is.is_some() && owned(after) => None,
        (true, false) if is == was.filter(|value| *value != "true") && !owned(after) => None,
        (true, false) | (false, true) => Some("who is left out by load balancers, and it is not ours"),
        (true, true) if !owned(after) => Some("its cordon alone, and left what came with it"),
        (true, true) | (false, false) => (was != is).then_some("a label that is not ours"),
    }
}

/// A selector is ours to set once, and to give back while it is the one that we set.
fn changed_service(before: &Value, after: &Value) -> Option<&'static str> {
    let stored = |key| annotation(before, key).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (was, is) = (&before["spec"]["selector"], &after["spec"]["selector"]);
    if annotation(before, marks::OWNER).is_some() && was != is {
        if stored(marks::SWITCHED_SELECTOR).as_ref() != Some(was) {
            return Some("a selector that somebody else had set");
        }
        if stored(marks::ORIGINAL_SELECTOR).as_ref() != Some(is) {
            return Some("the selector to another than it had been");
        }
    }
    if before["metadata"]["labels"] != after["metadata"]["labels"] {
        return Some("labels");
    }
    if foreign_annotations(before) != foreign_annotations(after) {
        return Some("annotations");
    }
    let rest = |service: &Value| {
        let mut spec = service["spec"].clone();
        if let Some(spec) = spec.as_object_mut() {
            spec.remove("selector");
        }
        (spec, service["status"].clone())
    };
    (rest(before) != rest(after)).then_some("spec or status")
}

fn foreign_labels(node: &Value) -> BTreeMap<&String, &Value> {
    let all = node["metadata"]["labels"].as_object().into_iter().flatten();
    all.filter(|(key, _)| *key != marks::EXCLUDE_FROM_LOAD_BALANCERS).collect()
}

fn foreign_annotations(node: &Value) -> BTreeMap<&String, &Value> {
    let all = node["metadata"]["annotations"].as_object().into_iter().flatten();
    all.filter(|(key, _)| !OURS.contains(&key.as_str())).collect()
}

fn foreign_taints(node: &Value) -> impl Iterator<Item = &Value> {
    list(node, "/spec/taints")
        .iter()
        .filter(|taint| taint["key"] != marks::SUSPECT && taint["key"] != marks::OUT_OF_SERVICE)
}
