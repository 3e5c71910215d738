//! The controllers of workloads: they keep as many pods as their objects ask for, in the version that they ask for.

mod daemon_set;
mod deployment;
mod job;
mod pods;
mod replica_set;
mod revision;
mod rollout;
mod stateful_set;

use super::desk::{Actor, Desk};
use super::object::{Index, controller, controller_uid, uid};
use crate::failure::Failure;
use crate::store::Key;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Brings one object further; its children are what it controls.
type Step = fn(&mut Desk<Key>, &Key, &Value, &[Arc<Value>]) -> Result<(), Failure>;

/// Kind, resource, and who looks after it.
const OWNERS: [(&str, &str, Step); 5] = [
    ("Deployment", "deployments.apps", deployment::sync),
    ("ReplicaSet", "replicasets.apps", replica_set::sync),
    ("StatefulSet", "statefulsets.apps", stateful_set::sync),
    ("DaemonSet", "daemonsets.apps", daemon_set::sync),
    ("Job", "jobs.batch", job::sync),
];

/// All controllers of workloads; a task is an object to look after.
#[derive(Default)]
pub(super) struct Workloads {
    /// Pods, ReplicaSets and ControllerRevisions by the uid of their controller.
    children: Index,
    daemons: BTreeSet<Key>,
}

impl Actor for Workloads {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &[
        "nodes",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "controllerrevisions.apps",
        "pods",
    ];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        if &*key.resource == "nodes" {
            let place =
                |node: Option<&Value>| node.map(|node| (node["metadata"]["labels"].clone(), node["spec"].clone()));
            if place(old) != place(new) {
                self.daemons.iter().for_each(|set| desk.put(set.clone()));
            }
            return;
        }
        self.children.note(key, old.and_then(controller_uid), new.and_then(controller_uid));
        for owner in [old, new].into_iter().flatten().filter_map(controller) {
            let kind = OWNERS.iter().find(|(kind, ..)| owner["kind"] == *kind);
            if let (Some((_, resource, _)), Some(name)) = (kind, owner["name"].as_str()) {
                desk.put(Key::new(resource, &key.namespace, name));
            }
        }
        if OWNERS.iter().any(|(_, resource, _)| *key.resource == **resource) {
            desk.put(key.clone());
        }
        if &*key.resource == "daemonsets.apps" {
            match new {
                Some(_) => drop(self.daemons.insert(key.clone())),
                None => drop(self.daemons.remove(key)),
            }
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let object = desk.hand.get(&key.resource, &key.namespace, &key.name)?;
        let children = self.children.of(uid(&object));
        let children = children.filter_map(|child| desk.hand.get(&child.resource, &child.namespace, &child.name).ok());
        let children: Vec<Arc<Value>> = children.collect();
        match OWNERS.iter().find(|(_, resource, _)| *key.resource == **resource) {
            Some((_, _, sync)) => sync(desk, key, &object, &children),
            None => Ok(()),
        }
    }
}
