//! Taint eviction: pods leave a node with a NoExecute taint when their toleration ends.

use super::desk::{Actor, Desk, later};
use super::object::{Index, conditions, going, list, number, set_condition, text, uid};
use super::taint::{taints, tolerates};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The taint eviction controller; a task is a pod to look at.
#[derive(Default)]
pub(super) struct Eviction {
    /// NoExecute taints by node, of nodes that have some.
    tainted: BTreeMap<String, Vec<Value>>,
    /// Pods by node.
    pods: Index,
    /// Until when a pod, by its uid, may stay.
    due: BTreeMap<String, Timestamp>,
}

impl Actor for Eviction {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &["nodes", "pods"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        if &*key.resource == "pods" {
            let node = |pod: &Value| text(pod, "/spec/nodeName").to_owned();
            let [was, is] = [old.map(node), new.map(node)];
            self.pods.note(key, was.as_deref(), is.as_deref());
            if let (Some(old), None) = (old, new) {
                self.due.remove(uid(old));
            } else if is.is_some_and(|node| self.tainted.contains_key(&node)) {
                desk.put(key.clone());
            }
            return;
        }
        let evicting = |node| taints(node).iter().filter(|taint| taint["effect"] == "NoExecute").cloned().collect();
        let evicting: Vec<Value> = new.map(evicting).unwrap_or_default();
        if self.tainted.get(&*key.name).map_or(&[][..], Vec::as_slice) != evicting {
            self.pods.of(&key.name).for_each(|pod| desk.put(pod.clone()));
        }
        match evicting.is_empty() {
            true => drop(self.tainted.remove(&*key.name)),
            false => drop(self.tainted.insert(key.name.to_string(), evicting)),
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let pod = desk.hand.get("pods", &key.namespace, &key.name)?;
        let Some(taints) = self.tainted.get(text(&pod, "/spec/nodeName")) else {
            self.due.remove(uid(&pod));
            return Ok(());
        };
        let now = desk.hand.now();
        let Some(stay) = stay(&pod, taints).filter(|_| !going(&pod)) else { return Ok(()) };
        let due = *self.due.entry(uid(&pod).to_owned()).or_insert(later(now, stay));
        if due > now && !stay.is_zero() {
            desk.put_at(due, key.clone());
            return Ok(());
        }
        let mut told = conditions(&pod);
        let new = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        });
        set_condition(&mut told, new, now);
        let patch = json!({ "status": { "conditions": told } });
        desk.hand.patch_status("pods", &key.namespace, &key.name, &patch)?;
        desk.hand.delete("pods", &key.namespace, &key.name, &DeleteOptions::default()).map(drop)
    }
}

/// How long the pod tolerates the taints; `None` is for ever.
fn stay(pod: &Value, taints: &[Value]) -> Option<Duration> {
    let tolerations = list(pod, "/spec/tolerations");
    let mut least: Option<Duration> = None;
    for taint in taints {
        let Some(toleration) = tolerations.iter().find(|one| tolerates(one, taint)) else {
            return Some(Duration::ZERO);
        };
        if let Some(seconds) = number(toleration, "/tolerationSeconds") {
            let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            least = Some(least.map_or(seconds, |least| least.min(seconds)));
        }
    }
    least
}
