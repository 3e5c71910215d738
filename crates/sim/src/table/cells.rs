//! What stands in the columns of built-in resources.

use jiff::Timestamp;
use serde_json::{Value, json};

/// Name, priority (above 0 only in wide tables), what to show.
type Column = (&'static str, i64, fn(&Value, Timestamp) -> Value);

const AGE: Column = ("Age", 0, |object, now| age(&object["metadata"]["creationTimestamp"], now));

#[rustfmt::skip] // a table, one column per line
const COLUMNS: &[(&str, &[Column])] = &[
    ("pods", &[
        ("Ready", 0, |pod, _| format!("{}/{}", pod_ready(pod), list(&pod["spec"]["containers"]).len()).into()),
        ("Status", 0, |pod, _| pod_status(pod).into()),
        ("Restarts", 0, pod_restarts),
        AGE,
        ("IP", 1, |pod, _| or_none(&pod["status"]["podIP"])),
        ("Node", 1, |pod, _| or_none(&pod["spec"]["nodeName"])),
    ]),
    ("nodes", &[
        ("Status", 0, |node, _| node_status(node).into()),
        ("Roles", 0, |node, _| node_roles(node)),
        AGE,
        ("Version", 0, |node, _| node["status"]["nodeInfo"]["kubeletVersion"].clone()),
    ]),
    ("namespaces", &[("Status", 0, |namespace, _| namespace["status"]["phase"].clone()), AGE]),
    ("services", &[
        ("Type", 0, |service, _| service["spec"]["type"].clone()),
        ("Cluster-IP", 0, |service, _| or_none(&service["spec"]["clusterIP"])),
        ("Port(s)", 0, |service, _| ports(service)),
        AGE,
    ]),
    ("configmaps", &[("Data", 0, |map, _| map["data"].as_object().map_or(0, serde_json::Map::len).into()), AGE]),
    ("events", &[
        ("Last Seen", 0, |event, now| age([&event["series"]["lastObservedTime"], &event["lastTimestamp"], &event["eventTime"]]
            .into_iter().find(|time| !time.is_null()).unwrap_or(&event["metadata"]["creationTimestamp"]), now)),
        ("Type", 0, |event, _| event["type"].clone()),
        ("Reason", 0, |event, _| event["reason"].clone()),
        ("Object", 0, |event, _| format!("{}/{}", text(&event["involvedObject"]["kind"]).to_lowercase(), text(&event["involvedObject"]["name"])).into()),
        ("Message", 0, |event, _| text(&event["message"]).trim().into()),
    ]),
    ("deployments.apps", &[
        ("Ready", 0, |object, _| of_wanted(object, "readyReplicas")),
        ("Up-to-date", 0, |object, _| number(&object["status"]["updatedReplicas"]).into()),
        ("Available", 0, |object, _| number(&object["status"]["availableReplicas"]).into()),
        AGE,
    ]),
    ("replicasets.apps", &[
        ("Desired", 0, |object, _| number(&object["spec"]["replicas"]).into()),
        ("Current", 0, |object, _| number(&object["status"]["replicas"]).into()),
        ("Ready", 0, |object, _| number(&object["status"]["readyReplicas"]).into()),
        AGE,
    ]),
    ("statefulsets.apps", &[("Ready", 0, |object, _| of_wanted(object, "readyReplicas")), AGE]),
    ("daemonsets.apps", &[
        ("Desired", 0, |object, _| number(&object["status"]["desiredNumberScheduled"]).into()),
        ("Current", 0, |object, _| number(&object["status"]["currentNumberScheduled"]).into()),
        ("Ready", 0, |object, _| number(&object["status"]["numberReady"]).into()),
        AGE,
    ]),
    ("jobs.batch", &[
        ("Completions", 0, |job, _| format!("{}/{}", number(&job["status"]["succeeded"]), number(&job["spec"]["completions"])).into()),
        AGE,
    ]),
    ("poddisruptionbudgets.policy", &[
        ("Min Available", 0, |budget, _| or_not(&budget["spec"]["minAvailable"])),
        ("Max Unavailable", 0, |budget, _| or_not(&budget["spec"]["maxUnavailable"])),
        ("Allowed Disruptions", 0, |budget, _| number(&budget["status"]["disruptionsAllowed"]).into()),
        AGE,
    ]),
    ("leases.coordination.k8s.io", &[("Holder", 0, |lease, _| or_none(&lease["spec"]["holderIdentity"])), AGE]),
    ("customresourcedefinitions.apiextensions.k8s.io", &[("Created At", 0, |object, _| object["metadata"]["creationTimestamp"].clone())]),
];

/// The columns of a resource after its name.
pub(super) fn columns(resource: &str) -> &'static [Column] {
    COLUMNS.iter().find(|(of, _)| *of == resource).map_or(&[AGE], |(_, columns)| columns)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A number; 0 when there is none.
pub(super) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn or(value: &Value, none: &str) -> Value {
    match value {
        Value::Null => none.into(),
        Value::String(text) if text.is_empty() => none.into(),
        value => value.clone(),
    }
}

fn or_none(value: &Value) -> Value {
    or(value, "<none>")
}

fn or_not(value: &Value) -> Value {
    or(value, "N/A")
}

fn of_wanted(object: &Value, field: &str) -> Value {
    format!("{}/{}", number(&object["status"][field]), number(&object["spec"]["replicas"])).into()
}

fn ports(service: &Value) -> Value {
    let port = |port: &Value| format!("{}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP"));
    let ports: Vec<String> = list(&service["spec"]["ports"]).iter().map(port).collect();
    if ports.is_empty() { "<none>".into() } else { ports.join(",").into() }
}

/// How long ago, as people say it.
pub(super) fn age(time: &Value, now: Timestamp) -> Value {
    match text(time).parse::<Timestamp>() {
        Ok(then) => words(now.duration_since(then).as_secs()).into(),
        Err(_) => "<unknown>".into(),
    }
}

fn words(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let two = |big: i64, unit: &str, small: i64, rest: &str| match small {
        0 => format!("{big}{unit}"),
        small => format!("{big}{unit}{small}{rest}"),
    };
    match seconds {
        ..0 => "<invalid>".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        _ => format!("{days}d"),
    }
}

fn pod_ready(pod: &Value) -> usize {
    let ready = |status: &&Value| status["ready"] == true && !status["state"]["running"].is_null();
    list(&pod["status"]["containerStatuses"]).iter().filter(ready).count()
}

fn pod_status(pod: &Value) -> String {
    let status = &pod["status"];
    let mut reason = [&status["reason"], &status["phase"]]
        .map(text)
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned();
    for container in list(&status["containerStatuses"]).iter().rev() {
        let (waiting, ended) = (&container["state"]["waiting"], &container["state"]["terminated"]);
        if !text(&waiting["reason"]).is_empty() {
            reason = text(&waiting["reason"]).to_owned();
        } else if !text(&ended["reason"]).is_empty() {
            reason = text(&ended["reason"]).to_owned();
        } else if !ended.is_null() {
            reason = format!("ExitCode:{}", number(&ended["exitCode"]));
        }
    }
    if reason == "Completed" && pod_ready(pod) > 0 {
        reason = if condition(pod, "Ready") == "True" { "Running" } else { "NotReady" }.to_owned();
    }
    let ending = !pod["metadata"]["deletionTimestamp"].is_null();
    match text(&status["reason"]) {
        "NodeLost" if ending => "Unknown".to_owned(),
        _ if ending && !matches!(text(&status["phase"]), "Succeeded" | "Failed") => "Terminating".to_owned(),
        _ => reason,
    }
}

fn pod_restarts(pod: &Value, now: Timestamp) -> Value {
    let containers = list(&pod["status"]["containerStatuses"]);
    let restarts: i64 = containers.iter().map(|container| number(&container["restartCount"])).sum();
    let ends = containers.iter().map(|container| &container["lastState"]["terminated"]["finishedAt"]);
    match ends.filter(|time| !time.is_null()).max_by_key(|time| text(time)) {
        Some(last) if restarts > 0 => format!("{restarts} ({} ago)", text(&age(last, now))).into(),
        _ => restarts.to_string().into(),
    }
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a str {
    list(&object["status"]["conditions"]).iter().find(|one| one["type"] == kind).map_or("", |one| text(&one["status"]))
}

fn node_status(node: &Value) -> String {
    let ready = match condition(node, "Ready") {
        "True" => "Ready",
        "" => "Unknown",
        _ => "NotReady",
    };
    let cordoned = if node["spec"]["unschedulable"] == true { ",SchedulingDisabled" } else { "" };
    format!("{ready}{cordoned}")
}

fn node_roles(node: &Value) -> Value {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let roles: Vec<&str> = labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    if roles.is_empty() { json!("<none>") } else { roles.join(",").into() }
}

/// What a simple JSONPath finds first: names, indexes, and `[?(@.name=="word")]`.
pub(super) fn path<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut found = object;
    // A dot inside of brackets or behind a backslash is none that parts.
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (inside, after) = inner.split_once(']')?;
            rest = after;
            found = match inside.strip_prefix("?(@.").and_then(|test| test.strip_suffix(')')) {
                Some(test) => {
                    let (name, word) = test.split_once("==")?;
                    let word = word.trim().trim_matches(['"', '\'']);
                    found.as_array()?.iter().find(|one| one[name.trim()] == word)?
                }
                None => found.get(inside.parse::<usize>().ok()?)?,
            };
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let bytes = rest.as_bytes();
        let end = (0..bytes.len())
            .find(|at| bytes[*at] == b'[' || (bytes[*at] == b'.' && (*at == 0 || bytes[*at - 1] != b'\\')));
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        found = if name.is_empty() { found } else { found.get(name.replace('\\', ""))? };
    }
    Some(found).filter(|found| !found.is_null())
}
