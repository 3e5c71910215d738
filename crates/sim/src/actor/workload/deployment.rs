//! Deployments: one ReplicaSet per version of the template, and the way from one to the next.

use super::pods::wanted;
use super::rollout::{HASH, hash, same, slack};
use crate::actor::desk::{Desk, later};
use crate::actor::object::{
    condition, conditions, going, name, number, reference, set_condition, stamp, text, time, write_status,
};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const SETS: &str = "replicasets.apps";
const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_AT: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// Annotations of a Deployment that its ReplicaSets do not get.
const KEPT: [&str; 2] = [REVISION, "kubectl.kubernetes.io/last-applied-configuration"];

/// A Deployment with its ReplicaSets as they are now.
struct View<'a> {
    key: &'a Key,
    deployment: &'a Value,
    new: Option<Arc<Value>>,
    /// The oldest first.
    old: Vec<Arc<Value>>,
    replicas: i64,
    surge: i64,
    unavailable: i64,
}

/// Takes the next step of the way, and tells how far it is.
pub(super) fn sync(desk: &mut Desk<Key>, key: &Key, deployment: &Value, sets: &[Arc<Value>]) -> Result<(), Failure> {
    let template = &deployment["spec"]["template"];
    let mut sets = sets.to_vec();
    sets.sort_by_key(|set| (time(set, "/metadata/creationTimestamp"), name(set).to_owned()));
    let (mut new, old): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| same(&set["spec"]["template"], template));
    let replicas = wanted(deployment);
    let (surge, unavailable) = slack(deployment, replicas);
    new.truncate(1);
    let mut view = View { key, deployment, new: new.pop(), old, replicas, surge, unavailable };
    if !going(deployment) {
        let paused = deployment["spec"]["paused"] == true;
        if !paused && view.adopt_revision(desk)? {
            return Ok(());
        }
        let scaled = view.scale_new(desk)?;
        if !paused && !scaled {
            view.scale_old(desk)?;
        }
    }
    view.tell(desk)?;
    view.clean_up(desk)
}

impl View<'_> {
    fn sets(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    fn sum(&self, pointer: &str) -> i64 {
        self.sets().filter_map(|set| number(set, pointer)).sum()
    }

    /// Makes the ReplicaSet of the template, and gives it the highest revision. Whether the Deployment has changed
    /// thereby: it is looked at anew then.
    fn adopt_revision(&mut self, desk: &Desk<Key>) -> Result<bool, Failure> {
        let revision = |object: &Value| text(object, REVISION_AT).parse::<i64>().unwrap_or(0);
        let highest = self.old.iter().map(|set| revision(set)).max().unwrap_or(0);
        let current = self.new.as_deref().map_or(0, revision);
        let next = if current > highest { current } else { highest + 1 };
        let annotation = json!({ "metadata": { "annotations": { REVISION: next.to_string() } } });
        let new = match self.new.take() {
            Some(new) if current == next => self.copy_annotations(desk, new)?,
            Some(new) => desk.hand.patch(SETS, &self.key.namespace, name(&new), &annotation)?,
            None => {
                let new = desk.hand.create(SETS, &self.key.namespace, &self.new_set(next))?;
                let mut told = conditions(self.deployment);
                let message = format!("Created new replica set \"{}\"", name(&new));
                progressing(&mut told, "True", "NewReplicaSetCreated", &message, desk.hand.now());
                let status = json!({ "status": { "conditions": told } });
                desk.hand.patch_status(&self.key.resource, &self.key.namespace, &self.key.name, &status)?;
                new
            }
        };
        self.new = Some(new);
        let changed = revision(self.deployment) != next;
        if changed {
            desk.hand.patch(&self.key.resource, &self.key.namespace, &self.key.name, &annotation)?;
        }
        Ok(changed)
    }

    /// The newest ReplicaSet with the Deployment's annotations added; none is ever taken away there.
    fn copy_annotations(&self, desk: &Desk<Key>, new: Arc<Value>) -> Result<Arc<Value>, Failure> {
        let (own, known) = (self.annotations(), &new["metadata"]["annotations"]);
        if own.iter().all(|(key, value)| known[key] == *value) {
            return Ok(new);
        }
        let patch = json!({ "metadata": { "annotations": own } });
        desk.hand.patch(SETS, &self.key.namespace, name(&new), &patch)
    }

    /// What of its annotations a ReplicaSet is given.
    fn annotations(&self) -> serde_json::Map<String, Value> {
        let all = self.deployment["metadata"]["annotations"].as_object().into_iter().flatten();
        let copied = all.filter(|(key, _)| !KEPT.contains(&key.as_str()));
        copied.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn new_set(&self, revision: i64) -> Value {
        let mut annotations = self.annotations();
        annotations.insert(REVISION.to_owned(), revision.to_string().into());
        let mut template = self.deployment["spec"]["template"].clone();
        let hash = hash(&template);
        let labelled = |mut labels: Value| {
            labels[HASH] = hash.clone().into();
            labels
        };
        template["metadata"]["labels"] = labelled(template["metadata"]["labels"].clone());
        let mut selector = self.deployment["spec"]["selector"].clone();
        selector["matchLabels"] = labelled(selector["matchLabels"].clone());
        json!({
            "metadata": {
                "name": format!("{}-{hash}", self.key.name),
                "labels": template["metadata"]["labels"],
                "annotations": annotations,
                "ownerReferences": [reference(self.deployment)],
            },
            "spec": {
                "replicas": 0, "minReadySeconds": self.deployment["spec"]["minReadySeconds"].as_i64().unwrap_or(0),
                "selector": selector, "template": template,
            },
        })
    }

    /// Whether it changed the number of pods of the new version.
    fn scale_new(&mut self, desk: &Desk<Key>) -> Result<bool, Failure> {
        let recreate = text(self.deployment, "/spec/strategy/type") == "Recreate";
        let left = |set: &Arc<Value>| {
            ["/spec/replicas", "/status/replicas", "/status/terminatingReplicas"]
                .iter()
                .any(|at| number(set, at) > Some(0))
        };
        let Some(new) = &self.new else { return Ok(false) };
        let has = wanted(new);
        let room = self.replicas + self.surge - self.sum("/spec/replicas");
        let target = match self.replicas - has {
            more if more > 0 && recreate && self.old.iter().any(left) => has,
            more if more > 0 => has + more.min(room).max(0),
            _ => self.replicas,
        };
        if target == has {
            return Ok(false);
        }
        self.new = Some(self.scale(desk, new, target)?);
        Ok(true)
    }

    /// Takes pods of old versions away: those that are not available first, then as many as can be done without.
    fn scale_old(&mut self, desk: &Desk<Key>) -> Result<(), Failure> {
        let least = self.replicas - self.unavailable;
        let available = |set: &Arc<Value>| number(set, "/status/availableReplicas").unwrap_or(0);
        let of_new = self.new.as_ref().map_or(0, |new| wanted(new) - available(new));
        let mut spare = self.sum("/spec/replicas") - least - of_new;
        for index in 0..self.old.len() {
            let set = self.old[index].clone();
            let sick = (wanted(&set) - available(&set)).min(spare);
            if sick > 0 {
                spare -= sick;
                self.old[index] = self.scale(desk, &set, wanted(&set) - sick)?;
            }
        }
        let mut dispensable = (self.sum("/status/availableReplicas") - least).min(spare);
        for index in 0..self.old.len() {
            let set = self.old[index].clone();
            let down = wanted(&set).min(dispensable);
            if down > 0 {
                dispensable -= down;
                self.old[index] = self.scale(desk, &set, wanted(&set) - down)?;
            }
        }
        Ok(())
    }

    fn scale(&self, desk: &Desk<Key>, set: &Value, replicas: i64) -> Result<Arc<Value>, Failure> {
        desk.hand.patch(SETS, &self.key.namespace, name(set), &json!({ "spec": { "replicas": replicas } }))
    }

    /// Writes the status.
    fn tell(&self, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let now = desk.hand.now();
        let available = self.sum("/status/availableReplicas");
        let of_new = |at: &str| self.new.as_ref().and_then(|new| number(new, at)).unwrap_or(0);
        let mut status = json!({
            "observedGeneration": self.deployment["metadata"]["generation"],
            "replicas": self.sum("/status/replicas"),
            "updatedReplicas": of_new("/status/replicas"),
            "readyReplicas": self.sum("/status/readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": (self.sum("/spec/replicas") - available).max(0),
            "terminatingReplicas": self.sum("/status/terminatingReplicas"),
        });
        let mut told = conditions(self.deployment);
        let (word, reason, message) = if available >= self.replicas - self.unavailable {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        let same = condition(self.deployment, "Available").filter(|known| known["status"] == word);
        let updated = same.map_or_else(|| stamp(now), |known| known["lastUpdateTime"].clone());
        let new = json!({
            "type": "Available", "status": word, "reason": reason, "message": message, "lastUpdateTime": updated,
        });
        set_condition(&mut told, new, now);
        self.tell_progress(desk, &status, &mut told);
        status["conditions"] = Value::Array(told);
        write_status(&desk.hand, self.key, self.deployment, status, &["terminatingReplicas"])
    }

    /// The condition Progressing, by what has changed since the last status.
    fn tell_progress(&self, desk: &mut Desk<Key>, status: &Value, told: &mut Vec<Value>) {
        let (now, before) = (desk.hand.now(), &self.deployment["status"]);
        let Some(new) = &self.new else { return };
        let known = condition(self.deployment, "Progressing");
        let reason = known.map_or("", |known| text(known, "/reason"));
        let of = |status: &Value, field: &str| status[field].as_i64().unwrap_or(0);
        let [replicas, updated, ready, free] = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
            .map(|field| (of(before, field), of(status, field)));
        let done = [replicas, updated, free].iter().all(|(_, now)| *now == self.replicas);
        let moved = updated.1 > updated.0
            || replicas.1 - updated.1 < replicas.0 - updated.0
            || ready.1 > ready.0
            || free.1 > free.0;
        let deadline = number(self.deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
        let deadline = Duration::from_secs(u64::try_from(deadline).unwrap_or(0));
        let since = known.and_then(|known| time(known, "/lastUpdateTime")).unwrap_or(now);
        let due = later(since, deadline);
        let set = name(new);
        let (word, reason, message) = if reason == "NewReplicaSetAvailable" && replicas.1 == updated.1 {
            return;
        } else if done {
            ("True", "NewReplicaSetAvailable", format!("ReplicaSet \"{set}\" has successfully progressed."))
        } else if known.is_none() {
            ("True", "FoundNewReplicaSet", format!("Found new replica set \"{set}\""))
        } else if moved {
            ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
        } else if matches!(reason, "ProgressDeadlineExceeded" | "NewReplicaSetAvailable") {
            return;
        } else if due > now {
            desk.put_at(due, self.key.clone());
            return;
        } else {
            ("False", "ProgressDeadlineExceeded", format!("ReplicaSet \"{set}\" has timed out progressing."))
        };
        if word == "True" && !done {
            desk.put_at(later(now, deadline), self.key.clone());
        }
        progressing(told, word, reason, &message, now);
    }

    /// Deletes old ReplicaSets that nobody needs to roll back to.
    fn clean_up(&self, desk: &Desk<Key>) -> Result<(), Failure> {
        let kept = number(self.deployment, "/spec/revisionHistoryLimit").unwrap_or(10);
        let idle =
            |set: &&Arc<Value>| wanted(set) == 0 && number(set, "/status/replicas").unwrap_or(0) == 0 && !going(set);
        let mut idle: Vec<&Arc<Value>> = self.old.iter().filter(idle).collect();
        idle.sort_by_key(|set| text(set, REVISION_AT).parse::<i64>().unwrap_or(0));
        let surplus = idle.len().saturating_sub(usize::try_from(kept).unwrap_or(0));
        for set in idle.into_iter().take(surplus) {
            desk.hand.delete(SETS, &self.key.namespace, name(set), &DeleteOptions::default())?;
        }
        Ok(())
    }
}

fn progressing(told: &mut Vec<Value>, word: &str, reason: &str, message: &str, now: Timestamp) {
    let new = json!({
        "type": "Progressing", "status": word, "reason": reason, "message": message, "lastUpdateTime": stamp(now),
    });
    set_condition(told, new, now);
}
