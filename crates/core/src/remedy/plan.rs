//! The plan of a drain, made before the node is cordoned: every pod that has to leave may leave and has somewhere to go.
//!
//! Looked at are disruption budgets, requests, node selectors, required node affinity, taints and the places of volumes. Affinity and
//! spread between pods are not: where they alone leave no room, the replacement waits, and so does the drain, at the first pod.

use super::drain::{OneMore, is_dead, movable, one_more};
use crate::effect::{Budget, DrainView, Verb};
use crate::fact::{Amount, Needs, NodeFact, PodFact, PodPhase, Taint, Toleration};
use crate::healer::{Case, World};
use crate::key::{Target, Text};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Whether the drain of `target` for `recovery` needs a plan, which is before it has cordoned the node. Pods of a dead node are
/// unavailable already, so nothing is lost by freeing them.
pub(crate) fn is_needed(world: &World<'_>, recovery: &Text, target: &Target) -> bool {
    let node = world.cluster.node(&target.key.name).filter(|node| node.uid == target.uid && node.owner != *recovery);
    node.is_some_and(|node| !is_dead(world, node) && !movable(world, node, false).is_empty())
}

/// What comes of a plan.
pub(crate) enum Plan {
    /// What the drain will do.
    Goes(String),
    /// Why it cannot succeed now.
    Fails(String),
    /// This has to be read first.
    Ask(Verb),
}

/// What the drain will do, or why it cannot succeed now.
pub(crate) fn plan(world: &World<'_>, case: &Case, target: &Target, view: &DrainView) -> Plan {
    let Some(node) = world.cluster.node(&target.key.name) else { return Plan::Goes(String::new()) };
    let pods = movable(world, node, false);
    let (mut rooms, mut joined) = (Rooms::default(), BTreeSet::new());
    for (class, pod) in &pods {
        // Until a policy's deadline a budget may let it go, and then it is not asked any more.
        if let Some(why) = kept_by(pod, &view.budgets).filter(|_| world.settings.drain.deadline.is_none()) {
            match one_more(world, case, (class, pod), &view.budgets) {
                OneMore::Of(workload) => {
                    joined.insert(workload.to_string());
                }
                OneMore::Ask(look) => return Plan::Ask(look),
                OneMore::No(not) => return Plan::Fails(format!("{why}; no pod more first: {not}")),
                OneMore::Unasked => return Plan::Fails(why),
            }
        }
        let Some(needs) = view.needs.get(&pod.uid) else {
            return Plan::Fails(format!("pod {} came while the drain was being planned", pod.key));
        };
        if let Err(why) = rooms.place(world, node, pod, needs) {
            return Plan::Fails(why);
        }
    }
    let names: Vec<String> = pods.iter().take(20).map(|(_, pod)| pod.key.to_string()).collect();
    let first: Vec<String> = joined.into_iter().take(20).collect();
    let first = if first.is_empty() { String::new() } else { format!("; first one more of {}", first.join(", ")) };
    Plan::Goes(format!("{} pods leave: {}{first}", pods.len(), names.join(", ")))
}

/// Whether the budget that keeps a pod would let it go if there were one more that is healthy; `None` when none keeps it.
pub(super) fn goes_with_one_more(pod: &PodFact, budgets: &[Budget]) -> Option<bool> {
    kept_by(pod, budgets)?;
    let mut over = budgets.iter().filter(|budget| budget.pods.contains(&pod.uid));
    let (budget, other) = (over.next()?, over.next());
    Some(other.is_none() && budget.healthy >= budget.desired_with_one_more)
}

/// The budget that does not let a pod go.
fn kept_by(pod: &PodFact, budgets: &[Budget]) -> Option<String> {
    let over: Vec<&Budget> = budgets.iter().filter(|budget| budget.pods.contains(&pod.uid)).collect();
    let budget = match over.as_slice() {
        [] => return None,
        [budget] => *budget,
        [one, other, ..] => {
            return Some(format!(
                "pod {} cannot leave: two disruption budgets select it, {} and {}, and the Eviction API refuses that",
                pod.key, one.name, other.name
            ));
        }
    };
    // Budgets protect what runs; what is not ready is no loss while enough others are.
    let unready = !pod.ready && (budget.unready_may_go || budget.healthy >= budget.desired && budget.desired > 0);
    if pod.phase != PodPhase::Running || unready || budget.allowed > 0 {
        return None;
    }
    Some(format!(
        "pod {} cannot leave: disruption budget {} needs {} healthy pods and has {}",
        pod.key, budget.name, budget.desired, budget.healthy
    ))
}

/// What is left on the nodes that were looked at, with what was placed there.
#[derive(Default)]
struct Rooms {
    left: BTreeMap<Text, (Amount, u32)>,
}

impl Rooms {
    /// Puts `pod` on the first node that can take it; or says why none can.
    fn place(&mut self, world: &World<'_>, from: &NodeFact, pod: &PodFact, needs: &Needs) -> Result<(), String> {
        let (mut others, mut unwell, mut elsewhere, mut tainted, mut full) = (0, 0, 0, 0, 0);
        for node in world.cluster.nodes().filter(|node| node.name != from.name) {
            others += 1;
            if node.unschedulable || !world.fleet.is_well(&node.name) {
                unwell += 1;
            } else if !needs.places.iter().all(|place| is_place(node, place)) {
                elsewhere += 1;
            } else if node.taints.iter().any(|taint| keeps_away(taint, &needs.tolerations)) {
                tainted += 1;
            } else if !self.takes(world, node, pod.requests) {
                full += 1;
            } else {
                return Ok(());
            }
        }
        Err(format!(
            "pod {} has nowhere to go: of {others} other nodes, {unwell} are cordoned or not well, {elsewhere} are not where its node selector, affinity or volumes want it, {tainted} have taints that it does not tolerate, {full} have too little room",
            pod.key
        ))
    }

    fn takes(&mut self, world: &World<'_>, node: &NodeFact, asked: Amount) -> bool {
        let (amount, pods) = self.left.entry(node.name.clone()).or_insert_with(|| left(world, node));
        let fits = *pods > 0 && amount.has(asked);
        if fits {
            (*amount, *pods) = (amount.without(asked), *pods - 1);
        }
        fits
    }
}

fn left(world: &World<'_>, node: &NodeFact) -> (Amount, u32) {
    let (used, count) = world.cluster.used_on(&node.name);
    (node.capacity.amount.without(used), node.capacity.pods.saturating_sub(count))
}

fn is_place(node: &NodeFact, any_of: &[Vec<crate::fact::Requirement>]) -> bool {
    let label = |key: &Text| if &**key == "metadata.name" { Some(&*node.name) } else { node.label(key) };
    any_of.iter().any(|all| all.iter().all(|requirement| requirement.is_met(label(&requirement.key))))
}

fn keeps_away(taint: &Taint, tolerations: &[Toleration]) -> bool {
    let same = |asked: &Option<Text>, given: &Text| asked.as_ref().is_none_or(|asked| asked == given);
    let tolerates = |one: &Toleration| {
        same(&one.key, &taint.key) && same(&one.value, &taint.value) && same(&one.effect, &taint.effect)
    };
    matches!(&*taint.effect, "NoSchedule" | "NoExecute") && !tolerations.iter().any(tolerates)
}
