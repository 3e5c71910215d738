//! What a cluster and a controller do, in a line each.

use crate::history::{By, CLUSTER, History};
use self_healing_api::marks;
use self_healing_sim::store::Key;
use self_healing_trial::check::{Fault, FaultKind, Note, Read, Sent};
use serde_json::{Value, json};

pub(crate) fn pod(name: &str) -> Key {
    Key::new("pods", "shop", name)
}

pub(crate) fn node(name: &str) -> Key {
    Key::new("nodes", "", name)
}

pub(crate) fn record(name: &str) -> Key {
    Key::new("recoveries.self-healing.dev", "self-healing", name)
}

pub(crate) fn lease() -> Key {
    Key::new("leases.coordination.k8s.io", "self-healing", "self-healing-controller")
}

/// A status of a Recovery whose attempts have these strategies, each on the object of that uid; all but the last are over.
pub(crate) fn status(phase: &str, attempts: &[(&str, &str)], now: impl ToString) -> Value {
    let last = attempts.len().saturating_sub(1);
    let now = now.to_string();
    let attempts: Vec<Value> = attempts
        .iter()
        .enumerate()
        .map(|(at, (strategy, uid))| {
            let mut attempt = json!({"strategy": strategy, "startedAt": now, "result": "InProgress",
                "target": {"kind": if uid.starts_with("pod") { "Pod" } else { "Node" }, "name": "x", "uid": uid}});
            if at < last {
                attempt["finishedAt"] = now.clone().into();
            }
            attempt
        })
        .collect();
    json!({"phase": phase, "attempts": attempts, "evidence": [{"name": "gathered", "value": "at 0 s"}]})
}

/// The same when the Recovery is over.
pub(crate) fn over(phase: &str, attempts: &[(&str, &str)], now: impl ToString) -> Value {
    let now = now.to_string();
    let mut status = status(phase, attempts, &now);
    status["finishedAt"] = now.clone().into();
    for attempt in status["attempts"].as_array_mut().unwrap() {
        attempt["finishedAt"] = now.clone().into();
    }
    status
}

/// The same when a guard holds it.
pub(crate) fn held(guard: &str, reason: &str) -> Value {
    json!({"phase": "Held", "guards": [{"name": guard, "result": "Hold", "reason": reason}]})
}

impl History {
    /// A Ready node that has been there for a day; its uid is `node-NAME`.
    pub(crate) fn node(&mut self, name: &str) {
        let object = json!({"metadata": {"name": name, "uid": format!("node-{name}"), "labels": {"zone": "z"}, "annotations": {},
                "creationTimestamp": "2025-12-31T00:00:00Z"},
            "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        self.put(&CLUSTER, node(name), object);
    }

    /// A pod of ReplicaSet `web` on a node, not ready; its uid is `pod-NAME`.
    pub(crate) fn pod(&mut self, name: &str, on: &str) {
        let object = json!({"metadata": {"name": name, "namespace": "shop", "uid": format!("pod-{name}"), "labels": {"app": "web"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs-web", "controller": true}]},
            "spec": {"nodeName": on},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
        self.put(&CLUSTER, pod(name), object);
    }

    /// `instance` takes or renews the leader's Lease.
    pub(crate) fn leads(&mut self, instance: &'static str) {
        self.leader = Some(instance);
        let object =
            json!({"metadata": {"uid": "lease"}, "spec": {"holderIdentity": instance, "leaseDurationSeconds": 15}});
        self.writes(instance, "update", &lease(), object.clone(), Some(object));
    }

    /// `instance` begins, and leads.
    pub(crate) fn starts(&mut self, instance: &'static str) {
        self.note(Note::Began { instance: instance.into() });
        self.leads(instance);
    }

    /// `instance` sends a write, without effect so far; `verb` may have a subresource, as in `create/eviction`.
    pub(crate) fn sends(&self, instance: &str, verb: &'static str, key: &Key, body: &Value) {
        let (verb, subresource) = verb.split_once('/').unwrap_or((verb, ""));
        let mut key = key.clone();
        if verb == "create" && subresource.is_empty() {
            key.name = "".into();
        }
        self.note(Note::Sent(Sent {
            instance: instance.into(),
            id: 0,
            verb,
            key,
            subresource: subresource.into(),
            query: String::new(),
            body: body.clone().into(),
        }));
    }

    /// `instance` sends a write that makes the object `after`.
    pub(crate) fn writes(&mut self, instance: &str, verb: &'static str, key: &Key, body: Value, after: Option<Value>) {
        self.sends(instance, verb, key, &body);
        self.lands(instance, verb, key, body, after);
    }

    /// What `instance` sent takes effect.
    pub(crate) fn lands(&mut self, instance: &str, verb: &'static str, key: &Key, body: Value, after: Option<Value>) {
        let (verb, subresource) = verb.split_once('/').unwrap_or((verb, ""));
        let by = By { instance, verb, subresource, body };
        match after {
            Some(after) => self.put(&by, key.clone(), after),
            None => self.remove(&by, key.clone()),
        }
    }

    /// `instance` reads the object as it is, with a quorum read.
    pub(crate) fn reads(&self, instance: &str, key: &Key) {
        let object = self.store.get(key);
        let version = object.map_or("", |object| object["metadata"]["resourceVersion"].as_str().unwrap());
        self.note(Note::Read(Read {
            instance: instance.into(),
            key: key.clone(),
            version: version.to_owned(),
            quorum: true,
            ok: true,
        }));
    }

    /// `instance` creates a Recovery named `name` of the object of that kind; the uid is the object's.
    pub(crate) fn opens(&mut self, instance: &str, name: &str, kind: &str, of: &Key) {
        self.opens_as(instance, name, kind, of, |_| ());
    }

    /// `instance` opens a Recovery of a pod, and begins to work on it.
    pub(crate) fn begins(&mut self, instance: &str, name: &str, of: &str) {
        self.opens(instance, name, "Pod", &pod(of));
        self.saves(instance, name, status("Running", &[("restart", &format!("pod-{of}"))], self.now()));
    }

    /// The same, with a Recovery that is changed before.
    pub(crate) fn opens_as(
        &mut self,
        instance: &str,
        name: &str,
        kind: &str,
        of: &Key,
        change: impl FnOnce(&mut Value),
    ) {
        let uid = self.get(of)["metadata"]["uid"].clone();
        let workload = if kind == "Pod" {
            json!({"kind": "ReplicaSet", "namespace": "shop", "name": "web", "uid": "rs-web"})
        } else {
            Value::Null
        };
        let mut object = json!({"metadata": {"name": name, "namespace": "self-healing", "uid": format!("rec-{name}")},
            "spec": {"strategy": "restart", "cause": "CrashLoop", "mode": "Enforce", "workload": workload,
                "target": {"kind": kind, "namespace": &*of.namespace, "name": &*of.name, "uid": uid}}});
        change(&mut object);
        self.writes(instance, "create", &record(name), object.clone(), Some(object));
    }

    /// `instance` saves the status of a Recovery.
    pub(crate) fn saves(&mut self, instance: &str, name: &str, status: Value) {
        let mut object = self.get(&record(name)).clone();
        let mut body = json!({"metadata": object["metadata"]});
        object["status"] = status.clone();
        body["status"] = status;
        self.writes(instance, "update/status", &record(name), body, Some(object));
    }

    /// `instance` looks at a pod and deletes it.
    pub(crate) fn deletes(&mut self, instance: &str, name: &str) {
        self.reads(instance, &pod(name));
        let object = self.get(&pod(name)).clone();
        let (uid, version) = (&object["metadata"]["uid"], &object["metadata"]["resourceVersion"]);
        let body = json!({"preconditions": {"uid": uid, "resourceVersion": version}});
        self.deletes_by(instance, name, body);
    }

    /// `instance` deletes a pod with this body.
    pub(crate) fn deletes_by(&mut self, instance: &str, name: &str, body: Value) {
        let mut object = self.get(&pod(name)).clone();
        object["metadata"]["deletionTimestamp"] = self.now().to_string().into();
        self.writes(instance, "delete", &pod(name), body, Some(object));
    }

    /// `instance` evicts a pod, having looked at it.
    pub(crate) fn evicts(&mut self, instance: &str, name: &str) {
        self.reads(instance, &pod(name));
        let mut object = self.get(&pod(name)).clone();
        let body = json!({"deleteOptions": {"preconditions": {"uid": object["metadata"]["uid"]}}});
        object["metadata"]["deletionTimestamp"] = self.now().to_string().into();
        self.writes(instance, "create/eviction", &pod(name), body, Some(object));
    }

    /// `instance` looks at a node and changes it in the name of a Recovery.
    pub(crate) fn patches(&mut self, instance: &str, name: &str, mut body: Value, change: impl FnOnce(&mut Value)) {
        self.reads(instance, &node(name));
        let mut object = self.get(&node(name)).clone();
        for lock in ["uid", "resourceVersion"] {
            body["metadata"][lock] = object["metadata"][lock].clone();
        }
        change(&mut object);
        self.writes(instance, "patch", &node(name), body, Some(object));
    }

    pub(crate) fn cordons(&mut self, instance: &str, name: &str, record: &str) {
        let marks = json!({marks::OWNER: record, marks::ORIGINAL_UNSCHEDULABLE: "false"});
        let body = json!({"metadata": {"annotations": marks}, "spec": {"unschedulable": true}});
        self.patches(instance, name, body, |node| {
            node["spec"]["unschedulable"] = true.into();
            node["metadata"]["annotations"] = marks;
        });
    }

    pub(crate) fn uncordons(&mut self, instance: &str, name: &str) {
        let marks = json!({marks::OWNER: null, marks::ORIGINAL_UNSCHEDULABLE: null});
        let body = json!({"metadata": {"annotations": marks}, "spec": {"unschedulable": false}});
        self.patches(instance, name, body, |node| {
            node["spec"]["unschedulable"] = false.into();
            node["metadata"]["annotations"] = json!({});
        });
    }

    /// Ready of a node changes.
    pub(crate) fn ready(&mut self, name: &str, ready: &str) {
        self.change(&CLUSTER, &node(name), |node| node["status"]["conditions"][0]["status"] = ready.into());
    }

    /// The ConfigMap is written anew.
    pub(crate) fn configures(&mut self, data: Value) {
        let key = Key::new("configmaps", "self-healing", "self-healing-config");
        self.put(&CLUSTER, key, json!({"metadata": {"uid": "config"}, "data": data}));
    }

    /// Five Ready nodes, a pod on each, and a leader that has settled.
    pub(crate) fn five_nodes() -> Self {
        let mut history = Self::new();
        for number in 1..=5 {
            history.node(&format!("n{number}"));
            history.pod(&format!("web-{number}"), &format!("n{number}"));
        }
        history.starts(crate::history::A);
        history.pass(40);
        history
    }

    /// A node is sick, and its Recovery `r-NODE` begins to drain it.
    pub(crate) fn drains(&mut self, instance: &str, name: &str) {
        self.ready(name, "False");
        self.pass(5);
        let (record, uid) = (format!("r-{name}"), format!("node-{name}"));
        self.opens(instance, &record, "Node", &node(name));
        self.saves(instance, &record, status("Running", &[("drain_and_replace", &uid)], self.now()));
    }

    pub(crate) fn fault(&self, kind: FaultKind) {
        self.note(Note::FaultBegins(Fault { id: 1, kind }));
    }

    pub(crate) fn fault_ends(&self) {
        self.note(Note::FaultEnds(1));
    }

    /// The checks of the end.
    pub(crate) fn end(&self) {
        self.checker.end(&self.store);
    }
}
