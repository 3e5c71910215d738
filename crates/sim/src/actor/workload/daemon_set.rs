//! DaemonSets: one pod on each node.

use super::pods::{active, count, ended, from_template};
use super::revision::{self, CONTROLLER_HASH};
use super::rollout::hash;
use crate::actor::desk::Desk;
use crate::actor::object::{going, list, name, number, share, text, uid, write_status};
use crate::actor::selector::{fits, has_all};
use crate::actor::taint::{NOT_READY, UNREACHABLE, taints, untolerated};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const AFFINITY: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// Makes and deletes pods so that each node that wants one has one, and counts.
pub(super) fn sync(desk: &mut Desk<Key>, key: &Key, set: &Value, children: &[Arc<Value>]) -> Result<(), Failure> {
    let (pods, revisions): (Vec<_>, Vec<_>) = children.iter().partition(|child| child["kind"] == "Pod");
    let revision = hash(&set["spec"]["template"]);
    let mut template = from_template(set, &set["spec"]["template"]);
    template["metadata"]["labels"][CONTROLLER_HASH] = revision.clone().into();
    tolerate(&mut template["spec"]);
    let mut by_node: BTreeMap<String, Vec<&Arc<Value>>> = BTreeMap::new();
    for pod in &pods {
        by_node.entry(node_of(pod)).or_default().push(pod);
    }
    let nodes = desk.hand.list("nodes", "");
    let wanted: Vec<&str> = nodes.iter().filter(|node| wants(node, &template, "NoSchedule")).map(|n| name(n)).collect();
    let mut there = Vec::new();
    let (mut misplaced, mut old) = (0, Vec::new());
    for node in &nodes {
        let here = by_node.remove(name(node)).unwrap_or_default();
        let live: Vec<&Arc<Value>> = here.iter().copied().filter(|pod| active(pod)).collect();
        if wanted.contains(&name(node)) {
            old.extend(live.iter().filter(|pod| pod["metadata"]["labels"][CONTROLLER_HASH] != *revision).copied());
            there.extend(live.first().copied());
            if here.is_empty() && !going(set) {
                desk.hand.create("pods", &key.namespace, &for_node(&template, name(node)))?;
            }
            for pod in here.iter().filter(|pod| ended(pod) && !going(pod)) {
                delete(desk, key, pod)?;
            }
        } else if !live.is_empty() {
            misplaced += 1;
            if !wants(node, &template, "NoExecute") && !going(set) {
                live.iter().try_for_each(|pod| delete(desk, key, pod))?;
            }
        }
    }
    let counts = count(set, there.iter().copied(), desk.hand.now());
    let desired = i64::try_from(wanted.len()).unwrap_or(0);
    let status = json!({
        "currentNumberScheduled": there.len(), "numberMisscheduled": misplaced, "desiredNumberScheduled": desired,
        "numberReady": counts.ready, "observedGeneration": set["metadata"]["generation"],
        "updatedNumberScheduled": there.len() - old.len().min(there.len()),
        "numberAvailable": counts.available, "numberUnavailable": desired - counts.available,
    });
    let shown = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"];
    write_status(&desk.hand, key, set, status, &shown)?;
    if let Some(next) = counts.next {
        desk.put_at(next, key.clone());
    }
    if going(set) {
        return Ok(());
    }
    revision::ensure(&desk.hand, key, set, &format!("{}-{revision}", key.name), &revisions)?;
    if text(set, "/spec/updateStrategy/type") != "OnDelete" {
        let limit = share(&set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"], desired, true, "1").max(1);
        update(desk, key, set, &old, limit - (desired - counts.available))?;
    }
    Ok(())
}

/// Deletes pods of old revisions: all that are not available, and of the others as many as can be done without.
fn update(desk: &Desk<Key>, key: &Key, set: &Value, old: &[&Arc<Value>], mut spare: i64) -> Result<(), Failure> {
    for pod in old {
        let available = count(set, [*pod], desk.hand.now()).available == 1;
        if !available || spare > 0 {
            delete(desk, key, pod)?;
            spare -= i64::from(available);
        }
    }
    Ok(())
}

fn delete(desk: &Desk<Key>, key: &Key, pod: &Value) -> Result<(), Failure> {
    let options = DeleteOptions { uid: Some(uid(pod).to_owned()), ..DeleteOptions::default() };
    desk.hand.delete("pods", &key.namespace, name(pod), &options).map(drop)
}

/// Whether a node takes the pod, as far as taints with this effect and stronger ones go.
fn wants(node: &Value, pod: &Value, effect: &str) -> bool {
    let tolerations = list(pod, "/spec/tolerations");
    let labels = &node["metadata"]["labels"];
    let tolerated = |effect| untolerated(tolerations, taints(node), effect).is_none();
    let terms = list(pod, AFFINITY);
    let chosen = |term: &Value| list(term, "/matchExpressions").iter().all(|one| fits(one, labels));
    tolerated("NoExecute")
        && (effect == "NoExecute" || tolerated(effect))
        && has_all(&pod["spec"]["nodeSelector"], labels)
        && (terms.is_empty() || terms.iter().any(chosen))
}

/// The node for which a pod was made, also before it is bound.
fn node_of(pod: &Value) -> String {
    let bound = text(pod, "/spec/nodeName");
    let meant = format!("{AFFINITY}/0/matchFields/0/values/0");
    if bound.is_empty() { text(pod, &meant).to_owned() } else { bound.to_owned() }
}

fn for_node(template: &Value, node: &str) -> Value {
    let mut pod = template.clone();
    let field = json!([{ "key": "metadata.name", "operator": "In", "values": [node] }]);
    let mut terms = list(template, AFFINITY).to_vec();
    terms.iter_mut().for_each(|term| term["matchFields"] = field.clone());
    if terms.is_empty() {
        terms.push(json!({ "matchFields": field }));
    }
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    pod["spec"]["affinity"]["nodeAffinity"][required] = json!({ "nodeSelectorTerms": terms });
    pod
}

/// A daemon stays on a node whatever becomes of it.
fn tolerate(spec: &mut Value) {
    let mut tolerations = list(spec, "/tolerations").to_vec();
    tolerations.retain(|one| number(one, "/tolerationSeconds").is_none());
    for key in [NOT_READY, UNREACHABLE] {
        tolerations.push(json!({ "key": key, "operator": "Exists", "effect": "NoExecute" }));
    }
    for problem in ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"] {
        let key = format!("node.kubernetes.io/{problem}");
        tolerations.push(json!({ "key": key, "operator": "Exists", "effect": "NoSchedule" }));
    }
    spec["tolerations"] = Value::Array(tolerations);
}
