//! More pods than a Deployment or ReplicaSet has, and back: the mark beside it keeps the number that was there before, and ours.

use super::rollback::below;
use super::{patch, path};
use crate::act::call::Calls;
use crate::act::look;
use crate::act::look::annotation;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::{Key, Kind, Target, Text};
use serde_json::{Value, json};

pub(in crate::act) async fn up(
    calls: &Calls,
    target: &Target,
    resource_version: &str,
    (from, to): (u32, u32),
    recovery: &str,
) -> Result<Answer, Outcome> {
    let change = json!({
        "metadata": { "annotations": {
            marks::OWNER: recovery,
            marks::ORIGINAL_REPLICAS: from.to_string(),
            marks::SCALED_REPLICAS: to.to_string(),
        } },
        "spec": { "replicas": to },
    });
    patch(calls, target, resource_version, change).await
}

/// Sets the number back while the mark is ours; one that somebody else has set since stays.
pub(in crate::act) async fn back(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    unmark(calls, target, recovery, |object| {
        let marked = |mark| annotation(object, mark).and_then(|number| number.parse::<u64>().ok());
        let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
        match (marked(marks::ORIGINAL_REPLICAS), marked(marks::SCALED_REPLICAS)) {
            (Some(original), Some(scaled)) if replicas == scaled => Ok(original),
            _ => Err(format!("somebody set {replicas} pods meanwhile, and that number stays")),
        }
    })
    .await
}

/// Takes the mark away if it is ours; the number stays.
pub(in crate::act) async fn keep(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    unmark(calls, target, recovery, |object| {
        let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
        Err(format!("a Service is served by it, and its {replicas} pods stay"))
    })
    .await
}

/// Takes the mark away if it is ours, with the number that `number` gives of the object, or says why it stays.
async fn unmark(
    calls: &Calls,
    target: &Target,
    recovery: &str,
    number: impl Fn(&Value) -> Result<u64, String>,
) -> Result<Answer, Outcome> {
    let Some(object) = look::find(calls, &path(target)?).await? else { return Ok(Answer::Nothing) };
    if look::same(&object, target).is_err() {
        return Ok(Answer::Nothing);
    }
    let mut answer = Answer::Nothing;
    if annotation(&object, marks::OWNER) == Some(recovery) {
        let mut change = unmarked();
        match number(&object) {
            Ok(original) => change["spec"] = json!({ "replicas": original }),
            Err(why) => answer = Answer::Said(why),
        }
        let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        match patch(calls, target, version, change).await {
            Err(Outcome::Gone) => return Ok(Answer::Nothing),
            patched => patched?,
        };
    }
    if target.kind == Kind::Deployment {
        drop_copies(calls, target, &object, recovery).await?;
    }
    Ok(answer)
}

/// A Deployment's controller copies the marks to its newest ReplicaSet and leaves them there; with `kubectl rollout undo` they would come
/// back to the Deployment.
async fn drop_copies(calls: &Calls, target: &Target, object: &Value, recovery: &str) -> Result<(), Outcome> {
    for set in below(calls, target, &object["spec"]).await? {
        if annotation(&set, marks::OWNER) != Some(recovery) {
            continue;
        }
        let text = |field: &str| set["metadata"][field].as_str().unwrap_or_default();
        let key = Key { namespace: target.key.namespace.clone(), name: Text::from(text("name")) };
        let set = Target { kind: Kind::ReplicaSet, key, uid: Text::from(text("uid")) };
        match patch(calls, &set, text("resourceVersion"), unmarked()).await {
            Ok(_) | Err(Outcome::Gone) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// The change that takes the mark away.
fn unmarked() -> Value {
    let none = Value::Null;
    json!({ "metadata": { "annotations": {
        marks::OWNER: none, marks::ORIGINAL_REPLICAS: none, marks::SCALED_REPLICAS: none,
    } } })
}
