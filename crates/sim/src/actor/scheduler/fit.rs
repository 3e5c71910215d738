//! Whether a pod may and can run on a node.

use crate::actor::object::{controller_uid, list};
use crate::actor::selector::{fits, has_all};
use crate::actor::taint::{taints, tolerates, untolerated};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a pod asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Need {
    /// Thousandths of a CPU.
    cpu: i64,
    /// Bytes.
    memory: i64,
    owner: String,
}

impl Need {
    pub(super) fn of(pod: &Value) -> Self {
        let asked = |resource: &str| {
            let containers = list(pod, "/spec/containers").iter();
            containers.map(|one| milli(&one["resources"]["requests"][resource])).sum::<i64>()
        };
        let owner = controller_uid(pod).unwrap_or_default().to_owned();
        Self { cpu: asked("cpu"), memory: asked("memory") / 1000, owner }
    }
}

/// What the pods of a node take.
#[derive(Default)]
pub(super) struct Used {
    cpu: i64,
    memory: i64,
    pub(super) pods: i64,
    /// Pods by owner.
    pub(super) owners: BTreeMap<String, i64>,
}

impl Used {
    /// Adds a pod, or with -1 takes one away.
    pub(super) fn add(&mut self, need: &Need, times: i64) {
        self.cpu += need.cpu * times;
        self.memory += need.memory * times;
        self.pods += times;
        let of_owner = self.owners.entry(need.owner.clone()).or_default();
        *of_owner += times;
        if *of_owner == 0 {
            self.owners.remove(&need.owner);
        }
    }
}

/// What counts of a node.
#[derive(Debug, PartialEq)]
pub(super) struct NodeView {
    labels: Value,
    taints: Vec<Value>,
    unschedulable: bool,
    cpu: i64,
    memory: i64,
    pods: i64,
}

impl NodeView {
    pub(super) fn of(node: &Value) -> Self {
        let free = &node["status"]["allocatable"];
        Self {
            labels: node["metadata"]["labels"].clone(),
            taints: taints(node).to_vec(),
            unschedulable: node["spec"]["unschedulable"] == true,
            cpu: milli(&free["cpu"]),
            memory: milli(&free["memory"]) / 1000,
            pods: milli(&free["pods"]) / 1000,
        }
    }

    /// Taints that a pod should rather not meet.
    pub(super) fn soft_taints(&self, pod: &Value) -> usize {
        let tolerations = list(pod, "/spec/tolerations");
        let bad = |taint: &&Value| {
            taint["effect"] == "PreferNoSchedule" && !tolerations.iter().any(|one| tolerates(one, taint))
        };
        self.taints.iter().filter(bad).count()
    }
}

/// Why the pod cannot go there, in the scheduler's words; empty when it can.
pub(super) fn refusals(pod: &Value, need: &Need, name: &str, node: &NodeView, used: &Used) -> Vec<String> {
    let tolerations = list(pod, "/spec/tolerations");
    let cordon = json!({ "key": crate::actor::taint::UNSCHEDULABLE, "effect": "NoSchedule" });
    if node.unschedulable && !tolerations.iter().any(|one| tolerates(one, &cordon)) {
        return vec!["node(s) were unschedulable".to_owned()];
    }
    let taint = ["NoSchedule", "NoExecute"].iter().find_map(|effect| untolerated(tolerations, &node.taints, effect));
    if let Some(taint) = taint {
        let [key, value] = ["key", "value"].map(|field| taint[field].as_str().unwrap_or_default());
        return vec![format!("node(s) had untolerated taint {{{key}: {value}}}")];
    }
    if !selected(pod, name, node) {
        return vec!["node(s) didn't match Pod's node affinity/selector".to_owned()];
    }
    let short = [
        ("Too many pods", used.pods + 1 > node.pods),
        ("Insufficient cpu", need.cpu > 0 && used.cpu + need.cpu > node.cpu),
        ("Insufficient memory", need.memory > 0 && used.memory + need.memory > node.memory),
    ];
    short.into_iter().filter(|(_, short)| *short).map(|(why, _)| why.to_owned()).collect()
}

/// Whether nodeSelector and the required node affinity choose the node.
fn selected(pod: &Value, name: &str, node: &NodeView) -> bool {
    let required = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    let names = json!({ "metadata.name": name });
    let term = |term: &Value| {
        list(term, "/matchExpressions").iter().all(|one| fits(one, &node.labels))
            && list(term, "/matchFields").iter().all(|one| fits(one, &names))
    };
    has_all(&pod["spec"]["nodeSelector"], &node.labels)
        && pod.pointer(required).is_none_or(|required| list(required, "/nodeSelectorTerms").iter().any(term))
}

/// A quantity like `250m`, `2` or `1.5Gi`, in thousandths; 0 for what is none.
fn milli(quantity: &Value) -> i64 {
    let text = match quantity {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return 0,
    };
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => 1.0,
    };
    let value = number.parse::<f64>().unwrap_or(0.0) * factor * 1000.0;
    // Quantities are far from the edge of 64 bits.
    #[allow(clippy::cast_possible_truncation)]
    let value = value.round() as i64;
    value
}
