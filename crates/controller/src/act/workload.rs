//! Controllers of pods: a fresh read with everybody who has a hand on them, and writes that only apply to what was read.

pub(super) mod keepers;
pub(super) mod rollback;
pub(super) mod scale;

use super::call::{Calls, segment};
use super::{look, outcome};
use crate::objects::{self, Shared};
use jiff::Timestamp;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome, RolledBack, WorkloadView};
use self_healing_core::key::{Kind, Target, Text};
use self_healing_core::time::Stamp;
use serde_json::{Value, json};

const AUTOSCALING: &str = "/apis/autoscaling/v2";

/// Reads `target` and the autoscalers of its namespace.
pub(super) async fn look(calls: &Calls, target: &Target) -> Result<Answer, Outcome> {
    let path = path(target)?;
    let (reply, autoscaler) = tokio::join!(calls.get(&path), autoscaler(calls, target));
    let reply = reply?;
    let object = outcome::of(&reply)?;
    look::same(&object, target)?;
    let fact = objects::workload::parse(target.kind.clone(), &reply.body, &mut Shared::default());
    let fact = fact.map_err(|error| outcome::refused(&error.to_string()))?;
    let (spec, status) = (&object["spec"], &object["status"]);
    let number = |field: &str| status[field].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let [updated, total, available] = match target.kind {
        Kind::DaemonSet => ["updatedNumberScheduled", "currentNumberScheduled", "numberAvailable"],
        _ => ["updatedReplicas", "replicas", "availableReplicas"],
    };
    let text = |value: &Value| Text::from(value.as_str().unwrap_or_default());
    let own = &object["metadata"]["annotations"];
    let in_template = &spec["template"]["metadata"]["annotations"];
    let allows = target.kind == Kind::Deployment && own[marks::AUTO_ROLLBACK] == "true";
    let restarted_at = in_template[marks::RESTARTED_AT].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    Ok(Answer::Workload(Box::new(WorkloadView {
        resource_version: text(&object["metadata"]["resourceVersion"]),
        updated: number(updated),
        total: number(total),
        available: number(available),
        held_back: held_back(&target.kind, spec),
        keepers: keepers::keepers(&object),
        // What may scale it and could not be read may do so.
        autoscaler: autoscaler?,
        applied: keepers::applied(&object),
        owner: text(&own[marks::OWNER]),
        restarted_by: text(&in_template[marks::RESTARTED_BY]),
        restarted_at: restarted_at.map(|at| Stamp(at.as_millisecond())),
        template: digest(&spec["template"]),
        max_unavailable: rollback::max_unavailable(spec),
        revisions: if allows { rollback::revisions(calls, target, spec).await? } else { Vec::new() },
        rolled_back: RolledBack {
            by: text(&own[marks::ROLLED_BACK_BY]),
            from: text(&own[marks::ROLLED_BACK_FROM]),
            to: text(&own[marks::ROLLED_BACK_TO]),
        },
        fact,
    })))
}

/// Why a change of the template reaches no pod.
fn held_back(kind: &Kind, spec: &Value) -> Option<String> {
    if spec["paused"] == true {
        return Some("its rollouts are paused (spec.paused)".to_owned());
    }
    let strategy = &spec["updateStrategy"];
    let partition = strategy["rollingUpdate"]["partition"].as_u64().unwrap_or(0);
    match kind {
        Kind::StatefulSet | Kind::DaemonSet if strategy["type"] == "OnDelete" => {
            Some("its pods are only updated when somebody deletes them (updateStrategy OnDelete)".to_owned())
        }
        Kind::StatefulSet if partition > 0 => {
            Some(format!("its pods below ordinal {partition} are not updated (updateStrategy partition)"))
        }
        _ => None,
    }
}

/// The autoscaler whose target it is.
async fn autoscaler(calls: &Calls, target: &Target) -> Result<Option<Text>, Outcome> {
    let namespace = segment("namespace", &target.key.namespace)?;
    let all = look::all(calls, &format!("{AUTOSCALING}/namespaces/{namespace}/horizontalpodautoscalers"), "").await?;
    let scales = |one: &&Value| {
        let named = &one["spec"]["scaleTargetRef"];
        let group =
            named["apiVersion"].as_str().and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
        let kind = Kind::of(group, named["kind"].as_str().unwrap_or_default());
        kind == target.kind && named["name"].as_str() == Some(&*target.key.name)
    };
    Ok(all.iter().find(scales).map(|one| Text::from(one["metadata"]["name"].as_str().unwrap_or_default())))
}

/// Changes the template in the way of `kubectl rollout restart`, with the Recovery's name beside it.
pub(super) async fn restart(
    calls: &Calls,
    target: &Target,
    resource_version: &str,
    (recovery, at): (&str, Stamp),
) -> Result<Answer, Outcome> {
    let at = Timestamp::from_millisecond(at.0).map_err(|error| outcome::refused(&error.to_string()))?;
    let marks = json!({ marks::RESTARTED_AT: format!("{at:.0}"), marks::RESTARTED_BY: recovery });
    let change = json!({ "spec": { "template": { "metadata": { "annotations": marks } } } });
    patch(calls, target, resource_version, change).await
}

/// Sends `change` as a merge patch that only applies to the very object in the version that was read.
async fn patch(calls: &Calls, target: &Target, resource_version: &str, change: Value) -> Result<Answer, Outcome> {
    calls.patch_at(&path(target)?, &target.uid, resource_version, change).await
}

fn path(target: &Target) -> Result<String, Outcome> {
    let plural = match target.kind {
        Kind::Deployment => "deployments",
        Kind::ReplicaSet => "replicasets",
        Kind::StatefulSet => "statefulsets",
        Kind::DaemonSet => "daemonsets",
        Kind::Node | Kind::Pod | Kind::Service | Kind::Job | Kind::Other(_) => {
            return Err(outcome::refused(&format!("{target} is no Deployment, ReplicaSet, StatefulSet or DaemonSet")));
        }
    };
    let namespace = segment("namespace", &target.key.namespace)?;
    Ok(format!("/apis/apps/v1/namespaces/{namespace}/{plural}/{}", segment("name", &target.key.name)?))
}

/// A digest of a template, without what a ReplicaSet adds to its own (FNV-1a, 64 bit, as Kubernetes' own).
fn digest(template: &Value) -> Text {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(marks::TEMPLATE_HASH);
    }
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = template.to_string().bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    Text::from(format!("{hash:016x}"))
}
