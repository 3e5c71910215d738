//! Deployments, StatefulSets, DaemonSets and Jobs.
#![allow(clippy::unwrap_used)] // also in helpers

mod ground;

use ground::{Ground, condition, look};
use self_healing_sim::actor::{Behaviour, NodeSpec};
use serde_json::{Value, json};
use std::time::Duration;

fn image(image: &str) -> Value {
    json!({ "spec": { "template": { "spec": { "containers": [{ "name": "main", "image": image }] } } } })
}

/// `reason` of the condition Progressing.
fn progress(deployment: &Value) -> String {
    let all = deployment["status"]["conditions"].as_array().unwrap();
    all.iter().find(|one| one["type"] == "Progressing").unwrap()["reason"].as_str().unwrap().to_owned()
}

fn images(ground: &Ground, app: &str) -> Vec<String> {
    let pods = ground.pods(app);
    pods.iter().map(|pod| pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_rollout_replaces_pods_within_its_limits() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 4).await;
    ground.patch("deployments.apps", "web", image("app:2"));
    for _ in 0..20 {
        ground.pass(1).await;
        let ready = ground.pods("web").iter().filter(|pod| condition(pod, "Ready") == "True").count();
        assert!(ready >= 3, "{ready} ready pods of 4, and one may be missing");
        let active = ground.pods("web").iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).count();
        assert!(active <= 5, "{active} pods of 4, and one may be too many");
    }
    assert_eq!(images(&ground, "web"), ["app:2"; 4]);
    let web = ground.get("deployments.apps", "web");
    assert_eq!(progress(&web), "NewReplicaSetAvailable");
    assert_eq!(web["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    assert_eq!((&web["status"]["replicas"], &web["status"]["unavailableReplicas"]), (&json!(4), &Value::Null));
    assert_eq!(web["status"]["observedGeneration"], web["metadata"]["generation"]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_rollout_misses_its_deadline_and_a_rollback_heals_it() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 4).await;
    ground.levers.image("app:bad", Behaviour::Waits { reason: "ErrImagePull".into() });
    ground.patch("deployments.apps", "web", image("app:bad"));
    ground.pass(590).await;
    assert_eq!(progress(&ground.get("deployments.apps", "web")), "ReplicaSetUpdated");
    ground.pass(30).await;
    let web = ground.get("deployments.apps", "web");
    assert_eq!(
        (progress(&web).as_str(), condition(&web, "Progressing").as_str()),
        ("ProgressDeadlineExceeded", "False")
    );
    assert_eq!((condition(&web, "Available"), &web["status"]["availableReplicas"]), ("True".into(), &json!(3)));
    ground.patch("deployments.apps", "web", image("app:1"));
    ground.pass(20).await;
    let web = ground.get("deployments.apps", "web");
    assert_eq!((progress(&web).as_str(), &web["status"]["readyReplicas"]), ("NewReplicaSetAvailable", &json!(4)));
    assert_eq!(web["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
    assert_eq!(ground.hand.list("replicasets.apps", "default").len(), 2, "the old version's set is used again");
}

#[tokio::test(start_paused = true)]
async fn scaling_down_takes_pods_that_are_not_ready_first() {
    let ground = Ground::with_nodes(3).await;
    ground.deployment("web", 3).await;
    let sick = ground.first("web");
    ground.levers.pod("default", &sick, Behaviour::Unready).unwrap();
    ground.pass(1).await;
    ground.patch("deployments.apps", "web", json!({ "spec": { "replicas": 2 } }));
    ground.pass(5).await;
    assert_eq!(ground.pods("web").len(), 2);
    assert_eq!(*ground.get("pods", &sick), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn recreate_waits_until_the_old_pods_are_gone() {
    let ground = Ground::with_nodes(1).await;
    ground.workload("deployments.apps", "db", json!({ "replicas": 1, "strategy": { "type": "Recreate" } }));
    ground.pass(5).await;
    ground.levers.pod("default", &ground.first("db"), Behaviour::NeverStops).unwrap();
    ground.patch("deployments.apps", "db", image("app:2"));
    ground.pass(60).await;
    assert_eq!(images(&ground, "db"), ["app:1"]);
    ground.levers.pod("default", &ground.first("db"), Behaviour::Healthy).unwrap();
    ground.pass(5).await;
    assert_eq!(images(&ground, "db"), ["app:2"]);
}

#[tokio::test(start_paused = true)]
async fn a_stateful_set_keeps_identities_and_its_order() {
    let ground = Ground::with_nodes(3).await;
    ground.workload("statefulsets.apps", "db", json!({ "replicas": 3, "serviceName": "db" }));
    ground.pass(3).await;
    assert_eq!(ground.pods("db").len(), 2, "the second follows the first");
    ground.pass(10).await;
    let uid = |ground: &Ground, name: &str| ground.get("pods", name)["metadata"]["uid"].clone();
    let (first, third) = (uid(&ground, "db-0"), uid(&ground, "db-2"));
    ground.levers.pod("default", "db-1", Behaviour::NeverStops).unwrap();
    ground.delete("pods", "db-1");
    ground.pass(60).await;
    assert!(
        ground.get("pods", "db-1")["metadata"]["deletionTimestamp"].is_string(),
        "its place is taken while it is there"
    );
    ground.levers.pod("default", "db-1", Behaviour::Healthy).unwrap();
    ground.pass(5).await;
    assert_eq!(look(&ground.get("pods", "db-1")), "Running ready 0 running");
    ground.patch("statefulsets.apps", "db", image("app:2"));
    ground.pass(2).await;
    assert_eq!((uid(&ground, "db-0"), uid(&ground, "db-2") == third), (first.clone(), false), "the last one is first");
    ground.pass(20).await;
    assert_eq!(images(&ground, "db"), ["app:2"; 3]);
    let db = ground.get("statefulsets.apps", "db");
    assert_eq!((&db["status"]["readyReplicas"], &db["status"]["updatedReplicas"]), (&json!(3), &json!(3)));
    assert_eq!(db["status"]["currentRevision"], db["status"]["updateRevision"]);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_runs_on_every_node_also_on_cordoned_and_new_ones() {
    let ground = Ground::with_nodes(2).await;
    ground.patch("nodes", "node-1", json!({ "spec": { "unschedulable": true } }));
    ground.workload("daemonsets.apps", "agent", json!({}));
    ground.levers.add_node(NodeSpec::named("node-3"));
    ground.pass(5).await;
    let agent = ground.get("daemonsets.apps", "agent");
    assert_eq!((&agent["status"]["desiredNumberScheduled"], &agent["status"]["numberReady"]), (&json!(3), &json!(3)));
    ground.levers.power_off("node-2");
    ground.pass(600).await;
    assert_eq!(ground.pods("agent").iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).count(), 3);
    assert_eq!(ground.get("daemonsets.apps", "agent")["status"]["numberReady"], 2);
    ground.patch("daemonsets.apps", "agent", image("app:2"));
    ground.levers.power_on("node-2");
    ground.pass(100).await;
    assert_eq!(images(&ground, "agent"), ["app:2"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_job_tries_again_until_it_succeeds_or_gives_up() {
    let ground = Ground::with_nodes(1).await;
    let spec = json!({ "template": { "spec": { "restartPolicy": "Never" } }, "backoffLimit": 1 });
    ground.levers.workload("default", "good", Behaviour::Succeeds { after: Duration::from_secs(5) });
    ground.levers.workload("default", "bad", Behaviour::Fails { exit: 2, reason: String::new() });
    ground.workload("jobs.batch", "good", spec.clone());
    ground.workload("jobs.batch", "bad", spec);
    ground.pass(9).await;
    assert_eq!(condition(&ground.get("jobs.batch", "good"), "Complete"), "True");
    assert_eq!(look(&ground.pods("good")[0]), "Succeeded unready 0 terminated Completed");
    ground.pass(30).await;
    let bad = ground.get("jobs.batch", "bad");
    assert_eq!((condition(&bad, "Failed"), &bad["status"]["failed"]), ("True".into(), &json!(2)));
    assert_eq!(ground.pods("bad").len(), 2, "failed pods stay");
}
