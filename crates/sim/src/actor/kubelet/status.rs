//! What a kubelet writes into the status of a pod.

use super::run::back_off;
use crate::actor::ground::{Exit, Run, Stage};
use crate::actor::object::{conditions, list, name, namespace, set_condition, stamp, uid};
use crate::actor::story::LAST_WORDS;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// The conditions that are the kubelet's, in its order; those of others follow.
const OWN: [&str; 4] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"];

/// Bytes of a termination message; a kubelet keeps no more.
const TERMINATION_MESSAGE: usize = 4096;

/// The whole status: what the containers of `run` do, and what others wrote into `pod`.
pub(super) fn of(run: &Run, pod: &Value, host: Ipv4Addr, now: Timestamp) -> Value {
    let (host, address) = (host.to_string(), run.address.to_string());
    let mut status = json!({
        "observedGeneration": pod["metadata"]["generation"],
        "phase": phase(run),
        "qosClass": pod["status"]["qosClass"],
        "startTime": stamp(run.taken),
        "hostIP": host, "hostIPs": [{ "ip": host }],
        "conditions": all_conditions(run, pod, now),
        "containerStatuses": containers(run, pod),
    });
    if run.stage != Stage::Creating || run.last.is_some() {
        status["podIP"] = address.clone().into();
        status["podIPs"] = json!([{ "ip": address }]);
    }
    if let Stage::Done { reason, .. } = &run.stage
        && !reason.is_empty()
    {
        status["reason"] = reason.clone().into();
        status["message"] = format!("Pod was ended by the kubelet: {reason}").into();
    }
    status
}

fn phase(run: &Run) -> &'static str {
    match &run.stage {
        Stage::Creating | Stage::Waiting { .. } if run.last.is_none() => "Pending",
        Stage::Done { exit, .. } if exit.code == 0 => "Succeeded",
        Stage::Done { .. } => "Failed",
        _ => "Running",
    }
}

fn all_conditions(run: &Run, pod: &Value, now: Timestamp) -> Vec<Value> {
    let known = conditions(pod);
    let own = |condition: &&Value| OWN.iter().any(|kind| condition["type"] == *kind);
    let mut all: Vec<Value> =
        OWN.iter().filter_map(|kind| known.iter().rfind(|known| known["type"] == *kind)).cloned().collect();
    for kind in OWN {
        let good = match kind {
            "PodReadyToStartContainers" => !matches!(run.stage, Stage::Creating | Stage::Done { .. }),
            "Initialized" => true,
            _ => run.stage == Stage::Running { ready: true },
        };
        let mut new = json!({ "type": kind, "status": if good { "True" } else { "False" } });
        new["observedGeneration"] = pod["metadata"]["generation"].clone();
        if !good && kind.ends_with("eady") {
            let done = |phase| if phase == "Succeeded" { "PodCompleted" } else { "PodFailed" };
            let names: Vec<&str> =
                list(pod, "/spec/containers").iter().filter_map(|one| one["name"].as_str()).collect();
            match run.stage {
                Stage::Done { .. } => new["reason"] = done(phase(run)).into(),
                _ => {
                    new["reason"] = "ContainersNotReady".into();
                    new["message"] = format!("containers with unready status: [{}]", names.join(" ")).into();
                }
            }
        }
        set_condition(&mut all, new, now);
    }
    all.extend(known.iter().filter(|condition| !own(condition)).cloned());
    all
}

fn containers(run: &Run, pod: &Value) -> Vec<Value> {
    let last = run.last.as_ref().map_or(json!({}), |exit| json!({ "terminated": ended(exit, pod) }));
    let running = matches!(run.stage, Stage::Running { .. });
    let one = |container: &Value| {
        let container_name = container["name"].as_str().unwrap_or_default();
        let mut status = json!({
            "name": container_name, "image": container["image"], "imageID": "", "restartCount": run.restarts,
            "ready": run.stage == Stage::Running { ready: true }, "started": running,
            "state": state(run, pod, container_name), "lastState": last,
        });
        if running && container["resources"].as_object().is_some_and(|resources| !resources.is_empty()) {
            // What it runs with; a resize is done as soon as it is asked for.
            status["resources"] = container["resources"].clone();
        }
        if !matches!(run.stage, Stage::Creating | Stage::Waiting { .. }) {
            status["imageID"] = container["image"].clone();
            status["containerID"] = format!("embedded://{}/{container_name}/{}", uid(pod), run.restarts).into();
        }
        status
    };
    list(pod, "/spec/containers").iter().map(one).collect()
}

fn state(run: &Run, pod: &Value, container: &str) -> Value {
    match &run.stage {
        Stage::Creating => json!({ "waiting": { "reason": "ContainerCreating" } }),
        Stage::Waiting { reason, message } => json!({ "waiting": { "reason": reason, "message": message } }),
        Stage::Running { .. } => json!({ "running": { "startedAt": stamp(run.since) } }),
        Stage::Ended(exit) | Stage::Done { exit, .. } => json!({ "terminated": ended(exit, pod) }),
        Stage::BackOff => {
            let wait = match back_off(run.failures).as_secs() {
                seconds if seconds < 60 => format!("{seconds}s"),
                seconds => format!("{}m{}s", seconds / 60, seconds % 60),
            };
            let of = format!("{}_{}({})", name(pod), namespace(pod), uid(pod));
            let message = format!("back-off {wait} restarting failed container={container} pod={of}");
            json!({ "waiting": { "reason": "CrashLoopBackOff", "message": message } })
        }
    }
}

fn ended(exit: &Exit, pod: &Value) -> Value {
    let mut ended = json!({
        "exitCode": exit.code, "reason": exit.reason, "startedAt": stamp(exit.started), "finishedAt": stamp(exit.finished),
    });
    if let Some(words) = pod["metadata"]["annotations"][LAST_WORDS].as_str() {
        ended["message"] = words[..words.floor_char_boundary(TERMINATION_MESSAGE)].into();
    }
    ended
}
