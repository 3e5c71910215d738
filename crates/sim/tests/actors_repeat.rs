//! The same story is the same history.
#![allow(clippy::unwrap_used)] // also in helpers

mod ground;

use ground::Ground;
use self_healing_sim::actor::Behaviour;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A story with a crash, a dead node and a rollout, as every change that was made.
fn history() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    runtime.block_on(async move {
        let ground = Ground::with_nodes(5).await;
        let witness = move |commit: &self_healing_sim::store::Commit, _: &self_healing_sim::store::Store| {
            kept.lock().unwrap().push(format!("{} {:?} {}", commit.version, commit.key, commit.shown));
        };
        ground.cluster.add_witness(Box::new(witness));
        ground.deployment("web", 6).await;
        ground.workload("statefulsets.apps", "db", json!({ "replicas": 3 }));
        ground.levers.pod("default", &ground.first("web"), Behaviour::CrashLoop { restarts: 2, exit: 1 }).unwrap();
        ground.levers.power_off("node-2");
        ground.pass(500).await;
        ground.levers.power_on("node-2");
        ground.patch(
            "deployments.apps",
            "web",
            json!({ "spec": { "template": { "metadata": { "labels": { "v": "2" } } } } }),
        );
        ground.pass(500).await;
    });
    lines.lock().unwrap().clone()
}

#[test]
fn the_same_story_makes_the_same_changes_in_the_same_order() {
    let (one, other) = (history(), history());
    assert!(one.len() > 500, "{} changes", one.len());
    let different = one.iter().zip(&other).find(|(one, other)| one != other);
    assert_eq!((different, one.len()), (None, other.len()));
}
