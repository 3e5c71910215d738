//! The parts of a cluster that bring its objects to life, each a client of the API like any other.
//!
//! They react to changes and to timers, never poll, and draw no lots: the same story gives the same history.

mod budget;
mod desk;
mod endpoints;
mod eviction;
mod garbage;
mod ground;
mod kubelet;
mod levers;
mod lifecycle;
mod object;
mod pod_gc;
mod provider;
mod scheduler;
mod selection;
mod selector;
mod story;
mod taint;
mod workload;

pub use levers::{Levers, Running};
pub use provider::{Ordered, PLACE, Provider, UNTOUCHED};
pub use story::{Behaviour, LAST_WORDS, Look, NodeSpec};

use crate::api::User;
use crate::cluster::Cluster;
use crate::hand::Hand;
use budget::Budgets;
use desk::{Actor, run};
use endpoints::Endpoints;
use eviction::Eviction;
use garbage::Garbage;
use ground::Ground;
use kubelet::Kubelet;
use lifecycle::Lifecycle;
use pod_gc::PodGc;
use provider::{Machines, Remediator};
use scheduler::Scheduler;
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use workload::Workloads;

/// How quick the machines are.
#[derive(Clone, Debug)]
pub struct Options {
    /// From a pod's binding until its containers run.
    pub start: Duration,
    /// From a pod's deletion until its containers have stopped, at most its grace period.
    pub stop: Duration,
    /// From power until the kubelet works.
    pub boot: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { start: Duration::from_secs(2), stop: Duration::from_secs(1), boot: Duration::from_secs(60) }
    }
}

/// All actors of a cluster, which end when it is dropped.
pub struct Actors {
    tasks: JoinSet<()>,
    levers: Levers,
}

impl Actors {
    /// Starts them, in a tokio runtime of one thread, and makes the namespaces that every cluster has.
    #[must_use]
    pub fn start(cluster: &Cluster, options: &Options) -> Self {
        let admin = Hand::new(cluster, User::admin("system:admin"));
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let labels = json!({ "kubernetes.io/metadata.name": name });
            // It may be there already.
            let _ = admin.create("namespaces", "", &json!({ "metadata": { "name": name, "labels": labels } }));
        }
        let ground = Ground::default();
        let (nudge, nudges) = mpsc::unbounded_channel();
        let levers = Levers { hand: admin, ground: ground.clone(), nudge, boot: options.boot };
        let mut actors = Self { tasks: JoinSet::new(), levers };
        let kubelet = Kubelet::new(ground, options.start, options.stop);
        actors.tasks.spawn(run(kubelet, Hand::new(cluster, User::admin("system:nodes")), nudges));
        actors.add(cluster, "system:kube-scheduler", Scheduler::default());
        actors.add(cluster, &controller("node-controller"), Lifecycle::default());
        actors.add(cluster, &controller("node-controller"), Eviction::default());
        actors.add(cluster, &controller("workload-controller"), Workloads::default());
        actors.add(cluster, &controller("endpointslice-controller"), Endpoints::default());
        actors.add(cluster, &controller("disruption-controller"), Budgets::default());
        actors.add(cluster, &controller("generic-garbage-collector"), Garbage::default());
        actors.add(cluster, &controller("pod-garbage-collector"), PodGc::default());
        let levers = || actors.levers.clone();
        let (remediator, machines) = (Remediator::new(levers()), Machines::new(levers()));
        actors.add(cluster, "system:serviceaccount:machines:remediator", remediator);
        actors.add(cluster, "system:serviceaccount:machines:machine-controller", machines);
        actors
    }

    fn add<A: Actor>(&mut self, cluster: &Cluster, user: &str, actor: A) {
        let (_, no_nudges) = mpsc::unbounded_channel();
        self.tasks.spawn(run(actor, Hand::new(cluster, User::admin(user)), no_nudges));
    }

    /// What a story can do to the ground below the cluster.
    #[must_use]
    pub fn levers(&self) -> &Levers {
        &self.levers
    }
}

/// The user that a controller of the control plane is.
fn controller(name: &str) -> String {
    format!("system:serviceaccount:kube-system:{name}")
}
