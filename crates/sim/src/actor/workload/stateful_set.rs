//! StatefulSets: pods with an identity each, one after the other.

use super::pods::{count, ended, from_template, wanted};
use super::revision::{self, CONTROLLER_HASH};
use super::rollout::hash;
use crate::actor::desk::Desk;
use crate::actor::object::{going, list, name, number, text, uid, write_status};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

/// The pods of a set in its order, `None` where one is missing, and those that are too many.
struct View<'a> {
    key: &'a Key,
    set: &'a Value,
    pods: Vec<Option<&'a Arc<Value>>>,
    surplus: Vec<&'a Arc<Value>>,
    update: String,
    current: String,
}

/// Takes the next step, and counts.
pub(super) fn sync(desk: &mut Desk<Key>, key: &Key, set: &Value, children: &[Arc<Value>]) -> Result<(), Failure> {
    let (pods, revisions): (Vec<_>, Vec<_>) = children.iter().partition(|child| child["kind"] == "Pod");
    let update = format!("{}-{}", key.name, hash(&set["spec"]["template"]));
    let current = text(set, "/status/currentRevision");
    let current = if current.is_empty() { update.clone() } else { current.to_owned() };
    let replicas = usize::try_from(wanted(set)).unwrap_or(0);
    let mut view = View { key, set, pods: vec![None; replicas], surplus: Vec::new(), update, current };
    for pod in &pods {
        match ordinal(key, pod).and_then(|at| view.pods.get_mut(at)) {
            Some(place) => *place = Some(pod),
            None => view.surplus.push(pod),
        }
    }
    view.surplus.sort_by_key(|pod| std::cmp::Reverse(ordinal(key, pod)));
    let of = |revision: &str| pods.iter().filter(|pod| pod["metadata"]["labels"][CONTROLLER_HASH] == *revision).count();
    let counts = count(set, pods.iter().copied().filter(|pod| !going(pod)), desk.hand.now());
    let all = i64::try_from(pods.len()).unwrap_or(0);
    let (updated, done) = (of(&view.update), of(&view.update) == replicas && counts.ready == all && all == wanted(set));
    let current = if done { &view.update } else { &view.current };
    let status = json!({
        "observedGeneration": set["metadata"]["generation"], "replicas": all, "readyReplicas": counts.ready,
        "availableReplicas": counts.available, "updatedReplicas": updated, "currentReplicas": of(current),
        "currentRevision": current, "updateRevision": view.update, "collisionCount": 0,
    });
    write_status(&desk.hand, key, set, status, &["replicas", "availableReplicas", "collisionCount"])?;
    if let Some(next) = counts.next {
        desk.put_at(next, key.clone());
    }
    if going(set) {
        return Ok(());
    }
    revision::ensure(&desk.hand, key, set, &view.update, &revisions)?;
    view.step(desk, &revisions)
}

fn ordinal(key: &Key, pod: &Value) -> Option<usize> {
    name(pod).strip_prefix(&*key.name)?.strip_prefix('-')?.parse().ok()
}

impl View<'_> {
    /// In order, each pod waits for the one before it: to start, to be gone, to be updated.
    fn step(&self, desk: &Desk<Key>, revisions: &[&Arc<Value>]) -> Result<(), Failure> {
        let in_order = self.set["spec"]["podManagementPolicy"] != "Parallel";
        let well =
            |pod: &Value| !going(pod) && count(self.set, [&Arc::new(pod.clone())], desk.hand.now()).available == 1;
        for (at, pod) in self.pods.iter().enumerate() {
            match pod {
                None => drop(desk.hand.create("pods", &self.key.namespace, &self.new_pod(at, revisions))?),
                Some(pod) if ended(pod) && !going(pod) => self.delete(desk, pod)?,
                Some(pod) if well(pod) => continue,
                Some(_) => {}
            }
            if in_order {
                return Ok(());
            }
        }
        for pod in &self.surplus {
            if !going(pod) {
                self.delete(desk, pod)?;
            }
            if in_order {
                return Ok(());
            }
        }
        if text(self.set, "/spec/updateStrategy/type") == "OnDelete" {
            return Ok(());
        }
        for pod in self.pods.iter().skip(self.partition()).rev().flatten() {
            if pod["metadata"]["labels"][CONTROLLER_HASH] != *self.update {
                return if going(pod) { Ok(()) } else { self.delete(desk, pod) };
            }
            if !well(pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn delete(&self, desk: &Desk<Key>, pod: &Value) -> Result<(), Failure> {
        let options = DeleteOptions { uid: Some(uid(pod).to_owned()), ..DeleteOptions::default() };
        desk.hand.delete("pods", &self.key.namespace, name(pod), &options).map(drop)
    }

    /// Pods below this one keep the current revision.
    fn partition(&self) -> usize {
        let partition = number(self.set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
        usize::try_from(partition).unwrap_or(0)
    }

    fn new_pod(&self, at: usize, revisions: &[&Arc<Value>]) -> Value {
        let revision = if at < self.partition() { &self.current } else { &self.update };
        let kept = revisions.iter().find(|kept| name(kept) == revision);
        let template = kept.map_or(&self.set["spec"]["template"], |kept| &kept["data"]["spec"]["template"]);
        let mut pod = from_template(self.set, template);
        let pod_name = format!("{}-{at}", self.key.name);
        let metadata = &mut pod["metadata"];
        metadata["name"] = pod_name.clone().into();
        metadata["labels"]["statefulset.kubernetes.io/pod-name"] = pod_name.clone().into();
        metadata["labels"]["apps.kubernetes.io/pod-index"] = at.to_string().into();
        metadata["labels"][CONTROLLER_HASH] = revision.clone().into();
        pod["spec"]["hostname"] = pod_name.clone().into();
        pod["spec"]["subdomain"] = self.set["spec"]["serviceName"].clone();
        let mut volumes = list(&pod, "/spec/volumes").to_vec();
        for claim in list(self.set, "/spec/volumeClaimTemplates").iter().map(name) {
            let claim_name = format!("{claim}-{pod_name}");
            volumes.push(json!({ "name": claim, "persistentVolumeClaim": { "claimName": claim_name } }));
        }
        if !volumes.is_empty() {
            pod["spec"]["volumes"] = Value::Array(volumes);
        }
        pod
    }
}
