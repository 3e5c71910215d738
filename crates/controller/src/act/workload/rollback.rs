//! Revisions of a Deployment, and its template put back to that of one of them.

use super::{digest, patch, path};
use crate::act::call::{Calls, segment};
use crate::act::gather::revision::selector;
use crate::act::{look, outcome};
use crate::objects::needs::list;
use kube::api::ListParams;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome, Revision};
use self_healing_core::key::{Target, Text};
use serde_json::{Map, Value, json};

/// The ReplicaSets that `target` controls.
pub(super) async fn below(calls: &Calls, target: &Target, spec: &Value) -> Result<Vec<Value>, Outcome> {
    let namespace = segment("namespace", &target.key.namespace)?;
    let all = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
    let mut sets = look::select(calls, &all, ListParams::default().labels(&selector(&spec["selector"]))).await?;
    sets.retain(|set| is_of(set, target));
    Ok(sets)
}

fn is_of(set: &Value, target: &Target) -> bool {
    let mut owners = list(&set["metadata"]["ownerReferences"]);
    owners.any(|owner| owner["controller"] == true && owner["uid"].as_str() == Some(&*target.uid))
}

/// The revisions that there are to go back to, and the newest.
pub(super) async fn revisions(calls: &Calls, target: &Target, spec: &Value) -> Result<Vec<Revision>, Outcome> {
    let of = |set: &Value| {
        let annotated = set["metadata"]["annotations"][marks::REVISION].as_str();
        let available = set["status"]["availableReplicas"].as_u64().and_then(|number| u32::try_from(number).ok());
        Revision {
            name: Text::from(set["metadata"]["name"].as_str().unwrap_or_default()),
            number: annotated.and_then(|number| number.parse().ok()).unwrap_or(0),
            available: available.unwrap_or(0),
            template: digest(&set["spec"]["template"]),
        }
    };
    Ok(below(calls, target, spec).await?.iter().map(of).collect())
}

/// `maxUnavailable` in pods: a share is rounded down, and where no pod may be added one may be taken away. Where all are taken away
/// first, none may be missing.
pub(super) fn max_unavailable(spec: &Value) -> u32 {
    let strategy = &spec["strategy"];
    if strategy["type"] == "Recreate" {
        return 0;
    }
    let replicas = spec["replicas"].as_u64().unwrap_or(1);
    let count = |value: &Value, up: bool| {
        let share = value.as_str().unwrap_or("25%").strip_suffix('%').and_then(|share| share.parse::<u64>().ok());
        let of_share = |share: u64| (replicas * share + if up { 99 } else { 0 }) / 100;
        value.as_u64().unwrap_or_else(|| of_share(share.unwrap_or(0)))
    };
    let rolling = &strategy["rollingUpdate"];
    let (unavailable, surge) = (count(&rolling["maxUnavailable"], false), count(&rolling["maxSurge"], true));
    u32::try_from(if unavailable == 0 && surge == 0 { 1 } else { unavailable }).unwrap_or(u32::MAX)
}

/// Puts the template of the ReplicaSet `to` in the place of that of `from`, which is the newest.
pub(in crate::act) async fn roll_back(
    calls: &Calls,
    target: &Target,
    resource_version: &str,
    (from, to): (&str, &str),
    recovery: &str,
) -> Result<Answer, Outcome> {
    let deployment = path(target)?;
    let namespace = segment("namespace", &target.key.namespace)?;
    let set = format!("/apis/apps/v1/namespaces/{namespace}/replicasets/{}", segment("ReplicaSet name", to)?);
    let (deployment, set) = tokio::join!(calls.get(&deployment), calls.get(&set));
    let deployment = outcome::of(&deployment?)?;
    look::same(&deployment, target)?;
    // The revision may have been cleared away since (revisionHistoryLimit).
    let set = match outcome::of(&set?) {
        Err(Outcome::Gone) => None,
        set => Some(set?).filter(|set| is_of(set, target)),
    };
    let Some(mut wanted) = set.map(|set| set["spec"]["template"].clone()).filter(Value::is_object) else {
        return Err(outcome::refused(&format!("{target} has no ReplicaSet {to} any more")));
    };
    if let Some(labels) = wanted.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(marks::TEMPLATE_HASH);
    }
    let change = json!({
        "metadata": { "annotations": {
            marks::ROLLED_BACK_BY: recovery, marks::ROLLED_BACK_FROM: from, marks::ROLLED_BACK_TO: to,
        } },
        "spec": { "template": difference(&deployment["spec"]["template"], &wanted) },
    });
    patch(calls, target, resource_version, change).await
}

/// The merge patch (RFC 7396) that makes `to` of `from`: what is gone is null, lists are replaced as a whole.
fn difference(from: &Value, to: &Value) -> Value {
    let (Some(before), Some(after)) = (from.as_object(), to.as_object()) else { return to.clone() };
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = after.iter().filter(|(key, value)| before.get(*key) != Some(*value));
    let changed =
        changed.map(|(key, value)| (key.clone(), difference(&before.get(key).cloned().unwrap_or_default(), value)));
    Value::Object(gone.chain(changed).collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_makes_the_one_of_the_other() {
        let from = json!({"metadata": {"labels": {"app": "web"}, "annotations": {"x": "1"}}, "spec": {"containers": [{"image": "a"}], "dns": "old"}});
        let to =
            json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": "b"}], "host": "new"}});
        let expected = json!({"metadata": {"annotations": null}, "spec": {"dns": null, "containers": [{"image": "b"}], "host": "new"}});
        assert_eq!(difference(&from, &to), expected);
        assert_eq!(difference(&to, &to), json!({}));
    }

    #[test]
    fn so_many_pods_may_be_missing_as_a_rolling_update_takes_away() {
        let spec = |replicas: u64, strategy: Value| json!({"replicas": replicas, "strategy": strategy});
        let rolling = |unavailable: Value, surge: Value| json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}});
        let cases = [
            (spec(4, rolling(json!("25%"), json!("25%"))), 1),
            (spec(2, rolling(json!("25%"), json!("25%"))), 0),
            (spec(4, rolling(json!(3), json!(0))), 3),
            (spec(1, rolling(json!(0), json!(0))), 1),
            (spec(4, json!({"type": "Recreate"})), 0),
        ];
        for (spec, expected) in cases {
            assert_eq!(max_unavailable(&spec), expected, "{spec}");
        }
    }
}
