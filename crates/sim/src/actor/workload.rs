//! The controllers of workloads: they keep as many pods as their objects ask for, in the version that they ask for.

mod deployment;
mod pods;
mod replica_set;
mod rollout;

use super::desk::{Actor, Desk};
use super::object::{Index, controller, controller_uid, uid};
use crate::failure::Failure;
use crate::store::Key;
use serde_json::Value;
use std::sync::Arc;

/// Resources by the kind that owner references name.
const OWNERS: [(&str, &str); 2] = [("Deployment", "deployments.apps"), ("ReplicaSet", "replicasets.apps")];

/// All controllers of workloads; a task is an object to look after.
#[derive(Default)]
pub(super) struct Workloads {
    /// Pods and ReplicaSets by the uid of their controller.
    children: Index,
}

impl Actor for Workloads {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &["deployments.apps", "replicasets.apps", "pods"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        self.children.note(key, old.and_then(controller_uid), new.and_then(controller_uid));
        for owner in [old, new].into_iter().flatten().filter_map(controller) {
            let kind = OWNERS.iter().find(|(kind, _)| owner["kind"] == *kind);
            if let (Some((_, resource)), Some(name)) = (kind, owner["name"].as_str()) {
                desk.put(Key::new(resource, &key.namespace, name));
            }
        }
        if &*key.resource != "pods" && new.is_some() {
            desk.put(key.clone());
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let object = desk.hand.get(&key.resource, &key.namespace, &key.name)?;
        let children = self.children.of(uid(&object));
        let children = children.filter_map(|child| desk.hand.get(&child.resource, &child.namespace, &child.name).ok());
        let children: Vec<Arc<Value>> = children.collect();
        match &*key.resource {
            "deployments.apps" => deployment::sync(desk, key, &object, &children),
            _ => replica_set::sync(desk, key, &object, &children),
        }
    }
}
