//! `Unreachable` and `KubeletDown`: a node gives no sign of life, and a second signal agrees.
//!
//! The first signal is the node's Lease, timed on our own clock; the second is the control plane's Ready=Unknown
//! or a TCP look at the kubelet. A kubelet that answers the look is not called dead, however old its Lease.

use super::node_not_ready::starting;
use super::{Bad, Rule, Sight, Signal, node_checks, seen};
use crate::effect::KubeletLook;
use crate::fact::{ConditionStatus, NodeFact};
use crate::names::{Cause, FailureType};
use crate::time::{Stamp, Tick};
use alloc::format;
use core::time::Duration;

pub(super) const RULE: Rule<NodeFact> =
    Rule { cause: Cause::Unreachable, failure: FailureType::Node, threshold: node_checks, signal };

/// The look is made this long before the Lease counts as silent, so that its answer is there in time (it takes 2 s at most).
const LOOK_AHEAD: Duration = Duration::from_secs(3);
/// A look is believed for so long, and made again after it.
const LOOK_VALID: Duration = Duration::from_secs(15);

fn signal(node: &NodeFact, sight: &Sight<'_>) -> Signal {
    if let Some(until) = starting(node, sight) {
        return Signal::Good(Some(until));
    }
    let unknown = node.condition("Ready").filter(|ready| ready.status == ConditionStatus::Unknown);
    let beat = sight.cluster.heartbeat(&node.name);
    let silent_at = beat.map(|beat| beat.seen + beat.duration());
    let silent = silent_at.is_some_and(|at| sight.now.tick >= at);
    let look = recent_look(node, sight);
    let cause = if look == Some(KubeletLook::Refused) { Cause::KubeletDown } else { Cause::Unreachable };
    let confirmed = silent && matches!(look, Some(KubeletLook::Refused | KubeletLook::Silent));
    if !confirmed && unknown.is_none() {
        return Signal::Good(silent_at.filter(|_| !silent));
    }
    let onset =
        beat.map_or_else(|| unknown.map_or(Stamp(0), |ready| ready.changed), crate::cluster::Heartbeat::renewed);
    let silence = beat.map_or(Duration::ZERO, |beat| sight.now.tick.since(beat.seen)).as_secs();
    let port = match look {
        Some(KubeletLook::Refused) => "refuses connections: the host is up, the kubelet is down",
        Some(KubeletLook::Silent) => "does not answer",
        Some(KubeletLook::Answers) => "answers",
        None => "was not looked at",
    };
    let control_plane = if unknown.is_some() { "; the control plane says Ready=Unknown" } else { "" };
    let description = format!("no heartbeat for {silence} s; the kubelet's port {port}{control_plane}");
    let evidence = alloc::vec![seen("secondsSinceHeartbeat", format!("{silence}")), seen("kubeletPort", port)];
    Signal::Bad(Bad { cause, since: beat.map(|beat| beat.seen), overdue: false, onset, description, evidence })
}

fn recent_look(node: &NodeFact, sight: &Sight<'_>) -> Option<KubeletLook> {
    let (look, at) = sight.cluster.look(&node.name)?;
    (sight.now.tick.since(at) <= LOOK_VALID).then_some(look)
}

/// When the kubelet of `node` has to be looked at: shortly before its Lease is silent, at once if the control plane has given it up, and
/// again before the last look is too old.
#[must_use]
pub(crate) fn look_due(node: &NodeFact, sight: &Sight<'_>) -> Option<Tick> {
    let beat = sight.cluster.heartbeat(&node.name)?;
    let given_up = node.condition("Ready").is_some_and(|ready| ready.status == ConditionStatus::Unknown);
    let first = if given_up { beat.seen } else { (beat.seen + beat.duration()).back(LOOK_AHEAD) };
    let again = sight.cluster.look(&node.name).map(|(_, at)| at + LOOK_VALID / 2);
    Some(again.map_or(first, |again| again.max(first)))
}
