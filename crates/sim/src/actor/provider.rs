//! Providers of machines: what reads remediation objects, Machines and NodeClaims, and does to machines what they say.

mod machines;
mod remediator;

pub(super) use machines::Machines;
pub(super) use remediator::Remediator;

use super::levers::Levers;
use crate::api::User;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::hand::Hand;
use serde_json::{Value, json};
use std::time::Duration;

/// What a provider does with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// The machine goes off and boots.
    Reboots,
    /// It goes off.
    PowersOff,
    /// It goes, and another one of another name comes.
    Replaces,
    /// It goes, and no other one comes.
    Removes,
    /// Nothing: after a time it is assumed to have rebooted.
    Assumes,
    /// Nothing, and it says so.
    Fails,
    /// Nothing, and it says nothing.
    Stalls,
}

/// Who provides the machines of all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// An operator of medik8s, with templates `fence` and `reset` in namespace `machines`.
    Medik8s,
    /// Cluster API, with one Cluster and one MachineSet in namespace `machines`.
    ClusterApi,
    /// Karpenter.
    Karpenter,
    /// A service of its own, which has no objects here.
    Webhook,
}

/// The namespace of a provider's objects.
pub const PLACE: &str = "machines";
/// Annotation on a remediation object that its operator does not touch.
pub const UNTOUCHED: &str = "embedded.self-healing.dev/untouched";
/// From an order until it is carried out.
const WORK: Duration = Duration::from_secs(10);
/// Between two looks for the node of a machine that boots.
const LOOK: Duration = Duration::from_secs(1);
/// The node that comes in place of another.
fn successor(node: &str) -> String {
    format!("{node}-new")
}

impl Provider {
    /// Its CustomResourceDefinitions, a list in JSON.
    #[must_use]
    pub const fn definitions(self) -> &'static str {
        match self {
            Self::Medik8s => include_str!("../../providers/medik8s.json"),
            Self::ClusterApi => include_str!("../../providers/clusterapi.json"),
            Self::Karpenter => include_str!("../../providers/karpenter.json"),
            Self::Webhook => "[]",
        }
    }

    /// Makes what a cluster with this provider has, for the nodes that are there.
    ///
    /// # Errors
    /// What the API answers.
    pub fn install(self, cluster: &Cluster) -> Result<(), Failure> {
        let hand = Hand::new(cluster, User::admin("kubernetes-admin"));
        let definitions: Vec<Value> = serde_json::from_str(self.definitions()).unwrap_or_default();
        for definition in &definitions {
            hand.create("customresourcedefinitions.apiextensions.k8s.io", "", definition)?;
        }
        let labels = json!({ "kubernetes.io/metadata.name": PLACE });
        hand.create("namespaces", "", &json!({ "metadata": { "name": PLACE, "labels": labels } }))?;
        match self {
            Self::Medik8s => remediator::install(&hand),
            Self::ClusterApi | Self::Karpenter => machines::install(self, &hand),
            Self::Webhook => Ok(()),
        }
    }
}

/// Does to a machine what an order leads to.
pub(super) fn carry_out(levers: &Levers, hand: &Hand, node: &str, how: Ordered) -> Result<(), Failure> {
    match how {
        Ordered::Reboots => levers.reboot(node),
        Ordered::PowersOff => levers.power_off(node),
        Ordered::Replaces => {
            levers.replace(node, &successor(node))?;
        }
        Ordered::Removes => {
            levers.power_off(node);
            hand.delete("nodes", "", node, &crate::api::DeleteOptions::default())?;
        }
        Ordered::Assumes | Ordered::Fails | Ordered::Stalls => {}
    }
    Ok(())
}
