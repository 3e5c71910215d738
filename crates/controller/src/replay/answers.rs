//! Answers to the core's effects from the recording: reads show what it shows, writes are accepted and change nothing.

use self_healing_core::effect::{
    Answer, Applied, DrainView, Effect, KubeletLook, Outcome, RolledBack, Verb, WorkloadView,
};
use self_healing_core::event::Event;
use self_healing_core::fact::{EndpointsFact, LeaseFact, NodeFact, PodFact, ServiceFact, WorkloadFact};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::machine::{MachineState, MachineView};
use self_healing_core::recovery::{GATHERED, Memory, NodeView, PodView, Recovery, ServiceView};
use std::collections::BTreeMap;

/// The recorded world as it is at this moment, as far as reads need it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pods: BTreeMap<Key, PodFact>,
    nodes: BTreeMap<Text, NodeFact>,
    leases: BTreeMap<Text, LeaseFact>,
    services: BTreeMap<Key, ServiceFact>,
    endpoints: BTreeMap<Key, EndpointsFact>,
    looks: BTreeMap<Text, KubeletLook>,
    drains: BTreeMap<Text, DrainView>,
    workloads: BTreeMap<(Kind, Key), WorkloadFact>,
    views: BTreeMap<Text, WorkloadView>,
    /// Recoveries that were over when the recording began: the history.
    pub(super) history: Vec<Recovery>,
    version: u64,
}

impl Shown {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Pod(pod) => drop(self.pods.insert(pod.key.clone(), pod.clone())),
            Event::PodGone(key) => drop(self.pods.remove(key)),
            Event::Node(node) => drop(self.nodes.insert(node.name.clone(), node.clone())),
            Event::NodeGone(name) => drop(self.nodes.remove(name)),
            Event::Lease(lease) => drop(self.leases.insert(lease.node.clone(), lease.clone())),
            Event::LeaseGone(name) => drop(self.leases.remove(name)),
            Event::Workload(fact) => {
                drop(self.workloads.insert((fact.kind.clone(), fact.key.clone()), fact.clone()));
            }
            Event::WorkloadGone(kind, key) => drop(self.workloads.remove(&(kind.clone(), key.clone()))),
            Event::Service(service) => drop(self.services.insert(service.key.clone(), service.clone())),
            Event::ServiceGone(key) => drop(self.services.remove(key)),
            Event::Endpoints(slice) => drop(self.endpoints.insert(slice.key.clone(), slice.clone())),
            Event::EndpointsGone(key) => drop(self.endpoints.remove(key)),
            _ => {}
        }
    }

    pub(super) fn look(&mut self, node: Text, look: KubeletLook) {
        self.looks.insert(node, look);
    }

    pub(super) fn drain(&mut self, node: Text, view: DrainView) {
        self.drains.insert(node, view);
    }

    pub(super) fn view(&mut self, uid: Text, view: WorkloadView) {
        self.views.insert(uid, view);
    }

    /// The workload as it is now, with what was read last of who else has a hand on it; nobody where the recorded controller never read
    /// it.
    fn view_of(&self, target: &Target) -> Option<WorkloadView> {
        let place = (target.kind.clone(), target.key.clone());
        let fact = self.workloads.get(&place).filter(|fact| fact.uid == target.uid)?.clone();
        let known = self.views.get(&target.uid).cloned();
        let (updated, ready) = (fact.rollout.as_ref().map_or(fact.ready, |rollout| rollout.updated), fact.ready);
        let view = known.unwrap_or_else(|| WorkloadView {
            fact: fact.clone(),
            resource_version: Text::from("1"),
            updated: 0,
            total: 0,
            available: 0,
            held_back: None,
            keepers: Vec::new(),
            autoscaler: None,
            applied: Applied::default(),
            owner: Text::default(),
            restarted_by: Text::default(),
            restarted_at: None,
            template: Text::default(),
            max_unavailable: 0,
            revisions: Vec::new(),
            rolled_back: RolledBack::default(),
        });
        Some(WorkloadView { fact, updated, total: updated, available: ready, ..view })
    }

    /// The pods as they are now, with the budgets that were read last; none where the recorded controller never read them.
    fn drain_of(&self, node: &Text) -> DrainView {
        let known = self.drains.get(node).cloned().unwrap_or_default();
        DrainView { pods: self.pods_on(node), ..known }
    }

    /// A Service with its endpoints as they are now. The labels of pods that are well are not recorded, so a standby is taken to be
    /// ready, and the primary to be as its endpoints are.
    fn seen(&self, service: &ServiceFact) -> ServiceView {
        let own =
            |slice: &&EndpointsFact| slice.service == service.key.name && slice.key.namespace == service.key.namespace;
        let ready = self.endpoints.values().filter(own).map(|slice| slice.ready).sum();
        ServiceView {
            fact: service.clone(),
            resource_version: Text::from("1"),
            keeper: None,
            ready_endpoints: ready,
            primary_ready: ready,
            standby_ready: 1,
        }
    }

    fn pods_on(&self, node: &Text) -> Vec<PodFact> {
        self.pods.values().filter(|pod| pod.node.as_ref() == Some(node)).cloned().collect()
    }

    /// A new version of a record.
    pub(super) fn next_version(&mut self) -> Text {
        self.version += 1;
        Text::from(self.version.to_string())
    }

    /// What becomes of an effect; `None` for what has no outcome.
    pub(super) fn answer(&mut self, effect: &Effect) -> Option<Outcome> {
        let done = |answer| Some(Outcome::Done(answer));
        match &effect.verb {
            Verb::ReadRecoveries => done(Answer::Recoveries(self.history.clone())),
            Verb::CreateRecovery(recovery) => {
                let uid = Text::from(format!("replay-{}", recovery.name));
                done(Answer::Stored { uid, resource_version: self.next_version() })
            }
            Verb::SaveStatus { uid, .. } => {
                done(Answer::Stored { uid: uid.clone(), resource_version: self.next_version() })
            }
            Verb::LookAtPod(target) => {
                let pod = self.pods.get(&target.key).filter(|pod| pod.uid == target.uid);
                Some(pod.map_or(Outcome::Gone, |pod| Outcome::Done(Answer::Pod(Box::new(view(pod))))))
            }
            Verb::LookAtNode(target) => {
                let node = self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid);
                Some(node.map_or(Outcome::Gone, |node| {
                    let lease = self.leases.get(&node.name).cloned();
                    Outcome::Done(Answer::Node(Box::new(NodeView { fact: node.clone(), lease })))
                }))
            }
            Verb::LookAtWorkload(target) => {
                let view = self.view_of(target);
                Some(view.map_or(Outcome::Gone, |view| Outcome::Done(Answer::Workload(Box::new(view)))))
            }
            Verb::LookAtService(target) => {
                let service = self.services.get(&target.key).filter(|service| service.uid == target.uid);
                Some(
                    service
                        .map_or(Outcome::Gone, |service| Outcome::Done(Answer::Service(Box::new(self.seen(service))))),
                )
            }
            Verb::LookAtMachine(_) => {
                let state = MachineState::NotOffered("not in a replay".to_owned());
                done(Answer::Machine(Box::new(MachineView { state, off: None, replacements: Vec::new() })))
            }
            Verb::ListPods { node } => done(Answer::Pods(self.pods_on(node))),
            Verb::PlanDrain { node } => done(Answer::Drain(Box::new(self.drain_of(node)))),
            // What it showed is in the recorded Recoveries; no decision rests on it.
            Verb::Gather(_) => done(Answer::Evidence(vec![(GATHERED.to_owned(), "not in a replay".to_owned())])),
            Verb::LookAtKubelet { node, .. } => Some(self.looks.get(node).map_or_else(
                || Outcome::Unknown { message: "the recording shows no look at it".to_owned() },
                |look| Outcome::Done(Answer::Kubelet(*look)),
            )),
            Verb::Happened(_) => None,
            Verb::HandOver
            | Verb::CreatePod { .. }
            | Verb::Cordon(_)
            | Verb::Uncordon(_)
            | Verb::TaintSuspect { .. }
            | Verb::UntaintSuspect { .. }
            | Verb::Replace(_)
            | Verb::EndRemediation { .. }
            | Verb::TaintOutOfService(_)
            | Verb::UntaintOutOfService(_)
            | Verb::Evict { .. }
            | Verb::SwitchService { .. }
            | Verb::SwitchBack(_)
            | Verb::ResizePod { .. }
            | Verb::DeletePod { .. }
            | Verb::RestartWorkload { .. }
            | Verb::ScaleUp { .. }
            | Verb::ScaleBack(_)
            | Verb::KeepScale(_)
            | Verb::RollBack { .. }
            | Verb::DeleteRecovery { .. }
            | Verb::SavePolicyStatus { .. }
            | Verb::Tell { .. } => done(Answer::Nothing),
        }
    }
}

fn view(pod: &PodFact) -> PodView {
    // The manifest of a pod without controller is not recorded; that it can be saved is what matters.
    PodView {
        fact: pod.clone(),
        resource_version: Text::from("1"),
        manifest: pod.owner.is_none().then(|| "{}".to_owned()),
        // No limit is recorded, so no resize is replayed.
        memory: Memory::default(),
    }
}
