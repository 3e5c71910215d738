//! What a drain has to know, read afresh: the pods of a node and where each may run, and the disruption budgets over them.

use super::call::{Calls, segment};
use super::{look, outcome};
use crate::objects::needs::{self, list};
use crate::objects::{self, Shared};
use self_healing_core::effect::{Answer, Budget, DrainView, Outcome};
use self_healing_core::fact::{AnyOf, Needs, PodFact};
use self_healing_core::key::{Kind, Text};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) async fn drain(calls: &Calls, node: &str) -> Result<Answer, Outcome> {
    // An empty name would select every pod that is not scheduled yet.
    let node = segment("node name", node)?;
    let pods = look::all(calls, "/api/v1/pods", &format!("spec.nodeName={node}")).await?;
    let mut shared = Shared::default();
    let mut view = DrainView::default();
    let mut leaving: Vec<(&Value, Text)> = Vec::new();
    for pod in &pods {
        let fact = fact(pod, &mut shared)?;
        // What stays on the node needs no place elsewhere, and nobody asks a budget for it.
        if !fact.finished() && !fact.owned_by(&Kind::DaemonSet) {
            view.needs.insert(fact.uid.clone(), needs(calls, pod).await?);
            leaving.push((pod, fact.uid.clone()));
        }
        view.pods.push(fact);
    }
    let namespaces: BTreeSet<&str> =
        leaving.iter().filter_map(|(pod, _)| pod["metadata"]["namespace"].as_str()).collect();
    for namespace in namespaces {
        let name = segment("namespace", namespace)?;
        let budgets = look::all(calls, &format!("/apis/policy/v1/namespaces/{name}/poddisruptionbudgets"), "").await?;
        let there = || leaving.iter().filter(|(pod, _)| pod["metadata"]["namespace"] == namespace);
        let read = budgets.iter().map(|budget| {
            let selected = there().filter(|(pod, _)| selects(&budget["spec"]["selector"], &pod["metadata"]["labels"]));
            of_budget(budget, selected.map(|(_, uid)| uid.clone()).collect())
        });
        view.budgets.extend(read.filter(|budget| !budget.pods.is_empty()));
    }
    Ok(Answer::Drain(Box::new(view)))
}

fn fact(pod: &Value, shared: &mut Shared) -> Result<PodFact, Outcome> {
    let slim = serde::Deserialize::deserialize(pod).map_err(|error: serde_json::Error| unreadable(&error))?;
    // A pod that cannot be read fails the whole plan: a drain must not overlook it.
    objects::pod::fact(&slim, shared).map_err(|error| unreadable(&error))
}

/// Where a pod may run, its volumes included. One whose claim is not bound yet may be made anywhere.
async fn needs(calls: &Calls, pod: &Value) -> Result<Needs, Outcome> {
    let mut needs = needs::of_pod(pod);
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    for claim in needs::claims(pod) {
        needs.places.extend(place(calls, namespace, &claim).await?);
    }
    Ok(needs)
}

/// From where the volume behind a claim can be reached; `None` for everywhere.
async fn place(calls: &Calls, namespace: &str, claim: &str) -> Result<Option<AnyOf>, Outcome> {
    let (namespace, claim) = (segment("namespace", namespace)?, segment("claim", claim)?);
    let path = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}");
    let Some(claim) = look::find(calls, &path).await? else { return Ok(None) };
    let Some(volume) = claim["spec"]["volumeName"].as_str().filter(|name| !name.is_empty()) else { return Ok(None) };
    let volume = look::find(calls, &format!("/api/v1/persistentvolumes/{}", segment("volume", volume)?)).await?;
    Ok(volume.as_ref().and_then(needs::of_volume))
}

fn of_budget(budget: &Value, pods: BTreeSet<Text>) -> Budget {
    let status = &budget["status"];
    let number = |field: &str| status[field].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let seen =
        status["observedGeneration"].as_i64().unwrap_or(0) >= budget["metadata"]["generation"].as_i64().unwrap_or(0);
    Budget {
        name: Text::from(budget["metadata"]["name"].as_str().unwrap_or_default()),
        // The Eviction API refuses as well until the budget's controller has seen the latest spec.
        allowed: if seen { number("disruptionsAllowed") } else { 0 },
        healthy: number("currentHealthy"),
        desired: number("desiredHealthy"),
        desired_with_one_more: with_one_more(&budget["spec"], number("desiredHealthy"), number("expectedPods")),
        unready_may_go: budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow",
        pods,
    }
}

/// How many pods a budget wants healthy once `expected` are one more.
fn with_one_more(spec: &Value, desired: u32, expected: u32) -> u32 {
    let more = expected.saturating_add(1);
    let share = |value: &Value| {
        let percent = value.as_str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse::<u64>().ok());
        percent.map(|percent| u32::try_from((percent * u64::from(more)).div_ceil(100)).unwrap_or(u32::MAX))
    };
    match (&spec["minAvailable"], &spec["maxUnavailable"]) {
        (Value::Null, most) => {
            let most = share(most).or_else(|| most.as_u64().and_then(|most| u32::try_from(most).ok()));
            more.saturating_sub(most.unwrap_or(0))
        }
        (least, _) => share(least).unwrap_or(desired),
    }
}

/// Whether a label selector selects an object of these labels: an absent one none, an empty one all.
fn selects(selector: &Value, labels: &Value) -> bool {
    let Some(selector) = selector.as_object() else { return false };
    let label = |key: &str| labels[key].as_str();
    let equal = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let equal = equal.map(|(key, value)| label(key) == value.as_str());
    let matches = selector.get("matchExpressions").into_iter().flat_map(list);
    let matches = matches.map(|one| {
        let key = one["key"].as_str().unwrap_or_default();
        let among = || list(&one["values"]).any(|value| label(key).is_some() && value.as_str() == label(key));
        match one["operator"].as_str() {
            Some("In") => among(),
            Some("NotIn") => !among(),
            Some("Exists") => label(key).is_some(),
            Some("DoesNotExist") => label(key).is_none(),
            // An operator that we do not know may select it.
            _ => true,
        }
    });
    equal.chain(matches).all(|holds| holds)
}

fn unreadable(error: &dyn std::error::Error) -> Outcome {
    outcome::refused(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_selects_as_kubernetes_does() {
        let labels = json!({"app": "web", "tier": "front"});
        let expression = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]});
        let cases = [
            (json!(null), false),
            (json!({}), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "zone": "a"}}), false),
            (expression("In", json!(["web", "api"])), true),
            (expression("In", json!(["api"])), false),
            (expression("NotIn", json!(["web"])), false),
            (expression("Exists", json!(null)), true),
            (expression("DoesNotExist", json!(null)), false),
        ];
        for (selector, expected) in cases {
            assert_eq!(selects(&selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn a_budget_wants_more_of_one_more_unless_it_counts_what_stays() {
        let cases = [
            (json!({"minAvailable": 2}), 2),
            (json!({"minAvailable": "50%"}), 2),
            (json!({"minAvailable": "100%"}), 4),
            (json!({"maxUnavailable": 0}), 4),
            (json!({"maxUnavailable": 1}), 3),
            (json!({"maxUnavailable": "25%"}), 3),
        ];
        for (spec, expected) in cases {
            assert_eq!(with_one_more(&spec, 2, 3), expected, "{spec}");
        }
    }

    #[test]
    fn a_budget_whose_controller_lags_allows_nothing() {
        let budget = |observed: i64| {
            let status = json!({"observedGeneration": observed, "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2});
            of_budget(
                &json!({"metadata": {"name": "web", "generation": 2}, "spec": {}, "status": status}),
                BTreeSet::new(),
            )
        };
        assert_eq!((budget(1).allowed, budget(2).allowed, budget(2).healthy), (0, 1, 3));
    }
}
