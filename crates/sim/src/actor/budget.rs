//! The status of PodDisruptionBudgets: how many pods may go.

use super::desk::{Actor, Desk, later};
use super::object::{
    conditions, controller, going, holds, list, name, number, set_condition, share, uid, write_status,
};
use super::selection::Selections;
use crate::failure::Failure;
use crate::hand::Hand;
use crate::select::Selector;
use crate::store::Key;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const BUDGETS: &str = "poddisruptionbudgets.policy";
/// How long an evicted pod counts as gone before anything is seen of its deletion.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// The disruption controller; a task is a budget.
#[derive(Default)]
pub(super) struct Budgets(Selections);

impl Actor for Budgets {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &[BUDGETS, "pods"];

    fn see(&mut self, key: &Key, _: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        match (&*key.resource, new) {
            ("pods", pod) => self.0.pod(BUDGETS, key, pod).into_iter().for_each(|budget| desk.put(budget)),
            (_, Some(budget)) => {
                let selector = Selector::of_object(&budget["spec"]["selector"]);
                self.0.set(key, selector, &desk.hand.list("pods", &key.namespace));
                desk.put(key.clone());
            }
            (_, None) => self.0.remove(key),
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let now = desk.hand.now();
        let budget = desk.hand.get(BUDGETS, &key.namespace, &key.name)?;
        let pods = self.0.of(key).filter_map(|pod| desk.hand.get("pods", &pod.namespace, &pod.name).ok());
        let pods: Vec<Arc<Value>> = pods.collect();
        let mut disrupted = Map::new();
        for (pod, when) in budget["status"]["disruptedPods"].as_object().into_iter().flatten() {
            let until = when.as_str().and_then(|when| when.parse().ok()).map_or(now, |when| later(when, FORGOTTEN));
            if until > now && pods.iter().any(|known| name(known) == pod && !going(known)) {
                disrupted.insert(pod.clone(), when.clone());
                desk.put_at(until, key.clone());
            }
        }
        let healthy =
            pods.iter().filter(|pod| holds(pod, "Ready") && !going(pod) && !disrupted.contains_key(name(pod)));
        let healthy = i64::try_from(healthy.count()).unwrap_or(0);
        let (expected, desired) = expectation(&desk.hand, key, &budget["spec"], &pods);
        let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
        let mut told = conditions(&budget);
        let (word, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        let generation = &budget["metadata"]["generation"];
        let new = json!({
            "type": "DisruptionAllowed", "status": word, "reason": reason, "message": "",
            "observedGeneration": generation,
        });
        set_condition(&mut told, new, now);
        let mut status = json!({
            "currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected,
            "disruptionsAllowed": allowed, "observedGeneration": generation, "conditions": told,
        });
        if !disrupted.is_empty() {
            status["disruptedPods"] = Value::Object(disrupted);
        }
        let shown = ["currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"];
        write_status(&desk.hand, key, &budget, status, &shown)
    }
}

/// How many pods there should be, and how many of them must be healthy.
fn expectation(hand: &Hand, key: &Key, spec: &Value, pods: &[Arc<Value>]) -> (i64, i64) {
    let (least, most) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    if let Some(least) = least.as_i64() {
        return (i64::try_from(pods.len()).unwrap_or(0), least);
    }
    let mut scales: BTreeMap<&str, i64> = BTreeMap::new();
    for pod in pods {
        match controller(pod) {
            Some(owner) => drop(scales.insert(owner["uid"].as_str().unwrap_or_default(), scale(hand, key, owner))),
            None => drop(scales.insert(uid(pod), 1)),
        }
    }
    let expected = scales.values().sum();
    let desired =
        if most.is_null() { share(least, expected, true, "0") } else { expected - share(most, expected, true, "0") };
    (expected, desired.max(0))
}

/// The replicas that the topmost controller asks for.
fn scale(hand: &Hand, key: &Key, owner: &Value) -> i64 {
    let resource = match owner["kind"].as_str() {
        Some("ReplicaSet") => "replicasets.apps",
        Some("Deployment") => "deployments.apps",
        Some("StatefulSet") => "statefulsets.apps",
        _ => return 0,
    };
    let Ok(found) = hand.get(resource, &key.namespace, owner["name"].as_str().unwrap_or_default()) else { return 0 };
    let above = list(&found, "/metadata/ownerReferences").iter().find(|above| above["kind"] == "Deployment");
    above.map_or_else(|| number(&found, "/spec/replicas").unwrap_or(1), |above| scale(hand, key, above))
}
