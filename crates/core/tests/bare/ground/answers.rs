//! What the API server, a kubelet's port and a message receiver answer.

use super::CALL;
use super::pods::starting;
use super::things::ready_pod;
use super::truth::{Truth, later};
use self_healing_core::effect::{Answer, Budget, DrainView, Effect, KubeletLook, Outcome, Verb};
use self_healing_core::event::Event;
use self_healing_core::fact::{NodeFact, PodFact, PodPhase, Taint};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::Phase;
use self_healing_core::recovery::{GATHERED, NodeView, PodView, Recovery, STATE, Status};
use self_healing_core::time::Stamp;
use self_healing_story::story::BUSY;
use self_healing_story::{Kubelet, Reception, Verb as Wrote};
use std::time::Duration;

/// When a message is given up to which there is no answer, in milliseconds.
const GIVEN_UP: u64 = 10_000;
/// The taint of ours.
const SUSPECT: &str = "self-healing.dev/suspect";

impl Truth {
    pub(super) fn perform(&mut self, effect: &Effect) -> Outcome {
        let recovery = &effect.recovery;
        match &effect.verb {
            Verb::CreateRecovery(_) | Verb::SaveStatus { .. } if self.store_down => {
                later("etcdserver: request timed out")
            }
            Verb::ReadRecoveries => Outcome::Done(Answer::Recoveries(self.records.values().cloned().collect())),
            Verb::HandOver => Outcome::Done(Answer::Nothing),
            Verb::CreateRecovery(record) => self.store(record),
            Verb::SaveStatus { status, resource_version, uid } => self.save(recovery, status, resource_version, uid),
            Verb::DeleteRecovery { uid } => self.forget(recovery, uid),
            Verb::SavePolicyStatus { name, uid, status } => self.save_policy_status(name, uid, status),
            Verb::LookAtPod(target) => self.look_at_pod(target),
            Verb::LookAtNode(target) => match self.exact_node(target) {
                Some(fact) => {
                    let lease = self.leases.get(&fact.name).cloned();
                    Outcome::Done(Answer::Node(Box::new(NodeView { fact, lease })))
                }
                None => Outcome::Gone,
            },
            Verb::LookAtWorkload(target) => self.look_at_workload(target),
            Verb::RestartWorkload { target, resource_version, at } => {
                self.restart_workload(target, resource_version, (recovery, *at))
            }
            Verb::ScaleUp { target, resource_version, from, to } => {
                self.scale_up(target, resource_version, (*from, *to), recovery)
            }
            Verb::ScaleBack(target) => self.scale_back(target, recovery),
            Verb::KeepScale(target) => self.keep_scale(target, recovery),
            Verb::RollBack { target, resource_version, from, to } => {
                self.roll_back(target, resource_version, (from, to), recovery)
            }
            Verb::LookAtService(target) => self.look_at_service(target),
            Verb::SwitchService { target, to, resource_version } => self.switch(target, to, resource_version, recovery),
            Verb::SwitchBack(target) => self.switch_back(target, recovery),
            Verb::LookAtMachine(inquiry) => self.look_at_machine(inquiry, recovery),
            Verb::Replace(order) => self.order(order, recovery),
            Verb::EndRemediation { node, .. } => self.end_remediation(node, recovery),
            Verb::TaintOutOfService(target) => self.fence(target, recovery),
            Verb::UntaintOutOfService(target) => self.unfence(target, recovery),
            Verb::ListPods { node } => {
                let pods = self.pods.values().map(|(pod, _)| pod).filter(|pod| pod.node.as_ref() == Some(node));
                Outcome::Done(Answer::Pods(pods.cloned().collect()))
            }
            Verb::PlanDrain { node } => Outcome::Done(Answer::Drain(Box::new(self.drain_view(node)))),
            Verb::Gather(scene) => self.gather(&scene.target),
            Verb::LookAtKubelet { node, .. } => {
                let look = match self.silent.get(node) {
                    None | Some(Kubelet::Accepts) => KubeletLook::Answers,
                    Some(Kubelet::Refuses) => KubeletLook::Refused,
                    Some(Kubelet::Silent) => KubeletLook::Silent,
                };
                Outcome::Done(Answer::Kubelet(look))
            }
            Verb::Cordon(target) => self.cordon(target, recovery),
            Verb::Uncordon(target) => {
                if self.exact_node(target).is_some_and(|node| node.owner == *recovery) {
                    self.wrote(Wrote::Uncordon, &target.key.name);
                    self.edit_node(&target.key.name, |node| (node.unschedulable, node.owner) = (false, Text::from("")));
                }
                done()
            }
            Verb::TaintSuspect { node } => {
                if self.nodes.get(node).is_some_and(|fact| suspect(fact).is_none()) {
                    self.wrote(Wrote::Taint, node);
                    self.taint(node, recovery);
                }
                done()
            }
            Verb::UntaintSuspect { node } => {
                if self.nodes.get(node).and_then(suspect) == Some(recovery) {
                    self.wrote(Wrote::Untaint, node);
                    self.edit_node(node, |fact| fact.taints.retain(|taint| taint.value != *recovery));
                }
                done()
            }
            Verb::Evict { target, .. } => self.evict(target),
            Verb::DeletePod { target, resource_version, .. } => match self.exact(target) {
                None => Outcome::Gone,
                Some((_, version)) if **resource_version != *version.to_string() => {
                    later("the object has been modified")
                }
                Some(_) => self.take_away(Wrote::Delete, target),
            },
            Verb::ResizePod { target, limit, resource_version, .. } => match self.exact(target) {
                None => Outcome::Gone,
                Some((_, version)) if **resource_version != *version.to_string() => {
                    later("the object has been modified")
                }
                Some(_) => self.resize(target, *limit),
            },
            Verb::CreatePod { manifest } => self.create_pod(manifest),
            Verb::Tell { key, channel, .. } => self.hear(channel.as_str(), key, recovery),
            Verb::Happened(_) => done(),
        }
    }

    /// Puts our suspect taint on a node.
    pub(crate) fn taint(&mut self, node: &str, recovery: &Text) {
        let (key, effect) = (Text::from(SUSPECT), Text::from("PreferNoSchedule"));
        self.edit_node(node, |fact| fact.taints.push(Taint { key, value: recovery.clone(), effect }));
    }

    pub(super) fn wrote(&mut self, verb: Wrote, of: &Text) {
        self.writes.push((self.now, verb, of.clone()));
    }

    fn take_away(&mut self, verb: Wrote, target: &Target) -> Outcome {
        self.wrote(verb, &target.uid);
        self.terminate(target);
        done()
    }

    fn exact_node(&self, target: &Target) -> Option<NodeFact> {
        self.nodes.get(&target.key.name).filter(|node| node.uid == target.uid).cloned()
    }

    fn look_at_pod(&self, target: &Target) -> Outcome {
        let Some((fact, version)) = self.exact(target) else { return Outcome::Gone };
        let manifest = fact.owner.is_none().then(|| fact.key.to_string());
        let memory = self.memory_of(&fact);
        let view = PodView { fact, resource_version: Text::from(version.to_string()), manifest, memory };
        Outcome::Done(Answer::Pod(Box::new(view)))
    }

    /// What is not there any more shows nothing.
    fn gather(&self, target: &Target) -> Outcome {
        let seen = (target.kind == Kind::Pod).then(|| self.exact(target)).flatten();
        let state = seen.map(|(pod, _)| (STATE.to_owned(), format!("{:?}", pod.phase)));
        let gathered = (GATHERED.to_owned(), format!("at {} s", self.now / 1000));
        Outcome::Done(Answer::Evidence(state.into_iter().chain([gathered]).collect()))
    }

    fn evict(&mut self, target: &Target) -> Outcome {
        let Some((pod, _)) = self.exact(target) else { return Outcome::Gone };
        if self.refused.contains(&target.key.name) {
            return Outcome::Refused { message: "admission webhook \"keep\" denied the request".into() };
        }
        match self.blocked(&pod) {
            Some(message) => Outcome::TryLater { after: None, budget: true, message },
            None => self.take_away(Wrote::Evict, target),
        }
    }

    fn drain_view(&self, node: &Text) -> DrainView {
        let bound = self.pods.values().map(|(pod, _)| pod).filter(|pod| pod.node.as_ref() == Some(node));
        let pods: Vec<PodFact> = bound.cloned().collect();
        let family = |pod: &PodFact| pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid));
        let budgets = self.budgets.iter().map(|(workload, desired)| {
            let healthy = |pod: &PodFact| pod.ready && !pod.terminating() && family(pod) == Some(workload);
            let healthy = u32::try_from(self.pods.values().filter(|(pod, _)| healthy(pod)).count()).unwrap();
            Budget {
                name: Text::from(&*workload.name),
                allowed: healthy.saturating_sub(*desired),
                healthy,
                desired: *desired,
                desired_with_one_more: *desired + u32::from(self.budgets_follow),
                unready_may_go: false,
                pods: pods.iter().filter(|pod| family(pod) == Some(workload)).map(|pod| pod.uid.clone()).collect(),
            }
        });
        let needs = |pod: &PodFact| (pod.uid.clone(), self.needs.get(&pod.uid).cloned().unwrap_or_default());
        DrainView { needs: pods.iter().map(needs).collect(), budgets: budgets.collect(), pods }
    }

    /// What the disruption budget of this pod says, if it blocks; policy IfHealthyBudget.
    fn blocked(&self, pod: &PodFact) -> Option<String> {
        if pod.phase != PodPhase::Running {
            // Budgets protect what runs.
            return None;
        }
        let family = |pod: &PodFact| pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid));
        let workload = family(pod)?;
        let needed = *self.budgets.get(workload)?;
        let healthy = |pod: &PodFact| pod.ready && !pod.terminating() && family(pod) == Some(workload);
        let healthy = u32::try_from(self.pods.values().filter(|(pod, _)| healthy(pod)).count()).unwrap();
        let spare = healthy >= needed + u32::from(pod.ready);
        (!spare).then(|| {
            format!(
                "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget {} needs {needed} healthy pods and has {healthy} currently",
                workload.name
            )
        })
    }

    fn cordon(&mut self, target: &Target, recovery: &Text) -> Outcome {
        let Some(node) = self.exact_node(target) else { return Outcome::Gone };
        if node.unschedulable && node.owner != *recovery {
            return Outcome::Refused { message: "somebody else has cordoned it".into() };
        }
        if node.owner == *recovery && !node.unschedulable {
            return Outcome::Refused { message: "somebody uncordoned it after we had cordoned it".into() };
        }
        if node.owner == *recovery {
            return done();
        }
        self.wrote(Wrote::Cordon, &target.key.name);
        self.edit_node(&target.key.name, |node| (node.unschedulable, node.owner) = (true, recovery.clone()));
        done()
    }

    fn create_pod(&mut self, manifest: &str) -> Outcome {
        let (namespace, name) = manifest.split_once('/').unwrap();
        let key = Key::new(namespace, name);
        if !self.pods.contains_key(&key) {
            self.wrote(Wrote::Create, &Text::from(manifest));
            let uid = Text::from(format!("uid-{}", self.next_version()));
            let created = Stamp(self.stamp().0 / 1000 * 1000);
            let pod = ready_pod(key.clone(), None, None);
            self.put(PodFact { uid, created, ..starting(pod) });
        }
        Outcome::Done(Answer::Created(key))
    }

    /// How long the answer to `effect` takes, in milliseconds.
    pub(super) fn takes(&self, effect: &Effect) -> u64 {
        let hangs = |channel: &str| self.receptions.get(channel) == Some(&Reception::Hangs);
        match &effect.verb {
            Verb::Tell { channel, .. } if hangs(channel.as_str()) => GIVEN_UP,
            _ => CALL,
        }
    }

    fn hear(&mut self, channel: &str, key: &str, recovery: &Text) -> Outcome {
        let reception = self.receptions.get(channel).copied().unwrap_or(Reception::Well);
        let outcome = self.receiver.pop_front().unwrap_or_else(|| heard(reception));
        let ok = matches!(outcome, Outcome::Done(_));
        self.told.push(format!("{channel} {key} {}", if ok { "ok" } else { "no" }));
        if ok {
            self.heard.insert((channel.to_owned(), key.to_owned(), recovery.clone()));
        }
        outcome
    }

    fn store(&mut self, record: &Recovery) -> Outcome {
        if let Some(known) = self.records.get(&record.name) {
            return Outcome::Done(Answer::Exists(Box::new(known.clone())));
        }
        let mut stored = record.clone();
        // The API server takes no status on create.
        let status = &mut stored.status;
        (status.attempts, status.evidence, status.notifications) = (Vec::new(), Vec::new(), Vec::new());
        (status.phase, status.impact) = (Some(Phase::Pending), Vec::new());
        stored.uid = Text::from(format!("record-{}", self.next_version()));
        self.recorded.insert(stored.name.clone());
        self.put_record(stored)
    }

    /// Stores a record in a new version.
    pub(crate) fn put_record(&mut self, mut record: Recovery) -> Outcome {
        record.resource_version = Text::from(self.next_version().to_string());
        let (uid, resource_version) = (record.uid.clone(), record.resource_version.clone());
        self.news.push(Event::Recovery(Box::new(record.clone())));
        self.records.insert(record.name.clone(), record);
        Outcome::Done(Answer::Stored { uid, resource_version })
    }

    fn save(&mut self, name: &Text, status: &Status, version: &Text, uid: &Text) -> Outcome {
        match self.records.get(name).filter(|record| record.uid == *uid).cloned() {
            None => Outcome::Gone,
            Some(record) if record.resource_version != *version => later("the object has been modified"),
            Some(mut record) => {
                record.status = status.clone();
                self.put_record(record)
            }
        }
    }

    fn forget(&mut self, name: &Text, uid: &Text) -> Outcome {
        if self.records.get(name).is_some_and(|record| record.uid == *uid) {
            self.records.remove(name);
            self.news.push(Event::RecoveryGone(name.clone()));
        }
        done()
    }
}

/// Whose suspect taint a node carries.
pub(super) fn suspect(node: &NodeFact) -> Option<&Text> {
    node.taints.iter().find(|taint| &*taint.key == SUSPECT).map(|taint| &taint.value)
}

/// What the sender makes of what a receiver does.
fn heard(reception: Reception) -> Outcome {
    match reception {
        Reception::Well => done(),
        Reception::Busy => {
            let after = Some(Duration::from_secs(u64::from(BUSY)));
            Outcome::TryLater { after, budget: false, message: "the receiver answered 429".into() }
        }
        Reception::Fails | Reception::Hangs | Reception::Closes => {
            Outcome::TryLater { after: None, budget: false, message: "the receiver failed".into() }
        }
        Reception::Refuses => Outcome::Refused { message: "the receiver answered 400".into() },
    }
}

pub(super) fn done() -> Outcome {
    Outcome::Done(Answer::Nothing)
}
