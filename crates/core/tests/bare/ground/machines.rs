//! Who provides machines here: what is said of a node's machine, and what becomes of an order.

use super::things::node;
use super::truth::{Later, Truth};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::fact::{ConditionStatus, NodeFact, PodFact, Taint};
use self_healing_core::key::{Kind, Target, Text};
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Off, Order, Replacement};
use self_healing_core::names::ProviderKind;
use self_healing_story::{Kubelet, Machines, Ordered, Verb as Wrote};
use std::collections::BTreeMap;

/// From an order until it is carried out, from the deletion of a machine until it is gone, and from there until a machine has booted.
const WORK: u64 = 10_000;
const END: u64 = 90_000;
const BOOT: u64 = 60_000;
/// From the out-of-service taint until Kubernetes sees it, and from there until what it frees is removed.
const SEEN: u64 = 100;
const FREED: u64 = 20_000;
/// The same for a node that is gone.
const ORPHANED: u64 = 5000;
/// The taint, and the suspect's.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Working,
    Done,
    Failed,
}

/// An order, or the object by which it was given.
#[derive(Debug)]
struct Given {
    /// The Recovery; empty when somebody else gave it.
    by: Text,
    how: Ordered,
    stage: Stage,
}

/// All machines.
#[derive(Debug, Default)]
pub(super) struct Park {
    pub(super) kind: Option<Machines>,
    pub(super) how: Option<Ordered>,
    given: BTreeMap<Text, Given>,
    paused: Vec<Text>,
    /// Volume and node.
    attached: BTreeMap<String, Text>,
    /// The node that came in place of another.
    came: BTreeMap<Text, Text>,
}

impl Truth {
    pub(super) fn look_at_machine(&self, inquiry: &Inquiry, recovery: &Text) -> Outcome {
        let name = &inquiry.node.key.name;
        let fits = match (self.park.kind, inquiry.provider.kind) {
            (Some(Machines::Medik8s), ProviderKind::RemediationTemplate) => inquiry.template.is_some(),
            (Some(Machines::ClusterApi), ProviderKind::ClusterApi) => true,
            (Some(Machines::Karpenter), ProviderKind::Karpenter) => true,
            (Some(Machines::Webhook), ProviderKind::Webhook) => inquiry.provider.webhook.is_some(),
            _ => false,
        };
        let plain = |state| MachineView { state, off: None, replacements: Vec::new() };
        let view = match self.park.given.get(name) {
            _ if !fits => plain(MachineState::NotOffered("it is not served here".into())),
            _ if self.park.paused.contains(name) => plain(MachineState::Busy("its machine is paused".into())),
            Some(given) if given.by != *recovery => plain(MachineState::Busy("somebody else works on it".into())),
            Some(given) => self.view_of(name, given),
            None if inquiry.drained && self.park.attached.values().any(|node| node == name) => {
                let here = self.park.attached.iter().filter(|(_, node)| *node == name);
                plain(MachineState::Attached(here.map(|(volume, _)| volume.clone()).collect()))
            }
            None => {
                let pool = if self.park.kind == Some(Machines::ClusterApi) { "set" } else { "" };
                let uid = Text::from(format!("machine-{}", inquiry.node.uid));
                let machine = MachineRef { name: Text::from(self.machine_name(name)), uid, pool: Text::from(pool) };
                plain(MachineState::Ready { machine, resource_version: Text::from("1") })
            }
        };
        Outcome::Done(Answer::Machine(Box::new(view)))
    }

    fn machine_name(&self, node: &Text) -> String {
        match self.park.kind {
            Some(Machines::ClusterApi) => format!("cluster.x-k8s.io/v1beta1 Machine machines/{node}"),
            Some(Machines::Karpenter) => format!("karpenter.sh/v1 NodeClaim {node}"),
            Some(Machines::Webhook) => "webhook key".to_owned(),
            _ => format!("fence-agents-remediation.medik8s.io/v1alpha1 FenceAgentsRemediation machines/{node}"),
        }
    }

    fn view_of(&self, name: &Text, given: &Given) -> MachineView {
        let state = match given.stage {
            Stage::Working => MachineState::UnderWay("works on it".into()),
            Stage::Done => MachineState::Done("has succeeded".into()),
            Stage::Failed => MachineState::Failed("has failed".into()),
        };
        let off = (given.stage == Stage::Done).then(|| match given.how {
            Ordered::Assumes => Off::Assumed("it must have rebooted".into()),
            _ => Off::Stated("it is off".into()),
        });
        let came = self.park.came.get(name).and_then(|name| self.nodes.get(name));
        let replacements = came.map(|node| Replacement {
            node: node.name.clone(),
            uid: node.uid.clone(),
            provider_id: node.provider_id.clone(),
        });
        MachineView { state, off, replacements: replacements.into_iter().collect() }
    }

    pub(super) fn order(&mut self, order: &Order, recovery: &Text) -> Outcome {
        let name = order.inquiry.node.key.name.clone();
        match self.park.given.get(&name) {
            Some(given) if given.by != *recovery => return Outcome::Refused { message: "somebody else's".into() },
            Some(_) => return Outcome::Done(Answer::Nothing),
            None if !self.nodes.contains_key(&name) => return Outcome::Gone,
            None => {}
        }
        self.writes.push((self.now, Wrote::Replace, name.clone()));
        self.give(name, recovery.clone());
        Outcome::Done(Answer::Nothing)
    }

    fn give(&mut self, node: Text, by: Text) {
        let reboots = matches!(self.park.kind, Some(Machines::Medik8s | Machines::Webhook));
        let usual = if reboots { Ordered::Reboots } else { Ordered::Replaces };
        let how = self.park.how.unwrap_or(usual);
        self.park.given.insert(node.clone(), Given { by, how, stage: Stage::Working });
        if how != Ordered::Stalls {
            let deletes = matches!(self.park.kind, Some(Machines::ClusterApi | Machines::Karpenter));
            self.after(if deletes { END } else { WORK }, Later::Ordered(node));
        }
    }

    /// Another tool works on it.
    pub(super) fn remediate(&mut self, node: &str) {
        self.park
            .given
            .insert(Text::from(node), Given { by: Text::from(""), how: Ordered::Stalls, stage: Stage::Working });
    }

    pub(super) fn call_off(&mut self, node: &str) {
        self.park.given.remove(node);
    }

    pub(super) fn attach(&mut self, volume: &str, node: &str) {
        self.park.attached.insert(volume.to_owned(), Text::from(node));
    }

    pub(super) fn detach(&mut self, volume: &str) {
        self.park.attached.remove(volume);
    }

    pub(super) fn pause_machine(&mut self, node: &str) {
        self.park.paused.push(Text::from(node));
    }

    pub(super) fn end_remediation(&mut self, node: &Target, recovery: &Text) -> Outcome {
        if self.park.given.get(&node.key.name).is_some_and(|given| given.by == *recovery) {
            self.writes.push((self.now, Wrote::EndRemediation, node.key.name.clone()));
            self.park.given.remove(&node.key.name);
        }
        Outcome::Done(Answer::Nothing)
    }

    /// Whose remediation object a node has.
    pub(super) fn remediation(&self, node: &Text) -> bool {
        self.park.kind == Some(Machines::Medik8s) && self.park.given.get(node).is_some_and(|given| !given.by.is_empty())
    }

    /// An order is carried out.
    pub(super) fn carry_out(&mut self, node: &Text) {
        let Some(given) = self.park.given.get_mut(node) else { return };
        let how = given.how;
        given.stage = if how == Ordered::Fails { Stage::Failed } else { Stage::Done };
        match how {
            Ordered::Reboots => {
                self.silent.insert(node.clone(), Kubelet::Silent);
                self.after(BOOT, Later::Booted(node.clone()));
            }
            Ordered::PowersOff => drop(self.silent.insert(node.clone(), Kubelet::Silent)),
            Ordered::Replaces => {
                self.take_machine(node);
                self.after(BOOT, Later::Came(node.clone()));
            }
            Ordered::Removes => self.take_machine(node),
            Ordered::Assumes | Ordered::Fails | Ordered::Stalls => {}
        }
    }

    /// The machine is gone with its node; what was bound there is removed.
    fn take_machine(&mut self, name: &Text) {
        self.lose_node(name);
        self.silent.remove(name);
        self.later.retain(|_, later| !matches!(later, Later::Beat(node) if node == name));
        self.free(name);
    }

    pub(super) fn booted(&mut self, name: &Text) {
        if self.nodes.contains_key(name) {
            self.silent.remove(name);
            self.beat(name.clone(), false);
            self.set_condition(name, "Ready", ConditionStatus::True);
            self.report(name);
        }
    }

    /// Another machine joins in place of `old`.
    pub(super) fn came(&mut self, old: &Text) {
        let name = format!("{old}-new");
        let mut fact = node(&name, self.stamp());
        fact.provider_id = Text::from(format!("machine://{name}"));
        self.park.came.insert(old.clone(), Text::from(name));
        self.add_node(fact);
    }

    /// Sets the taint, and Kubernetes frees what is on the node.
    pub(super) fn fence(&mut self, target: &Target, recovery: &Text) -> Outcome {
        let Some(fact) = self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid) else {
            return Outcome::Gone;
        };
        let is_tainted = fact.taints.iter().any(|taint| &*taint.key == OUT_OF_SERVICE);
        if is_tainted {
            return Outcome::Done(Answer::Nothing);
        }
        if !fact.fenced_by.is_empty() {
            return Outcome::Refused { message: "somebody took our out-of-service taint away".into() };
        }
        let proof = self.records.get(recovery).and_then(|record| record.evidence("machine off"));
        assert!(proof.is_some(), "{recovery} declares {target} out of service, and its record has no proof");
        let name = target.key.name.clone();
        self.writes.push((self.now, Wrote::Fence, name.clone()));
        self.edit_node(&name, |node| {
            let [key, value, effect] = [OUT_OF_SERVICE, "nodeshutdown", "NoExecute"].map(Text::from);
            node.taints.push(Taint { key, value, effect });
            node.fenced_by = recovery.clone();
        });
        self.after(SEEN, Later::Freed(name));
        Outcome::Done(Answer::Nothing)
    }

    pub(super) fn unfence(&mut self, target: &Target, recovery: &Text) -> Outcome {
        let is_ours = |fact: &&NodeFact| fact.uid == target.uid && fact.fenced_by == *recovery;
        if self.nodes.get(&target.key.name).filter(is_ours).is_some() {
            self.writes.push((self.now, Wrote::Unfence, target.key.name.clone()));
            self.edit_node(&target.key.name, |node| {
                node.taints.retain(|taint| &*taint.key != OUT_OF_SERVICE);
                node.fenced_by = Text::from("");
            });
        }
        Outcome::Done(Answer::Nothing)
    }

    /// Kubernetes ends the pods of a node that is out of service or gone, except those that a DaemonSet wants there.
    pub(super) fn free(&mut self, node: &Text) {
        let stays = |fact: &NodeFact| !fact.taints.iter().any(|taint| &*taint.key == OUT_OF_SERVICE);
        if self.nodes.get(node).is_some_and(stays) {
            return;
        }
        let gone = !self.nodes.contains_key(node);
        let goes = |pod: &PodFact| gone || !pod.owned_by(&Kind::DaemonSet);
        let there = |pod: &&PodFact| pod.node.as_ref() == Some(node) && goes(pod);
        let pods: Vec<Target> = self.pods.values().map(|(pod, _)| pod).filter(there).map(PodFact::target).collect();
        let wait = if self.nodes.contains_key(node) { FREED } else { ORPHANED };
        for target in pods {
            self.terminate(&target);
            self.after(wait, Later::Remove(target));
        }
    }
}
