//! ReplicaSets: so many pods of one template.

use super::pods::{active, count, from_template, wanted};
use crate::actor::desk::Desk;
use crate::actor::object::{condition, going, holds, list, name, number, text, time, write_status};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Creates missing pods, deletes what is too many, and counts.
pub(super) fn sync(desk: &mut Desk<Key>, key: &Key, set: &Value, pods: &[Arc<Value>]) -> Result<(), Failure> {
    let live: Vec<&Arc<Value>> = pods.iter().filter(|pod| active(pod)).collect();
    let counts = count(set, live.iter().copied(), desk.hand.now());
    let labels = set.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null);
    let labelled =
        live.iter().filter(|pod| crate::actor::selector::has_all(labels, &pod["metadata"]["labels"])).count();
    let status = json!({
        "replicas": counts.replicas, "fullyLabeledReplicas": labelled, "readyReplicas": counts.ready,
        "availableReplicas": counts.available, "observedGeneration": set["metadata"]["generation"],
        "terminatingReplicas": pods.iter().filter(|pod| going(pod)).count(),
    });
    write_status(&desk.hand, key, set, status, &["replicas", "terminatingReplicas"])?;
    if let Some(next) = counts.next {
        desk.put_at(next, key.clone());
    }
    if going(set) {
        return Ok(());
    }
    let missing = wanted(set) - counts.replicas;
    let pod = from_template(set, &set["spec"]["template"]);
    for _ in 0..missing {
        desk.hand.create("pods", &key.namespace, &pod)?;
    }
    for pod in first_to_go(&live).into_iter().take(usize::try_from(-missing).unwrap_or(0)) {
        desk.hand.delete("pods", &key.namespace, name(pod), &DeleteOptions::default())?;
    }
    Ok(())
}

/// The pods in the order in which a smaller set does without them: those first that nobody would miss.
fn first_to_go<'a>(live: &[&'a Arc<Value>]) -> Vec<&'a Value> {
    let mut neighbours: BTreeMap<&str, i64> = BTreeMap::new();
    for pod in live {
        *neighbours.entry(text(pod, "/spec/nodeName")).or_default() += 1;
    }
    let mut pods: Vec<&Value> = live.iter().map(|pod| &***pod).collect();
    pods.sort_by_key(|pod| {
        let node = text(pod, "/spec/nodeName");
        let phase = ["Pending", "Unknown", "Running"].iter().position(|phase| text(pod, "/status/phase") == *phase);
        let cost = text(pod, "/metadata/annotations/controller.kubernetes.io~1pod-deletion-cost").parse::<i64>();
        let restarts = list(pod, "/status/containerStatuses").iter();
        let restarts = restarts.filter_map(|one| number(one, "/restartCount")).max().unwrap_or(0);
        let since = condition(pod, "Ready").and_then(|ready| time(ready, "/lastTransitionTime"));
        let same_node = neighbours.get(node).copied().unwrap_or(0);
        let young = (Reverse(since), Reverse(restarts), Reverse(time(pod, "/metadata/creationTimestamp")));
        (!node.is_empty(), phase, holds(pod, "Ready"), cost.unwrap_or(0), Reverse(same_node), young)
    });
    pods
}
