//! EndpointSlices: where the pods of a Service are, and which of them are ready.

use super::desk::{Actor, Desk};
use super::object::{Index, going, holds, list, name, namespace, reference, text, uid};
use super::selection::Selections;
use crate::failure::Failure;
use crate::hand::Hand;
use crate::select::Selector;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";

/// The EndpointSlice controller; a task is a Service. It writes one slice per Service, however many pods it has.
#[derive(Default)]
pub(super) struct Endpoints {
    services: Selections,
    /// Slices by namespace and name of their Service.
    slices: Index,
}

impl Actor for Endpoints {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &["services", SLICES, "pods"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        match (&*key.resource, new) {
            ("pods", pod) => self.services.pod("services", key, pod).into_iter().for_each(|service| desk.put(service)),
            ("services", Some(service)) => {
                let wanted = &service["spec"]["selector"];
                let selector =
                    wanted.is_object().then(|| Selector::of_object(&json!({ "matchLabels": wanted }))).flatten();
                self.services.set(key, selector, &desk.hand.list("pods", &key.namespace));
                desk.put(key.clone());
            }
            ("services", None) => self.services.remove(key),
            _ => {
                let group = |slice: &Value| format!("{}/{}", key.namespace, slice["metadata"]["labels"][SERVICE]);
                self.slices.note(key, old.map(group).as_deref(), new.map(group).as_deref());
            }
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let service = desk.hand.get("services", &key.namespace, &key.name)?;
        if !service["spec"]["selector"].is_object() {
            return Ok(());
        }
        let pods = self.services.of(key).filter_map(|pod| desk.hand.get("pods", &pod.namespace, &pod.name).ok());
        let pods: Vec<Arc<Value>> = pods.collect();
        let endpoints: Vec<Value> = pods.iter().filter_map(|pod| endpoint(&desk.hand, pod)).collect();
        let ports = list(&service, "/spec/ports").iter().map(|port| slice_port(port, pods.first()));
        let ports: Vec<Value> = ports.collect();
        let known = self.slices.of(&format!("{}/{}", key.namespace, json!(name(&service)))).next();
        if let Some(known) = known {
            let slice = desk.hand.get(SLICES, &known.namespace, &known.name)?;
            if slice["endpoints"] == json!(endpoints) && slice["ports"] == json!(ports) {
                return Ok(());
            }
            let patch = json!({ "endpoints": endpoints, "ports": ports });
            return desk.hand.patch(SLICES, &known.namespace, &known.name, &patch).map(drop);
        }
        let slice = json!({
            "metadata": {
                "generateName": format!("{}-", key.name), "ownerReferences": [reference(&service)],
                "labels": {
                    SERVICE: &*key.name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
            },
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
        });
        desk.hand.create(SLICES, &key.namespace, &slice).map(drop)
    }
}

/// A pod that has an address and has not ended.
fn endpoint(hand: &Hand, pod: &Value) -> Option<Value> {
    let (address, node) = (text(pod, "/status/podIP"), text(pod, "/spec/nodeName"));
    if address.is_empty() || matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
        return None;
    }
    let (serving, terminating) = (holds(pod, "Ready"), going(pod));
    let mut endpoint = json!({
        "addresses": [address],
        "conditions": { "ready": serving && !terminating, "serving": serving, "terminating": terminating },
        "nodeName": node,
        "targetRef": { "kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod) },
    });
    let node = hand.get("nodes", "", node).unwrap_or_default();
    let zone = text(&node, "/metadata/labels/topology.kubernetes.io~1zone");
    if !zone.is_empty() {
        endpoint["zone"] = zone.into();
    }
    Some(endpoint)
}

/// A port of the Service as the pods have it; a name is looked up in the first pod.
fn slice_port(port: &Value, pod: Option<&Arc<Value>>) -> Value {
    let target = &port["targetPort"];
    let named = |pod: &Arc<Value>| {
        let containers = list(pod, "/spec/containers").iter();
        let found = containers.flat_map(|one| list(one, "/ports")).find(|one| one["name"] == *target)?;
        Some(found["containerPort"].clone())
    };
    let number = match target {
        Value::Number(_) => target.clone(),
        Value::String(_) => pod.and_then(named).unwrap_or(Value::Null),
        _ => port["port"].clone(),
    };
    let protocol = port["protocol"].as_str().unwrap_or("TCP");
    json!({ "name": port["name"].as_str().unwrap_or_default(), "port": number, "protocol": protocol })
}
