//! Jobs: pods that end, tried again so often.

use super::pods::{active, ended, from_template};
use crate::actor::desk::{Desk, later};
use crate::actor::object::{
    conditions, going, holds, list, name, number, set_condition, stamp, text, time, uid, write_status,
};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Keeps a pod until it has been counted.
const TRACKED: &str = "batch.kubernetes.io/job-tracking";
/// The first and the longest wait after a failure, in seconds.
const BACK_OFF: (u64, u64) = (10, 360);

/// Counts what has ended, starts what is missing, and says when it is over.
pub(super) fn sync(desk: &mut Desk<Key>, key: &Key, job: &Value, pods: &[Arc<Value>]) -> Result<(), Failure> {
    let now = desk.hand.now();
    let count = |field: &str| job["status"][field].as_i64().unwrap_or(0);
    let (mut succeeded, mut failed) = (count("succeeded"), count("failed"));
    let over = holds(job, "Complete") || holds(job, "Failed");
    for pod in pods.iter().filter(|pod| tracked(pod)) {
        match text(pod, "/status/phase") {
            _ if over || going(job) => {}
            "Succeeded" => succeeded += 1,
            // A pod that is being deleted is one that has failed.
            _ if !active(pod) => failed += 1,
            _ => {}
        }
        if !active(pod) || over || going(job) {
            release(desk, key, pod)?;
        }
    }
    let live: Vec<&Arc<Value>> = pods.iter().filter(|pod| active(pod)).collect();
    let limit = number(job, "/spec/backoffLimit").unwrap_or(6);
    let wanted = number(job, "/spec/completions").unwrap_or(1);
    let mut told = conditions(job);
    let mut end = |kinds: [&str; 2], reason: &str, message: &str| {
        for kind in kinds {
            let new = json!({
                "type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": stamp(now),
            });
            set_condition(&mut told, new, now);
        }
    };
    let mut completion = job["status"]["completionTime"].clone();
    if !over && succeeded >= wanted {
        end(["SuccessCriteriaMet", "Complete"], "CompletionsReached", "Reached expected number of succeeded pods");
        completion = stamp(now);
    } else if !over && failed > limit {
        end(["FailureTarget", "Failed"], "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        for pod in &live {
            desk.hand.delete("pods", &key.namespace, name(pod), &DeleteOptions::default())?;
        }
    } else if !over && !going(job) {
        start(desk, key, job, pods, (wanted - succeeded, failed))?;
    }
    let ready = live.iter().filter(|pod| holds(pod, "Ready")).count();
    let begun = &job["status"]["startTime"];
    let mut status = json!({
        "startTime": if begun.is_null() { stamp(now) } else { begun.clone() }, "completionTime": completion,
        "active": live.len(), "ready": ready, "succeeded": succeeded, "failed": failed,
        "terminating": pods.iter().filter(|pod| going(pod) && !ended(pod)).count(), "uncountedTerminatedPods": {},
    });
    if !told.is_empty() {
        status["conditions"] = Value::Array(told);
    }
    write_status(&desk.hand, key, job, status, &["ready", "terminating"])
}

/// Starts what is missing, after a failure not before its back-off is over.
fn start(
    desk: &mut Desk<Key>,
    key: &Key,
    job: &Value,
    pods: &[Arc<Value>],
    (left, failed): (i64, i64),
) -> Result<(), Failure> {
    let busy = i64::try_from(pods.iter().filter(|pod| active(pod)).count()).unwrap_or(0);
    let missing = left.min(number(job, "/spec/parallelism").unwrap_or(1)) - busy;
    let ended_at = |pod: &Arc<Value>| time(pod, "/status/containerStatuses/0/state/terminated/finishedAt");
    let last = pods.iter().filter(|pod| text(pod, "/status/phase") == "Failed").filter_map(ended_at).max();
    if let Some(last) = last.filter(|_| missing > 0) {
        let doubled = BACK_OFF.0 << u32::try_from(failed - 1).unwrap_or(0).min(10);
        let due = later(last, Duration::from_secs(doubled.min(BACK_OFF.1)));
        if due > desk.hand.now() {
            desk.put_at(due, key.clone());
            return Ok(());
        }
    }
    let mut pod = from_template(job, &job["spec"]["template"]);
    pod["metadata"]["finalizers"] = json!([TRACKED]);
    for (label, value) in [("controller-uid", uid(job)), ("job-name", name(job))] {
        pod["metadata"]["labels"][label] = value.into();
        pod["metadata"]["labels"][format!("batch.kubernetes.io/{label}")] = value.into();
    }
    for _ in 0..missing {
        desk.hand.create("pods", &key.namespace, &pod)?;
    }
    Ok(())
}

fn tracked(pod: &Value) -> bool {
    list(pod, "/metadata/finalizers").iter().any(|finalizer| finalizer == TRACKED)
}

fn release(desk: &Desk<Key>, key: &Key, pod: &Value) -> Result<(), Failure> {
    let left: Vec<&Value> = list(pod, "/metadata/finalizers").iter().filter(|one| **one != TRACKED).collect();
    let left = if left.is_empty() { Value::Null } else { json!(left) };
    let patch = json!({ "metadata": { "finalizers": left } });
    desk.hand.patch("pods", &key.namespace, name(pod), &patch).map(drop)
}
