//! The kubelets of all machines: they register nodes, send heartbeats, and start, watch and stop pods.

mod node;
mod run;
mod status;

use super::desk::{Actor, Desk, later};
use super::ground::{Ground, Machine, Policy, Power, Run, Stage, Truth};
use super::object::{self, Index, controller, going, number, text, uid};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Between two reports of a node's status.
const REPORT: Duration = Duration::from_secs(300);

/// What a kubelet does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// Report what the node is like.
    Node(String),
    /// Renew the node's Lease.
    Beat(String),
    /// See to the pod of this uid.
    Pod(String),
}

/// All kubelets.
pub(super) struct Kubelet {
    pub(super) ground: Ground,
    /// How long containers take to start.
    pub(super) start: Duration,
    /// How long containers take to stop, at most their grace.
    pub(super) stop: Duration,
    /// Bound pods by node and by uid.
    nodes: Index,
    uids: Index,
}

impl Kubelet {
    pub(super) fn new(ground: Ground, start: Duration, stop: Duration) -> Self {
        Self { ground, start, stop, nodes: Index::default(), uids: Index::default() }
    }
}

impl Actor for Kubelet {
    type Task = Task;
    const WATCHES: &'static [&'static str] = &["pods"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Task>) {
        let [was, is] = [old, new].map(|pod| pod.filter(|pod| pod["spec"]["nodeName"].is_string()));
        let node = |pod: Option<&'_ Value>| pod.map(|pod| text(pod, "/spec/nodeName").to_owned());
        self.nodes.note(key, node(was).as_deref(), node(is).as_deref());
        self.uids.note(key, was.map(uid), is.map(uid));
        for pod in [was, is].into_iter().flatten() {
            desk.put(Task::Pod(uid(pod).to_owned()));
        }
    }

    fn work(&mut self, task: &Task, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let ground = self.ground.clone();
        let mut truth = ground.truth();
        match task {
            Task::Node(name) => self.node(&mut truth, name, desk),
            Task::Beat(name) => match truth.machines.get(name).filter(|machine| machine.works) {
                Some(machine) => {
                    desk.put_at(node::next_beat(machine, desk.hand.now()), task.clone());
                    if node::is_misjudged(machine, &desk.hand) {
                        desk.put(Task::Node(name.clone()));
                    }
                    node::renew(machine, &desk.hand)
                }
                None => Ok(()),
            },
            Task::Pod(uid) => self.pod(&mut truth, uid, desk),
        }
    }
}

impl Kubelet {
    fn node(&self, truth: &mut Truth, name: &str, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let now = desk.hand.now();
        let Some(machine) = truth.machines.get_mut(name) else { return Ok(()) };
        match machine.power {
            Power::Boots(up_at) if up_at > now => desk.put_at(up_at, Task::Node(name.to_owned())),
            Power::Boots(_) => machine.comes_up(),
            Power::On | Power::Off => {}
        }
        if !machine.works {
            return Ok(());
        }
        let fresh = std::mem::take(&mut machine.fresh);
        let machine = &*machine;
        desk.put_in(REPORT, Task::Node(name.to_owned()));
        if fresh {
            node::register(machine, &desk.hand)?;
            desk.put(Task::Beat(name.to_owned()));
            let bound = self.nodes.of(name).filter_map(|key| desk.hand.get("pods", &key.namespace, &key.name).ok());
            let bound: Vec<String> = bound.map(|pod| uid(&pod).to_owned()).collect();
            let runs = truth.runs.iter().filter(|(_, run)| run.node == name).map(|(uid, _)| uid.clone());
            bound.into_iter().chain(runs).for_each(|uid| desk.put(Task::Pod(uid)));
        }
        node::report(machine, &desk.hand)
    }

    fn pod(&self, truth: &mut Truth, id: &str, desk: &mut Desk<Task>) -> Result<(), Failure> {
        let now = desk.hand.now();
        let key = self.uids.of(id).next();
        let pod = key.and_then(|key| desk.hand.get("pods", &key.namespace, &key.name).ok());
        let node = match (&pod, truth.runs.get(id)) {
            (_, Some(run)) => run.node.clone(),
            (Some(pod), None) => text(pod, "/spec/nodeName").to_owned(),
            (None, None) => return Ok(()),
        };
        let Some(machine) = truth.machines.get(&node).filter(|machine| machine.works) else { return Ok(()) };
        let (slow, host) = (machine.slow, machine.address());
        let (Some(pod), Some(key)) = (pod, key) else {
            truth.runs.remove(id);
            return Ok(());
        };
        if !truth.runs.contains_key(id) {
            let address = truth.pod_address();
            let due = later(now, self.start + slow);
            truth.runs.insert(id.to_owned(), take(key, &pod, desk, address, due));
        }
        let Some(run) = truth.runs.get(id) else { return Ok(()) };
        let how = truth.behaviour(run);
        let Some(run) = truth.runs.get_mut(id) else { return Ok(()) };
        if run.stage == Stage::Creating && run.due.is_none() {
            run.due = Some(later(now, self.start + slow));
        }
        if going(&pod) && run.stops.is_none() {
            let grace = number(&pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30);
            let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
            let done = matches!(run.stage, Stage::Done { .. });
            run.stops = Some(if done { now } else { later(now, grace.min(self.stop + slow)) });
        }
        run.advance(&how, now);
        if let Some(due) = run.due.into_iter().chain(run.stops.filter(|stops| *stops > now)).min() {
            desk.put_at(due, Task::Pod(id.to_owned()));
        }
        let status = status::of(run, &pod, host, now);
        object::write_status(&desk.hand, key, &pod, status, &[])?;
        let stopped = run.stops.is_some_and(|stops| stops <= now) && matches!(run.stage, Stage::Done { .. });
        let asked = number(&pod, "/metadata/deletionGracePeriodSeconds") == Some(0);
        if stopped && !asked {
            let options =
                DeleteOptions { grace_period_seconds: Some(0), uid: Some(id.to_owned()), ..DeleteOptions::default() };
            desk.hand.delete("pods", &key.namespace, &key.name, &options)?;
        }
        Ok(())
    }
}

/// A pod that the kubelet sees for the first time.
fn take(key: &Key, pod: &Value, desk: &Desk<Task>, address: std::net::Ipv4Addr, due: Timestamp) -> Run {
    let mut owners = Vec::new();
    if let Some(owner) = controller(pod) {
        let name = owner["name"].as_str().unwrap_or_default();
        owners.push(name.to_owned());
        let set = if owner["kind"] == "ReplicaSet" { "replicasets.apps" } else { "" };
        let set = desk.hand.get(set, &key.namespace, name).ok();
        owners.extend(set.as_deref().and_then(controller).and_then(|top| top["name"].as_str()).map(str::to_owned));
    }
    Run {
        key: key.clone(),
        node: text(pod, "/spec/nodeName").to_owned(),
        policy: match text(pod, "/spec/restartPolicy") {
            "Never" => Policy::Never,
            "OnFailure" => Policy::OnFailure,
            _ => Policy::Always,
        },
        owners,
        image: text(pod, "/spec/containers/0/image").to_owned(),
        stage: Stage::Creating,
        due: Some(due),
        taken: desk.hand.now(),
        since: desk.hand.now(),
        restarts: 0,
        failures: 0,
        pulls: 0,
        last: None,
        address,
        stops: None,
        told: None,
        unheard: false,
    }
}

/// The start of a Node or Lease that belongs to `machine`.
fn named(machine: &Machine) -> Value {
    json!({ "metadata": { "name": machine.spec.name } })
}
