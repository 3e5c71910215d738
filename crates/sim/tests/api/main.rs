//! What the API does with objects, as the real one does it.

#![allow(clippy::unwrap_used)] // outside of #[test] functions too

mod create;
mod custom;
mod delete;
mod evict;
mod patch;
mod select;
mod subresources;
mod update;

use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::failure::Failure;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};

fn cluster() -> Cluster {
    Cluster::new("2030-01-01T00:00:00Z".parse().unwrap())
}

fn hand() -> Hand {
    Hand::new(&cluster(), User::admin("test"))
}

fn pod(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "c", "image": "i:1" }] } })
}

fn scheduled(name: &str) -> Value {
    let mut pod = pod(name);
    pod["spec"]["nodeName"] = "n1".into();
    pod
}

fn deployment(name: &str) -> Value {
    json!({
        "metadata": { "name": name },
        "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "c", "image": "i:1" }] } },
        },
    })
}

/// Code, reason, and the field of each cause.
fn said(failure: &Failure) -> (u16, &str, Vec<&str>) {
    let causes = failure.details["causes"].as_array().into_iter().flatten();
    (failure.code, failure.reason, causes.map(|cause| cause["field"].as_str().unwrap_or_default()).collect())
}
