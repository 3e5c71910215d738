//! What must hold of built-in objects: the few rules that a client of ours can break.

use super::events;
use super::validate::{immutable, labels};
use crate::failure::Cause;
use crate::resource::Resource;
use crate::select::Selector;
use serde_json::{Value, json};

const POD_CHANGES: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// What is wrong with a new object; `called` is its resource as the client calls it.
pub(super) fn on_create(resource: &Resource, called: &str, object: &Value) -> Vec<Cause> {
    let mut causes = on_every_write(resource, object);
    match resource.name().as_str() {
        "pods" => {
            causes.extend(containers(&object["spec"], "spec"));
            causes.extend(restart_policy(&object["spec"]["restartPolicy"]));
        }
        "events" => causes.extend(events::on_create(called, object)),
        _ => {}
    }
    causes
}

/// What is wrong with a change of a status.
pub(super) fn on_status(resource: &Resource, status: &Value) -> Vec<Cause> {
    let counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"];
    let negative = |field: &&str| resource.plural == "poddisruptionbudgets" && status[*field].as_i64().unwrap_or(0) < 0;
    let words = "must be greater than or equal to 0";
    let wrong = counts.into_iter().filter(negative);
    wrong.map(|field| Cause::invalid(format!("status.{field}"), &status[field], words)).collect()
}

/// What is wrong with a change.
pub(super) fn on_update(resource: &Resource, called: &str, old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = on_every_write(resource, new);
    match resource.name().as_str() {
        "pods" => causes.extend(pod_change(&old["spec"], &new["spec"])),
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" => {
            causes.extend(immutable(old, new, "/spec/selector"))
        }
        "events" => causes.extend(events::on_update(called, old, new)),
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            causes.extend(immutable(old, new, "/roleRef"));
        }
        _ => {}
    }
    causes
}

fn on_every_write(resource: &Resource, object: &Value) -> Vec<Cause> {
    let spec = &object["spec"];
    let mut causes = Vec::new();
    if let Some(replicas) = spec["replicas"].as_i64().filter(|replicas| resource.scale && *replicas < 0) {
        causes.push(Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0"));
    }
    match resource.name().as_str() {
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" => {
            causes.extend(workload(spec))
        }
        "jobs.batch" => causes.extend(containers(&spec["template"]["spec"], "spec.template.spec")),
        "poddisruptionbudgets.policy" if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() => {
            causes.push(both_bounds(spec));
        }
        "leases.coordination.k8s.io" => {
            for field in ["leaseDurationSeconds", "leaseTransitions"] {
                let least = i64::from(field == "leaseDurationSeconds");
                if spec[field].as_i64().is_some_and(|number| number < least) {
                    let words =
                        if least == 1 { "must be greater than 0" } else { "must be greater than or equal to 0" };
                    causes.push(Cause::invalid(format!("spec.{field}"), &spec[field], words));
                }
            }
        }
        _ => {}
    }
    causes
}

/// The real server shows the whole specification, as it has it in Go.
fn both_bounds(spec: &Value) -> Cause {
    let value = format!(
        r#"{{"MinAvailable":{},"Selector":{},"MaxUnavailable":{},"UnhealthyPodEvictionPolicy":{}}}"#,
        spec["minAvailable"], spec["selector"], spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]
    );
    let message = format!("Invalid value: {value}: minAvailable and maxUnavailable cannot be both set");
    Cause { reason: "FieldValueInvalid", field: "spec".to_owned(), message }
}

fn restart_policy(policy: &Value) -> Option<Cause> {
    let known = [json!("Always"), json!("OnFailure"), json!("Never")];
    (!known.contains(policy)).then(|| Cause::unsupported("spec.restartPolicy", policy, &known))
}

fn workload(spec: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let found = &spec["template"]["metadata"]["labels"];
    if spec["selector"].is_null() {
        causes.push(Cause::required("spec.selector", ""));
    }
    let selected = Selector::of_object(&spec["selector"])
        .is_some_and(|selector| selector.matches(&json!({ "metadata": { "labels": found } })));
    if !selected {
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            found,
            "`selector` does not match template `labels`",
        ));
    }
    causes.extend(labels(found, "spec.template.labels"));
    causes.extend(containers(&spec["template"]["spec"], "spec.template.spec"));
    causes
}

fn containers(spec: &Value, path: &str) -> Vec<Cause> {
    let Some(containers) = spec["containers"].as_array().filter(|containers| !containers.is_empty()) else {
        return vec![Cause::required(format!("{path}.containers"), "")];
    };
    let mut causes = Vec::new();
    for (at, container) in containers.iter().enumerate() {
        for field in ["name", "image"] {
            if container[field].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::required(format!("{path}.containers[{at}].{field}"), ""));
            }
        }
    }
    causes
}

/// Nearly all of a pod is fixed when it is created.
fn pod_change(old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = containers(new, "spec");
    let count = |spec: &Value| spec["containers"].as_array().map_or(0, Vec::len);
    if count(old) != count(new) {
        causes.push(Cause::forbidden("spec.containers", "pod updates may not add or remove containers"));
        return causes;
    }
    let mut kept = new.clone();
    for list in ["containers", "initContainers"] {
        for (at, container) in kept.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
            container["image"] = old[list][at]["image"].clone();
        }
    }
    let bare = |toleration: &Value| {
        let mut bare = toleration.clone();
        bare["tolerationSeconds"] = Value::Null;
        bare
    };
    let list = |of: &Value| of["tolerations"].as_array().into_iter().flatten().map(bare).collect::<Vec<_>>();
    let now = list(new);
    if list(old).iter().any(|toleration| !now.contains(toleration)) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        causes.push(Cause::forbidden("spec.tolerations", why));
    }
    for field in ["tolerations", "activeDeadlineSeconds"] {
        kept[field] = old[field].clone();
        if kept[field].is_null()
            && let Some(fields) = kept.as_object_mut()
        {
            fields.remove(field);
        }
    }
    if kept != *old {
        causes.push(Cause::forbidden("spec", POD_CHANGES));
    }
    causes
}
