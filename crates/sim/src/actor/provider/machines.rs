//! Cluster API's and Karpenter's part in the life of machines: one that is deleted ends with its node, and another comes.

use super::{LOOK, Ordered, PLACE, Provider, carry_out, successor};
use crate::actor::desk::{Actor, Desk, later};
use crate::actor::levers::Levers;
use crate::actor::object::{going, text, uid};
use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const MACHINES: &str = "machines.cluster.x-k8s.io";
const CLAIMS: &str = "nodeclaims.karpenter.sh";
/// From the deletion of a machine until it is gone: its provider drains it first.
const WORK: Duration = Duration::from_secs(90);
const FINALIZER: &str = "embedded.self-healing.dev/machine";

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::actor) enum Task {
    /// A machine is to end.
    End(Key),
    /// A machine of that key waits for its node.
    Join(Key),
}

pub(in crate::actor) struct Machines {
    levers: Levers,
    /// Those that were ended already.
    ended: BTreeSet<Key>,
}

impl Machines {
    pub(in crate::actor) fn new(levers: Levers) -> Self {
        Self { levers, ended: BTreeSet::new() }
    }
}

/// A machine for each node that is there.
pub(super) fn install(provider: Provider, hand: &Hand) -> Result<(), Failure> {
    let mut owner = Value::Null;
    if provider == Provider::ClusterApi {
        hand.create("clusters.cluster.x-k8s.io", PLACE, &json!({ "metadata": { "name": "main" }, "spec": {} }))?;
        let spec = json!({ "clusterName": "main", "replicas": hand.list("nodes", "").len() });
        let set = json!({ "metadata": { "name": "workers" }, "spec": spec });
        let set = hand.create("machinesets.cluster.x-k8s.io", PLACE, &set)?;
        owner = json!([{
            "apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "MachineSet", "name": "workers", "uid": uid(&set),
            "controller": true, "blockOwnerDeletion": true,
        }]);
    }
    for node in hand.list("nodes", "") {
        let name = text(&node, "/metadata/name");
        let key = make(hand, provider, name, &owner)?;
        join(hand, &key, &node)?;
    }
    Ok(())
}

fn make(hand: &Hand, provider: Provider, name: &str, owner: &Value) -> Result<Key, Failure> {
    let mut metadata = json!({ "name": name, "finalizers": [FINALIZER] });
    let (resource, namespace, spec) = if provider == Provider::ClusterApi {
        metadata["ownerReferences"] = owner.clone();
        (MACHINES, PLACE, json!({ "clusterName": "main" }))
    } else {
        metadata["labels"] = json!({ "karpenter.sh/nodepool": "workers" });
        (CLAIMS, "", json!({}))
    };
    hand.create(resource, namespace, &json!({ "metadata": metadata, "spec": spec }))?;
    Ok(Key::new(resource, namespace, name))
}

/// A machine and its node know each other.
fn join(hand: &Hand, key: &Key, node: &Value) -> Result<(), Failure> {
    let (id, name) = (text(node, "/spec/providerID"), text(node, "/metadata/name"));
    if &*key.resource == CLAIMS {
        let status = json!({ "status": { "nodeName": name, "providerID": id } });
        return hand.patch_status(CLAIMS, "", &key.name, &status).map(drop);
    }
    hand.patch(MACHINES, PLACE, &key.name, &json!({ "spec": { "providerID": id } }))?;
    let reference = json!({ "apiVersion": "v1", "kind": "Node", "name": name, "uid": uid(node) });
    let status = json!({ "status": { "nodeRef": reference, "phase": "Running" } });
    hand.patch_status(MACHINES, PLACE, &key.name, &status)?;
    let marks = json!({ "cluster.x-k8s.io/machine": &*key.name, "cluster.x-k8s.io/cluster-namespace": PLACE });
    hand.patch("nodes", "", name, &json!({ "metadata": { "annotations": marks } })).map(drop)
}

impl Actor for Machines {
    type Task = Task;
    const WATCHES: &'static [&'static str] = &[MACHINES, CLAIMS];

    fn see(&mut self, key: &Key, _: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Task>) {
        if new.is_some_and(going) && !self.ended.contains(key) {
            desk.put(Task::End(key.clone()));
        }
    }

    fn work(&mut self, task: &Task, desk: &mut Desk<Task>) -> Result<(), Failure> {
        match task {
            Task::End(key) => self.end(key, desk),
            Task::Join(key) => match desk.hand.get("nodes", "", &key.name) {
                Ok(node) => join(&desk.hand, key, &node),
                Err(_) => {
                    desk.put_in(LOOK, task.clone());
                    Ok(())
                }
            },
        }
    }
}

impl Machines {
    fn end(&mut self, key: &Key, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let machine = desk.hand.get(&key.resource, &key.namespace, &key.name)?;
        let asked = text(&machine, "/metadata/deletionTimestamp").parse::<Timestamp>().unwrap_or(Timestamp::MIN);
        let due = later(asked, WORK);
        if due > desk.hand.now() {
            desk.put_at(due, Task::End(key.clone()));
            return Ok(());
        }
        let how = self.levers.ordered().unwrap_or(Ordered::Replaces);
        if matches!(how, Ordered::Stalls | Ordered::Fails | Ordered::Assumes) {
            return Ok(());
        }
        self.ended.insert(key.clone());
        carry_out(&self.levers, &desk.hand, &key.name, how)?;
        desk.hand.patch(&key.resource, &key.namespace, &key.name, &json!({ "metadata": { "finalizers": null } }))?;
        if how == Ordered::Replaces {
            let provider = if &*key.resource == CLAIMS { Provider::Karpenter } else { Provider::ClusterApi };
            let owner = &machine["metadata"]["ownerReferences"];
            let new = make(&desk.hand, provider, &successor(&key.name), owner)?;
            desk.put(Task::Join(new));
        }
        Ok(())
    }
}
