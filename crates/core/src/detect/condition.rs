//! Causes that an object states in one condition: pressure of a node, and what a Deployment says of itself.

use super::{Bad, Rule, Sight, Signal, seen};
use crate::fact::{Condition, ConditionStatus, NodeFact, WorkloadFact};
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::format;
use core::time::Duration;

pub(super) const MEMORY_PRESSURE: Rule<NodeFact> =
    pressure(Cause::MemoryPressure, |node, _| of_node(node, Cause::MemoryPressure));
pub(super) const DISK_PRESSURE: Rule<NodeFact> =
    pressure(Cause::DiskPressure, |node, _| of_node(node, Cause::DiskPressure));
pub(super) const PID_PRESSURE: Rule<NodeFact> =
    pressure(Cause::PIDPressure, |node, _| of_node(node, Cause::PIDPressure));

/// `Unavailable`: fewer pods are available than the Deployment may miss.
pub(super) const UNAVAILABLE: Rule<WorkloadFact> = Rule {
    cause: Cause::Unavailable,
    failure: FailureType::Deployment,
    threshold: deployment_checks,
    signal: |deployment, sight| {
        of_deployment(deployment, sight, Cause::Unavailable, ("Available", ConditionStatus::False))
    },
};

/// `ReplicaFailure`: the Deployment's pods cannot be created or deleted, as by a quota.
pub(super) const REPLICA_FAILURE: Rule<WorkloadFact> = Rule {
    cause: Cause::ReplicaFailure,
    failure: FailureType::Deployment,
    threshold: deployment_checks,
    signal: |deployment, sight| {
        of_deployment(deployment, sight, Cause::ReplicaFailure, ("ReplicaFailure", ConditionStatus::True))
    },
};

const fn pressure(cause: Cause, signal: fn(&NodeFact, &Sight<'_>) -> Signal) -> Rule<NodeFact> {
    Rule { cause, failure: FailureType::Resource, threshold: |settings| settings.node_check_interval * 2, signal }
}

fn deployment_checks(settings: &Settings) -> Duration {
    settings.deployment_check_interval * 3
}

/// Conditions of pressure are named as their causes. A node that is not heard says nothing about itself.
fn of_node(node: &NodeFact, cause: Cause) -> Signal {
    let heard = node.ready() != ConditionStatus::Unknown;
    let found = node.condition(cause.as_str()).filter(|c| c.status == ConditionStatus::True && heard);
    found.map_or(Signal::Good(None), |condition| bad("node", condition, cause))
}

fn of_deployment(
    deployment: &WorkloadFact,
    sight: &Sight<'_>,
    cause: Cause,
    (kind, status): (&str, ConditionStatus),
) -> Signal {
    // What it says of an earlier spec is no news of this one; nobody misses pods that are not wanted, or that go with their namespace.
    let going = sight.cluster.is_going(&deployment.key.namespace);
    let speaks = deployment.observed && deployment.desired != Some(0) && !going;
    let found = deployment.condition(kind, status).filter(|_| speaks);
    found.map_or(Signal::Good(None), |condition| bad("Deployment", condition, cause))
}

fn bad(what: &str, condition: &Condition, cause: Cause) -> Signal {
    let status = if condition.status == ConditionStatus::True { "True" } else { "False" };
    let description = format!("{what} condition {} is {status} ({})", condition.kind, condition.reason);
    let evidence =
        alloc::vec![seen("condition", &*condition.kind), seen("status", status), seen("reason", &*condition.reason)];
    Signal::Bad(Bad { cause, since: None, overdue: false, onset: condition.changed, description, evidence })
}
