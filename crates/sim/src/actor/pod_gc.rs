//! The pod garbage collector: pods of nodes that are no more, and of those that are declared out of service.

use super::desk::{Actor, Desk};
use super::object::{Index, conditions, going, holds, set_condition, text, uid};
use super::taint::taints;
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use serde_json::{Value, json};
use std::time::Duration;

/// How often it looks, and how long a node must be missing.
const PERIOD: Duration = Duration::from_secs(20);
const QUARANTINE: Duration = Duration::from_secs(40);
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// The pod garbage collector; a task is the name of a node.
#[derive(Default)]
pub(super) struct PodGc {
    /// Pods by node.
    pods: Index,
}

impl Actor for PodGc {
    type Task = String;
    const WATCHES: &'static [&'static str] = &["nodes", "pods"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<String>) {
        if &*key.resource == "nodes" {
            match new {
                Some(node) if is_out_of_service(node) => desk.put_in(PERIOD, key.name.to_string()),
                Some(_) => {}
                None => desk.put_in(QUARANTINE, key.name.to_string()),
            }
            return;
        }
        let node = |pod: &'_ Value| Some(text(pod, "/spec/nodeName").to_owned()).filter(|node| !node.is_empty());
        let [was, is] = [old.and_then(node), new.and_then(node)];
        self.pods.note(key, was.as_deref(), is.as_deref());
        if let Some(name) = is {
            match desk.hand.get("nodes", "", &name) {
                Ok(node) if is_out_of_service(&node) && new.is_some_and(going) => desk.put_in(PERIOD, name),
                Ok(_) => {}
                Err(_) => desk.put_in(QUARANTINE, name),
            }
        }
    }

    fn work(&mut self, name: &String, desk: &mut Desk<String>) -> Result<(), Failure> {
        let node = desk.hand.get("nodes", "", name).ok();
        let (only_going, words) = match node {
            None => (false, "PodGC: node no longer exists"),
            Some(node) if is_out_of_service(&node) => (true, "PodGC: node is out-of-service and not ready"),
            Some(_) => return Ok(()),
        };
        for key in self.pods.of(name) {
            let pod = desk.hand.get("pods", &key.namespace, &key.name)?;
            if going(&pod) || !only_going {
                end(&desk.hand, key, &pod, words)?;
            }
        }
        Ok(())
    }
}

fn is_out_of_service(node: &Value) -> bool {
    !holds(node, "Ready") && taints(node).iter().any(|taint| taint["key"] == OUT_OF_SERVICE)
}

/// The pod has failed, and is gone.
fn end(hand: &Hand, key: &Key, pod: &Value, words: &str) -> Result<(), Failure> {
    if !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
        let mut told = conditions(pod);
        let new =
            json!({ "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": words });
        set_condition(&mut told, new, hand.now());
        let patch = json!({ "status": { "phase": "Failed", "conditions": told } });
        hand.patch_status("pods", &key.namespace, &key.name, &patch)?;
    }
    let (grace_period_seconds, uid) = (Some(0), Some(uid(pod).to_owned()));
    let options = DeleteOptions { grace_period_seconds, uid, ..DeleteOptions::default() };
    hand.delete("pods", &key.namespace, &key.name, &options).map(drop)
}
