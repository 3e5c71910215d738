//! A small cluster in virtual time.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part, and all of this is for tests

use self_healing_sim::actor::{Actors, Levers, NodeSpec, Options};
use self_healing_sim::api::{DeleteOptions, User};
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A cluster with its actors and the hand of a person.
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) hand: Hand,
    pub(crate) levers: Levers,
    _actors: Actors,
}

impl Ground {
    /// Nodes `node-1` … in zones a, b, c by turns.
    pub(crate) async fn with_nodes(count: usize) -> Self {
        let cluster = Cluster::new("2026-01-01T00:00:00Z".parse().unwrap());
        let actors = Actors::start(&cluster, &Options::default());
        let hand = Hand::new(&cluster, User::admin("person"));
        let ground = Self { cluster, hand, levers: actors.levers().clone(), _actors: actors };
        for number in 1..=count {
            let zone = ["a", "b", "c"][(number - 1) % 3];
            ground.levers.add_node(NodeSpec::named(format!("node-{number}")).zone(zone));
        }
        ground.pass(1).await;
        ground
    }

    /// Lets so many seconds pass, and a moment more, so that what is due then has happened.
    pub(crate) async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds) + Duration::from_millis(5)).await;
    }

    /// An object; null when there is none.
    pub(crate) fn get(&self, resource: &str, name: &str) -> Arc<Value> {
        let namespace = match resource {
            "nodes" | "namespaces" => "",
            _ => "default",
        };
        self.hand.get(resource, namespace, name).unwrap_or_default()
    }

    pub(crate) fn create(&self, resource: &str, object: Value) -> Arc<Value> {
        self.hand.create(resource, "default", &object).unwrap()
    }

    pub(crate) fn patch(&self, resource: &str, name: &str, patch: Value) {
        let namespace = if resource == "nodes" { "" } else { "default" };
        self.hand.patch(resource, namespace, name, &patch).unwrap();
    }

    pub(crate) fn delete(&self, resource: &str, name: &str) {
        let namespace = if matches!(resource, "nodes" | "namespaces") { "" } else { "default" };
        self.hand.delete(resource, namespace, name, &DeleteOptions::default()).unwrap();
    }

    /// A Deployment, StatefulSet or other workload whose pods are labelled `app: NAME`.
    pub(crate) fn workload(&self, resource: &str, name: &str, spec: Value) -> Arc<Value> {
        let labels = json!({ "app": name });
        let mut object = json!({ "metadata": { "name": name }, "spec": spec });
        if resource != "jobs.batch" {
            object["spec"]["selector"] = json!({ "matchLabels": labels });
        }
        let template = &mut object["spec"]["template"];
        template["metadata"]["labels"] = labels;
        if template["spec"]["containers"].is_null() {
            template["spec"]["containers"] = json!([{ "name": "main", "image": "app:1" }]);
        }
        self.create(resource, object)
    }

    /// A Deployment that has become ready.
    pub(crate) async fn deployment(&self, name: &str, replicas: u32) {
        self.workload("deployments.apps", name, json!({ "replicas": replicas }));
        self.pass(5).await;
    }

    /// The pods labelled `app: NAME`.
    pub(crate) fn pods(&self, app: &str) -> Vec<Arc<Value>> {
        let mut pods = self.hand.list("pods", "default");
        pods.retain(|pod| pod["metadata"]["labels"]["app"] == app);
        pods
    }

    /// Name of the first pod labelled `app: NAME`.
    pub(crate) fn first(&self, app: &str) -> String {
        self.pods(app)[0]["metadata"]["name"].as_str().unwrap().to_owned()
    }
}

/// `Ready=True` or whatever there is of the condition.
pub(crate) fn condition(object: &Value, kind: &str) -> String {
    let all = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|condition| condition["type"] == kind);
    found.map_or("absent".to_owned(), |condition| condition["status"].as_str().unwrap().to_owned())
}

/// How a pod looks in one line: phase, readiness, restarts, state of its first container.
pub(crate) fn look(pod: &Value) -> String {
    let container = &pod["status"]["containerStatuses"][0];
    let (kind, state) = container["state"].as_object().and_then(|state| state.iter().next()).unwrap();
    let reason = state["reason"].as_str().unwrap_or("");
    let phase = pod["status"]["phase"].as_str().unwrap();
    let ready = if condition(pod, "Ready") == "True" { "ready" } else { "unready" };
    format!("{phase} {ready} {} {kind} {reason}", container["restartCount"]).trim_end().to_owned()
}
