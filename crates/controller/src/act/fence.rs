//! The taint that declares a node to be out of service, with its owner beside it, and its removal while it is still ours.

use super::call::Calls;
use super::look::annotation;
use super::node::{patch, read, taints};
use super::{look, outcome};
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::Target;
use serde_json::{Value, json};

pub(super) async fn taint(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    let node = read(calls, &target.key.name).await?;
    look::same(&node, target)?;
    let mut taints = taints(&node);
    match (taints.iter().any(is_it), annotation(&node, marks::FENCED)) {
        // Whoever set it, it does what is needed; what another one set is not ours to take away.
        (true, _) => return Ok(Answer::Nothing),
        (false, Some(_)) => return Err(outcome::refused("somebody took our out-of-service taint away")),
        (false, None) => {}
    }
    // The value is the one that Kubernetes' documentation gives; the owner is beside it.
    taints.push(json!({ "key": marks::OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute" }));
    let change = json!({
        "metadata": { "annotations": { marks::FENCED: recovery } },
        "spec": { "taints": taints },
    });
    patch(calls, &target.key.name, &node, change).await
}

pub(super) async fn untaint(calls: &Calls, target: &Target, recovery: &str) -> Result<Answer, Outcome> {
    let node = match read(calls, &target.key.name).await {
        Err(Outcome::Gone) => return Ok(Answer::Nothing),
        read => read?,
    };
    if look::same(&node, target).is_err() || annotation(&node, marks::FENCED) != Some(recovery) {
        return Ok(Answer::Nothing);
    }
    let others: Vec<Value> = taints(&node).into_iter().filter(|taint| !is_it(taint)).collect();
    let taints = if others.is_empty() { Value::Null } else { json!(others) };
    let change = json!({
        "metadata": { "annotations": { marks::FENCED: null } },
        "spec": { "taints": taints },
    });
    match patch(calls, &target.key.name, &node, change).await {
        Err(Outcome::Gone) => Ok(Answer::Nothing),
        patched => patched,
    }
}

fn is_it(taint: &Value) -> bool {
    taint["key"] == marks::OUT_OF_SERVICE
}
