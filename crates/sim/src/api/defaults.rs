//! What the server fills in: defaults of fields, and the status that a new object begins with.

use crate::resource::Resource;
use serde_json::{Map, Value, json};

/// Resource, pointer, default as JSON.
type Line = (&'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const FIELDS: &[Line] = &[
    ("namespaces", "/spec/finalizers", r#"["kubernetes"]"#),
    ("services", "/spec/type", r#""ClusterIP""#),
    ("services", "/spec/sessionAffinity", r#""None""#),
    ("deployments.apps", "/spec/replicas", "1"),
    ("deployments.apps", "/spec/strategy/type", r#""RollingUpdate""#),
    ("deployments.apps", "/spec/strategy/rollingUpdate", r#"{"maxUnavailable":"25%","maxSurge":"25%"}"#),
    ("deployments.apps", "/spec/revisionHistoryLimit", "10"),
    ("deployments.apps", "/spec/progressDeadlineSeconds", "600"),
    ("replicasets.apps", "/spec/replicas", "1"),
    ("statefulsets.apps", "/spec/replicas", "1"),
    ("statefulsets.apps", "/spec/podManagementPolicy", r#""OrderedReady""#),
    ("statefulsets.apps", "/spec/updateStrategy/type", r#""RollingUpdate""#),
    ("statefulsets.apps", "/spec/updateStrategy/rollingUpdate", r#"{"partition":0,"maxUnavailable":1}"#),
    ("statefulsets.apps", "/spec/persistentVolumeClaimRetentionPolicy", r#"{"whenDeleted":"Retain","whenScaled":"Retain"}"#),
    ("statefulsets.apps", "/spec/serviceName", r#""""#),
    ("statefulsets.apps", "/spec/revisionHistoryLimit", "10"),
    ("daemonsets.apps", "/spec/updateStrategy/type", r#""RollingUpdate""#),
    ("daemonsets.apps", "/spec/updateStrategy/rollingUpdate", r#"{"maxUnavailable":1,"maxSurge":0}"#),
    ("daemonsets.apps", "/spec/revisionHistoryLimit", "10"),
    ("jobs.batch", "/spec/parallelism", "1"),
    ("jobs.batch", "/spec/completions", "1"),
    ("jobs.batch", "/spec/backoffLimit", "6"),
    ("jobs.batch", "/spec/completionMode", r#""NonIndexed""#),
    ("jobs.batch", "/spec/suspend", "false"),
];

/// Of the specification of a pod.
#[rustfmt::skip] // a table
const POD: &[(&str, &str)] = &[
    ("/restartPolicy", r#""Always""#),
    ("/terminationGracePeriodSeconds", "30"),
    ("/dnsPolicy", r#""ClusterFirst""#),
    ("/securityContext", "{}"),
    ("/schedulerName", r#""default-scheduler""#),
];

/// Of a pod that is no template.
#[rustfmt::skip] // a table
const REAL_POD: &[(&str, &str)] = &[
    ("/priority", "0"),
    ("/enableServiceLinks", "true"),
    ("/preemptionPolicy", r#""PreemptLowerPriority""#),
];

/// Of a container.
#[rustfmt::skip] // a table
const CONTAINER: &[(&str, &str)] = &[
    ("/resources", "{}"),
    ("/terminationMessagePath", r#""/dev/termination-log""#),
    ("/terminationMessagePolicy", r#""File""#),
];

/// The status of a new object, where it is not empty.
#[rustfmt::skip] // a table
const STATUS: &[(&str, &str)] = &[
    ("namespaces", r#"{"phase":"Active"}"#),
    ("services", r#"{"loadBalancer":{}}"#),
    ("replicasets.apps", r#"{"replicas":0}"#),
    ("statefulsets.apps", r#"{"replicas":0,"availableReplicas":0}"#),
    ("daemonsets.apps", r#"{"currentNumberScheduled":0,"numberMisscheduled":0,"desiredNumberScheduled":0,"numberReady":0}"#),
    ("poddisruptionbudgets.policy", r#"{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0}"#),
];

/// Fills in what is not given, on every write.
pub(super) fn fill(resource: &Resource, object: &mut Value) {
    let name = resource.name();
    for (_, pointer, value) in FIELDS.iter().filter(|(of, ..)| *of == name) {
        // How to roll is said only where it rolls.
        let strategy = pointer.strip_suffix("/rollingUpdate").and_then(|strategy| object.pointer(strategy));
        if strategy.is_none_or(|strategy| strategy["type"] == "RollingUpdate") {
            default(object, pointer, value);
        }
    }
    if name == "namespaces" {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = object["metadata"]["name"].clone();
    } else if name == "pods" {
        pod_spec(&mut object["spec"]);
        for (pointer, value) in REAL_POD {
            default(&mut object["spec"], pointer, value);
        }
        tolerate(&mut object["spec"]);
        request(&mut object["spec"]);
    } else if matches!(resource.group.as_str(), "apps" | "batch") && object["spec"]["template"].is_object() {
        pod_spec(&mut object["spec"]["template"]["spec"]);
    }
}

fn pod_spec(spec: &mut Value) {
    for (pointer, value) in POD {
        default(spec, pointer, value);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            for (pointer, value) in CONTAINER {
                default(container, pointer, value);
            }
            for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                default(port, "/protocol", r#""TCP""#);
            }
            let image = container["image"].as_str().unwrap_or_default();
            let tag = image
                .rsplit_once('/')
                .map_or(image, |(_, image)| image)
                .split_once(':')
                .map_or("latest", |(_, tag)| tag);
            let policy = if tag == "latest" { r#""Always""# } else { r#""IfNotPresent""# };
            default(container, "/imagePullPolicy", policy);
        }
    }
}

/// What a container is limited to, it also asks for, if it does not say how much.
fn request(spec: &mut Value) {
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let limits = container["resources"]["limits"].as_object().cloned().unwrap_or_default();
            for (what, limit) in limits {
                let asked = &mut container["resources"]["requests"][&what];
                if asked.is_null() {
                    *asked = limit;
                }
            }
        }
    }
}

/// Each pod stays five minutes on a node that is not ready or not to be reached, if it says nothing else.
fn tolerate(spec: &mut Value) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = spec["tolerations"].as_array().is_some_and(|known| {
            known.iter().any(|one| {
                let effect = matches!(one["effect"].as_str(), None | Some("" | "NoExecute"));
                effect && (one["key"] == key || one["key"].as_str().unwrap_or_default().is_empty())
            })
        });
        if !tolerated {
            let toleration =
                json!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 });
            match spec["tolerations"].as_array_mut() {
                Some(tolerations) => tolerations.push(toleration),
                None => spec["tolerations"] = json!([toleration]),
            }
        }
    }
}

/// Sets a field that is not there.
fn default(object: &mut Value, pointer: &str, value: &str) {
    let mut at = object;
    for name in pointer.split('/').skip(1) {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        let Some(fields) = at.as_object_mut() else { return };
        at = fields.entry(name).or_insert(Value::Null);
    }
    if at.is_null() {
        *at = serde_json::from_str(value).unwrap_or_default();
    }
}

/// The status with which an object begins, whatever was sent. A kubelet registers its Node with one.
pub(super) fn begin_status(resource: &Resource, object: &mut Value) {
    let name = resource.name();
    match name.as_str() {
        _ if !resource.status => {}
        "nodes" => register(object),
        "pods" => object["status"] = json!({ "phase": "Pending", "qosClass": quality(&object["spec"]) }),
        _ if resource.custom.is_some() => {
            if let Some(object) = object.as_object_mut() {
                object.remove("status");
            }
        }
        name => {
            let known = STATUS.iter().find(|(of, _)| *of == name).map_or("{}", |(_, status)| status);
            object["status"] = serde_json::from_str(known).unwrap_or_default();
        }
    }
}

/// A new Node takes no pods until it is known to be ready, and can give what it has.
fn register(node: &mut Value) {
    let taint = json!({ "key": "node.kubernetes.io/not-ready", "effect": "NoSchedule" });
    match node["spec"]["taints"].as_array_mut() {
        Some(taints) if taints.contains(&taint) => {}
        Some(taints) => taints.push(taint),
        None => node["spec"]["taints"] = json!([taint]),
    }
    if node["status"]["allocatable"].is_null() && !node["status"]["capacity"].is_null() {
        node["status"]["allocatable"] = node["status"]["capacity"].clone();
    }
}

/// The quality of service of a pod.
fn quality(spec: &Value) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    for list in ["containers", "initContainers"] {
        for container in spec[list].as_array().into_iter().flatten() {
            for what in ["cpu", "memory"] {
                let limit = &container["resources"]["limits"][what];
                let request = &container["resources"]["requests"][what];
                any |= !limit.is_null() || !request.is_null();
                guaranteed &= !limit.is_null() && (request.is_null() || request == limit);
            }
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
