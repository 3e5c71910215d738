//! Finds a node for each pod that has none.

mod fit;

use super::desk::{Actor, Desk};
use super::object::{conditions, controller_uid, going, list, set_condition, text};
use crate::failure::Failure;
use crate::store::Key;
use fit::{Need, NodeView, Used};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is free on which node, and who waits for room.
#[derive(Default)]
pub(super) struct Scheduler {
    nodes: BTreeMap<String, NodeView>,
    used: BTreeMap<String, Used>,
    bound: BTreeMap<Key, (String, Need)>,
    waiting: BTreeSet<Key>,
}

impl Actor for Scheduler {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &["nodes", "pods"];

    fn see(&mut self, key: &Key, _: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        let changed = if &*key.resource == "nodes" { self.see_node(key, new) } else { self.see_pod(key, new, desk) };
        if changed {
            self.waiting.iter().for_each(|pod| desk.put(pod.clone()));
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let pod = desk.hand.get("pods", &key.namespace, &key.name)?;
        if !self.waiting.contains(key) {
            return Ok(());
        }
        let need = Need::of(&pod);
        let why = match self.choose(&pod, &need) {
            Ok(node) => return desk.hand.bind(&key.namespace, &key.name, node),
            Err(why) => why,
        };
        let mut told = conditions(&pod);
        let new = json!({
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why,
            "observedGeneration": pod["metadata"]["generation"],
        });
        set_condition(&mut told, new, desk.hand.now());
        if told != list(&pod, "/status/conditions") {
            let patch = json!({ "status": { "conditions": told } });
            desk.hand.patch_status("pods", &key.namespace, &key.name, &patch)?;
        }
        Ok(())
    }
}

impl Scheduler {
    /// Whether there may be more room than before.
    fn see_node(&mut self, key: &Key, new: Option<&Value>) -> bool {
        let view = new.map(NodeView::of);
        let changed = self.nodes.get(&*key.name) != view.as_ref();
        match view {
            Some(view) => drop(self.nodes.insert(key.name.to_string(), view)),
            None => drop(self.nodes.remove(&*key.name)),
        }
        changed
    }

    /// Whether there is more room than before.
    fn see_pod(&mut self, key: &Key, new: Option<&Value>, desk: &mut Desk<Key>) -> bool {
        let live = new.filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"));
        let node = live.map_or("", |pod| text(pod, "/spec/nodeName"));
        if live.is_some_and(|pod| node.is_empty() && !going(pod)) {
            if self.waiting.insert(key.clone()) {
                desk.put(key.clone());
            }
            return false;
        }
        self.waiting.remove(key);
        match (self.bound.contains_key(key), live) {
            (false, Some(pod)) if !node.is_empty() => {
                let need = Need::of(pod);
                self.used.entry(node.to_owned()).or_default().add(&need, 1);
                self.bound.insert(key.clone(), (node.to_owned(), need));
                false
            }
            (true, _) if node.is_empty() => {
                if let Some((node, need)) = self.bound.remove(key) {
                    self.used.entry(node).or_default().add(&need, -1);
                }
                true
            }
            _ => false,
        }
    }

    /// The best node, or why there is none.
    fn choose(&self, pod: &Value, need: &Need) -> Result<&str, String> {
        let none = Used::default();
        let owner = controller_uid(pod).unwrap_or_default();
        let mut best: Option<((usize, i64, i64), &str)> = None;
        let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
        for (name, node) in &self.nodes {
            let used = self.used.get(name).unwrap_or(&none);
            match fit::refusals(pod, need, name, node, used) {
                refusals if refusals.is_empty() => {
                    let same = used.owners.get(owner).copied().unwrap_or_default();
                    let rank = (node.soft_taints(pod), same, used.pods);
                    if best.is_none_or(|(least, _)| rank < least) {
                        best = Some((rank, name));
                    }
                }
                refusals => refusals.into_iter().for_each(|why| *reasons.entry(why).or_default() += 1),
            }
        }
        let nodes = self.nodes.len();
        let reasons: Vec<String> = reasons.into_iter().map(|(why, count)| format!("{count} {why}")).collect();
        match best {
            Some((_, name)) => Ok(name),
            None if nodes == 0 => Err("no nodes available to schedule pods".to_owned()),
            None => Err(format!("0/{nodes} nodes are available: {}.", reasons.join(", "))),
        }
    }
}
