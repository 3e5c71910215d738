//! The node lifecycle controller: who is silent for too long is Unknown, and taints say what a node's conditions mean.

mod zones;

use super::desk::{Actor, Desk, later};
use super::object::{Index, condition, conditions, holds, set_condition, text};
use super::taint::{NOT_READY, UNREACHABLE, UNSCHEDULABLE, taints};
use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;
use zones::{Pace, Zones};

/// A node that is silent for so long is Unknown; looked at every `PERIOD`.
const GRACE: Duration = Duration::from_secs(50);
const PERIOD: i64 = 5;
/// The conditions of which only the kubelet knows.
const KUBELETS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// See how a node is.
    Node(String),
    /// Taint the next node of a zone, so that pods leave it.
    Zone(String),
}

/// The node lifecycle controller.
#[derive(Default)]
pub(super) struct Lifecycle {
    zones: Zones,
    /// Pods by node.
    pods: Index,
}

impl Actor for Lifecycle {
    type Task = Task;
    const WATCHES: &'static [&'static str] = &["nodes", "leases.coordination.k8s.io", "pods"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Task>) {
        let now = desk.hand.now();
        if &*key.resource == "pods" {
            let node = |pod: &'_ Value| text(pod, "/spec/nodeName").to_owned();
            self.pods.note(key, old.map(node).as_deref(), new.map(node).as_deref());
        } else if &*key.resource == "nodes" {
            let heartbeat = |node| condition(node, "Ready").map(|ready| ready["lastHeartbeatTime"].clone());
            if old.is_none() || old.and_then(heartbeat) != new.and_then(heartbeat) {
                self.zones.heard(&key.name, now);
            }
            desk.put(Task::Node(key.name.to_string()));
        } else if &*key.namespace == "kube-node-lease" {
            // No task: the timer looks when the node was last heard of.
            self.zones.heard(&key.name, now);
        }
    }

    fn work(&mut self, task: &Task, desk: &mut Desk<Task>) -> Result<(), Failure> {
        match task {
            Task::Node(name) => self.node(name, desk),
            Task::Zone(zone) => self.zone(zone, desk),
        }
    }
}

impl Lifecycle {
    fn node(&mut self, name: &str, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let now = desk.hand.now();
        let Ok(node) = desk.hand.get("nodes", "", name) else {
            if self.zones.forget(name) {
                self.weigh(desk)?;
            }
            return Ok(());
        };
        let due = next_look(later(self.zones.last_heard(name, now), GRACE));
        let known = condition(&node, "Ready").map(|ready| text(ready, "/status").to_owned());
        if due > now {
            desk.put_at(due, Task::Node(name.to_owned()));
        } else if known.as_deref() != Some("Unknown") {
            return unknown(&desk.hand, name, &node);
        }
        let ready = known.as_deref() == Some("True");
        if self.zones.note(name, text(&node, "/metadata/labels/topology.kubernetes.io~1zone"), ready) {
            if known.as_deref() == Some("Unknown") {
                self.mark_pods(name, &desk.hand)?;
            }
            self.weigh(desk)?;
        }
        let wanted = conditions_as_taints(&node);
        let mut kept: Vec<Value> = taints(&node).iter().filter(|taint| stays(taint, &wanted)).cloned().collect();
        for taint in &wanted {
            let there = |known: &Value| known["key"] == taint["key"] && known["effect"] == taint["effect"];
            if taint["effect"] == "NoExecute" {
                if !kept.iter().any(there) && self.zones.wait_in_line(name) {
                    desk.put(Task::Zone(self.zones.of(name)));
                }
            } else if !kept.iter().any(there) {
                kept.push(with_time(taint, now));
            }
        }
        write_taints(&desk.hand, name, &node, kept)
    }

    /// Taints one node of a zone with NoExecute, as fast as its state allows.
    fn zone(&mut self, zone: &str, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let now = desk.hand.now();
        let Pace::Every(wait) = self.zones.pace(zone) else { return Ok(()) };
        let next = self.zones.next_turn(zone);
        if next > now {
            desk.put_at(next, Task::Zone(zone.to_owned()));
            return Ok(());
        }
        while let Some(name) = self.zones.first_in_line(zone) {
            let Ok(node) = desk.hand.get("nodes", "", &name) else { continue };
            let wanted = conditions_as_taints(&node);
            let Some(taint) = wanted.iter().find(|taint| taint["effect"] == "NoExecute") else { continue };
            let mut all: Vec<Value> = taints(&node).iter().filter(|known| stays(known, &wanted)).cloned().collect();
            all.push(with_time(taint, now));
            write_taints(&desk.hand, &name, &node, all)?;
            self.zones.turn_taken(zone, later(now, wait));
            desk.put_at(later(now, wait), Task::Zone(zone.to_owned()));
            return Ok(());
        }
        Ok(())
    }

    /// Another node is well or sick: evictions may stop everywhere, or begin again.
    fn weigh(&mut self, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let now = desk.hand.now();
        match self.zones.weigh(now) {
            // Without a single node that is well the fault is rather with the control plane: nobody is evicted.
            Some(true) => {
                for name in self.zones.nodes() {
                    let Ok(node) = desk.hand.get("nodes", "", &name) else { continue };
                    let evicting = |taint: &&Value| stays(taint, &[]) || taint["effect"] != "NoExecute";
                    let kept = taints(&node).iter().filter(evicting).cloned().collect();
                    write_taints(&desk.hand, &name, &node, kept)?;
                }
            }
            Some(false) => self.zones.nodes().into_iter().for_each(|name| desk.put(Task::Node(name))),
            None => {}
        }
        self.zones.names().into_iter().for_each(|zone| desk.put(Task::Zone(zone)));
        Ok(())
    }

    /// The pods of a node that fell silent are not ready, whatever they last said. A kubelet that reports itself as not
    /// ready goes on telling of its pods.
    fn mark_pods(&self, node: &str, hand: &Hand) -> Result<(), Failure> {
        for key in self.pods.of(node) {
            let Ok(pod) = hand.get("pods", &key.namespace, &key.name) else { continue };
            if holds(&pod, "Ready") {
                let mut told = conditions(&pod);
                set_condition(&mut told, json!({ "type": "Ready", "status": "False" }), hand.now());
                let patch = json!({ "status": { "conditions": told } });
                hand.patch_status("pods", &key.namespace, &key.name, &patch)?;
            }
        }
        Ok(())
    }
}

/// All that only the kubelet could know is Unknown.
fn unknown(hand: &Hand, name: &str, node: &Value) -> Result<(), Failure> {
    let mut told = conditions(node);
    for kind in KUBELETS {
        let known = condition(node, kind);
        let (reason, message) = match known {
            Some(_) => ("NodeStatusUnknown", "Kubelet stopped posting node status."),
            None => ("NodeStatusNeverUpdated", "Kubelet never posted node status."),
        };
        let heard = known.map_or(&node["metadata"]["creationTimestamp"], |known| &known["lastHeartbeatTime"]);
        let new = json!({
            "type": kind, "status": "Unknown", "reason": reason, "message": message, "lastHeartbeatTime": heard,
        });
        set_condition(&mut told, new, hand.now());
    }
    hand.patch_status("nodes", "", name, &json!({ "status": { "conditions": told } })).map(drop)
}

/// The taints that the conditions of a node, and a cordon, ask for.
fn conditions_as_taints(node: &Value) -> Vec<Value> {
    let is = |kind: &str| condition(node, kind).map_or("", |condition| text(condition, "/status"));
    let sick = match is("Ready") {
        "False" => Some(NOT_READY),
        "Unknown" => Some(UNREACHABLE),
        // A node that has said nothing yet has its time.
        _ => None,
    };
    let mut wanted = Vec::new();
    let mut want = |key: &str, effect: &str| wanted.push(json!({ "key": key, "effect": effect }));
    if let Some(key) = sick {
        want(key, "NoSchedule");
        want(key, "NoExecute");
    }
    for (kind, key) in KUBELETS[1..].iter().zip(PRESSURES) {
        if is(kind) == "True" {
            want(key, "NoSchedule");
        }
    }
    if node["spec"]["unschedulable"] == true {
        want(UNSCHEDULABLE, "NoSchedule");
    }
    wanted
}

const PRESSURES: [&str; 3] =
    ["node.kubernetes.io/memory-pressure", "node.kubernetes.io/disk-pressure", "node.kubernetes.io/pid-pressure"];

/// Whether a taint is somebody else's, or still wanted.
fn stays(taint: &Value, wanted: &[Value]) -> bool {
    let own = [NOT_READY, UNREACHABLE, UNSCHEDULABLE].into_iter().chain(PRESSURES).any(|key| taint["key"] == key);
    !own || wanted.iter().any(|one| one["key"] == taint["key"] && one["effect"] == taint["effect"])
}

fn with_time(taint: &Value, now: Timestamp) -> Value {
    let mut taint = taint.clone();
    taint["timeAdded"] = super::object::stamp(now);
    taint
}

fn write_taints(hand: &Hand, name: &str, node: &Value, all: Vec<Value>) -> Result<(), Failure> {
    if taints(node) == all {
        return Ok(());
    }
    let all = if all.is_empty() { Value::Null } else { Value::Array(all) };
    hand.patch("nodes", "", name, &json!({ "spec": { "taints": all } })).map(drop)
}

/// The controller looks at its nodes every few seconds, not when the first of them is due.
fn next_look(time: Timestamp) -> Timestamp {
    let late = time.as_second().rem_euclid(PERIOD);
    let whole = time.subsec_nanosecond() == 0 && late == 0;
    let wait = if whole { 0 } else { PERIOD - late };
    let look = Timestamp::from_second(time.as_second()).unwrap_or(time);
    look.saturating_add(SignedDuration::from_secs(wait)).unwrap_or(time)
}
