//! Outcomes: to whom each goes, and what it says about the cluster.

use super::case::Case;
use super::{Agenda, FRESH, Healer};
use crate::cluster::Subject;
use crate::effect::{Answer, EffectId, Outcome, Verb};
use crate::event::Event;
use crate::fact::PodFact;
use crate::key::{Target, Text};
use crate::names::Channel;
use crate::policy::PolicyStatus;
use crate::settings::Settings;
use crate::time::{Now, Tick};
use alloc::boxed::Box;
use alloc::string::{String, ToString};

/// What an effect was sent for.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    /// Nobody waits for it.
    None,
    Read,
    Create,
    Save,
    LookPod(Target),
    LookNode,
    LookWorkload(Target),
    LookService(Target),
    LookMachine,
    ListPods,
    Plan,
    Gather,
    Kubelet(Text),
    /// A step of the remedy: its name, and what is handled when it was accepted (the uid of the pod it moves, else the step).
    Step {
        handles: Text,
        name: String,
    },
    Tell(Channel, String),
    /// Undoing a mark of a Recovery that is over or gone.
    Orphan,
    /// Deleting a record whose time is up.
    Expire,
    /// Saving a policy's status.
    Policy(Text, Box<PolicyStatus>),
}

/// Notes in the case what was just sent for it.
pub(super) fn started(case: &mut Case, now: Tick, id: EffectId, errand: Option<&Errand>) {
    if let Some(
        Errand::LookPod(_)
        | Errand::LookNode
        | Errand::LookWorkload(_)
        | Errand::LookService(_)
        | Errand::LookMachine
        | Errand::ListPods
        | Errand::Plan,
    ) = errand
    {
        case.asked = now;
    }
    match errand {
        Some(Errand::Create | Errand::Save) => case.saving.in_flight = Some(id),
        Some(
            Errand::LookPod(_)
            | Errand::LookNode
            | Errand::LookWorkload(_)
            | Errand::LookService(_)
            | Errand::LookMachine
            | Errand::ListPods
            | Errand::Plan
            | Errand::Step { .. },
        ) => case.doing = Some(id),
        Some(Errand::Gather) => case.gather.under_way = true,
        Some(Errand::Tell(channel, key)) => drop(case.telling.insert(id, (*channel, key.clone()))),
        Some(
            Errand::None | Errand::Read | Errand::Kubelet(_) | Errand::Orphan | Errand::Expire | Errand::Policy(..),
        )
        | None => {}
    }
}

/// The step's name and the pod it moves.
pub(super) fn errand_of(verb: &Verb) -> Errand {
    match verb {
        Verb::LookAtPod(target) => Errand::LookPod(target.clone()),
        Verb::LookAtNode(_) => Errand::LookNode,
        Verb::LookAtWorkload(target) => Errand::LookWorkload(target.clone()),
        Verb::LookAtService(target) => Errand::LookService(target.clone()),
        Verb::LookAtMachine(_) => Errand::LookMachine,
        Verb::ListPods { .. } => Errand::ListPods,
        Verb::PlanDrain { .. } => Errand::Plan,
        Verb::Evict { target, .. } | Verb::DeletePod { target, .. } => {
            Errand::Step { handles: target.uid.clone(), name: verb.to_string() }
        }
        _ => Errand::Step { handles: Text::from(verb.to_string()), name: verb.to_string() },
    }
}

impl Healer {
    pub(super) fn outcome(&mut self, id: EffectId, outcome: Outcome, agenda: &mut Agenda) {
        let Some((name, errand)) = self.errands.remove(&id) else { return };
        self.answered(&name, id);
        match (&errand, outcome) {
            (Errand::Read, outcome) => return self.adopt(outcome, agenda),
            (Errand::Kubelet(node), Outcome::Done(Answer::Kubelet(look))) => {
                self.cluster.note_look(self.now, node, look);
                agenda.stirred = true;
                agenda.subjects.insert(Subject::Node(node.clone()));
            }
            (Errand::LookPod(target), outcome) => {
                let seen = self.see_pod(target, &outcome);
                agenda.subjects.extend(seen);
                self.with(&name, |case, now, settings| case.looked(now, settings, target.uid.clone(), outcome));
            }
            (Errand::LookNode, outcome) => {
                let seen = self.see_node(&name, &outcome);
                agenda.subjects.extend(seen);
                self.with(&name, |case, now, settings| {
                    let uid = case.recovery.spec.target.uid.clone();
                    case.looked(now, settings, uid, outcome);
                });
            }
            (Errand::LookWorkload(target), outcome) => {
                let seen = self.see_workload(target, &outcome);
                agenda.subjects.extend(seen);
                self.with(&name, |case, now, settings| case.looked(now, settings, target.uid.clone(), outcome));
            }
            (Errand::LookService(target), outcome) => {
                let seen = self.see_service(target, &outcome);
                agenda.subjects.extend(seen);
                self.with(&name, |case, now, settings| case.looked(now, settings, target.uid.clone(), outcome));
            }
            (Errand::LookMachine, outcome) => {
                let uid = Text::from("");
                self.with(&name, |case, now, settings| case.looked(now, settings, uid, outcome));
            }
            (Errand::ListPods, Outcome::Done(Answer::Pods(pods))) => {
                let listed = self.see_pods(&name, pods, agenda);
                self.with(&name, |case, _, _| case.listed = listed);
            }
            (Errand::Plan, Outcome::Done(Answer::Drain(mut view))) => {
                self.see_pods(&name, core::mem::take(&mut view.pods), agenda);
                self.with(&name, |case, _, _| case.drain = Some((*view, case.asked)));
            }
            (Errand::Create | Errand::Save, outcome) => {
                if outcome == Outcome::Gone {
                    self.record_gone(&name);
                }
                let acts = |healer: &Self| healer.cases.get(&name).is_some_and(Case::is_acting);
                let acted = acts(self);
                self.with(&name, |case, now, settings| case.was_saved(now, settings, outcome));
                if acted && !acts(self) {
                    // Its place is free for another.
                    agenda.cases.extend(self.active.iter().cloned());
                }
            }
            (Errand::Gather, outcome) => {
                self.with(&name, |case, _, _| {
                    case.gather.under_way = false;
                    case.gathered(outcome);
                });
                self.gathers.remove(&name);
                agenda.cases.extend(self.next_gather());
            }
            (Errand::Tell(channel, key), outcome) => {
                self.with(&name, |case, now, settings| case.told(now, settings, id, (*channel, key), outcome));
            }
            (Errand::Step { handles, name: step }, outcome) => {
                self.with(&name, |case, now, settings| case.stepped(now, settings, (handles, step), outcome));
            }
            (Errand::ListPods | Errand::Plan, outcome) => {
                self.with(&name, |case, now, settings| case.failed(now, settings, &outcome));
            }
            (Errand::Policy(policy, status), Outcome::Done(_)) => self.policies.saved(policy, status),
            // What was not saved is saved on the next sweep.
            (Errand::None | Errand::Kubelet(_) | Errand::Orphan | Errand::Expire | Errand::Policy(..), _) => {}
        }
        agenda.cases.insert(name);
    }

    /// Only the effect that the case waits for ends its waiting: a record found in place of ours starts a new one.
    fn answered(&mut self, name: &Text, id: EffectId) {
        let Some(case) = self.cases.get_mut(name) else { return };
        case.doing = case.doing.filter(|doing| *doing != id);
        case.saving.in_flight = case.saving.in_flight.filter(|saving| *saving != id);
    }

    fn with(&mut self, name: &Text, change: impl FnOnce(&mut Case, Now, &Settings)) {
        if let Some(case) = self.cases.get_mut(name) {
            change(case, self.now, &self.settings);
        }
    }

    /// A fresh read is news like any other, only younger; unless the watch has shown since that it is gone: an answer may be late.
    fn see_pod(&mut self, target: &Target, outcome: &Outcome) -> alloc::vec::Vec<Subject> {
        match outcome {
            Outcome::Done(Answer::Pod(_)) if self.cluster.exact_pod(target).is_none() => alloc::vec::Vec::new(),
            Outcome::Done(Answer::Pod(view)) => self.cluster.apply(self.now, Event::Pod(view.fact.clone())),
            Outcome::Gone if self.cluster.exact_pod(target).is_some() => {
                self.cluster.apply(self.now, Event::PodGone(target.key.clone()))
            }
            _ => alloc::vec::Vec::new(),
        }
    }

    /// The pods of a list, unless that is old: what it has may be gone since, and the watch, which has said so, does not say it twice.
    /// For the same reason one that terminates, and that the watch does not have, is on its way out.
    fn see_pods(&mut self, name: &Text, pods: alloc::vec::Vec<PodFact>, agenda: &mut Agenda) -> bool {
        let young = self.cases.get(name).is_some_and(|case| self.now.tick.since(case.asked) <= FRESH);
        for pod in pods.into_iter().filter(|_| young) {
            if !pod.terminating() || self.cluster.exact_pod(&pod.target()).is_some() {
                agenda.subjects.extend(self.cluster.apply(self.now, Event::Pod(pod)));
            }
        }
        young
    }

    fn see_workload(&mut self, target: &Target, outcome: &Outcome) -> alloc::vec::Vec<Subject> {
        let known = || self.cluster.exact_workload(target).is_some();
        match outcome {
            Outcome::Done(Answer::Workload(_)) if !known() => alloc::vec::Vec::new(),
            Outcome::Done(Answer::Workload(view)) => self.cluster.apply(self.now, Event::Workload(view.fact.clone())),
            Outcome::Gone if known() => {
                self.cluster.apply(self.now, Event::WorkloadGone(target.kind.clone(), target.key.clone()))
            }
            _ => alloc::vec::Vec::new(),
        }
    }

    fn see_service(&mut self, target: &Target, outcome: &Outcome) -> alloc::vec::Vec<Subject> {
        match outcome {
            Outcome::Done(Answer::Service(view)) => self.cluster.apply(self.now, Event::Service(view.fact.clone())),
            Outcome::Gone if self.cluster.service(&target.key).is_some_and(|known| known.uid == target.uid) => {
                self.cluster.apply(self.now, Event::ServiceGone(target.key.clone()))
            }
            _ => alloc::vec::Vec::new(),
        }
    }

    fn see_node(&mut self, name: &Text, outcome: &Outcome) -> alloc::vec::Vec<Subject> {
        match outcome {
            Outcome::Done(Answer::Node(view)) => {
                let lease = view.lease.clone().map(Event::Lease);
                let events = [Event::Node(view.fact.clone())].into_iter().chain(lease);
                events.flat_map(|event| self.cluster.apply(self.now, event)).collect()
            }
            Outcome::Gone => {
                let target = self.cases.get(name).map(|case| case.recovery.spec.target.clone());
                let node = target.filter(|t| self.cluster.exact_node(t).is_some());
                node.map(|t| self.cluster.apply(self.now, Event::NodeGone(t.key.name))).unwrap_or_default()
            }
            _ => alloc::vec::Vec::new(),
        }
    }

    /// A record was deleted by somebody: the case is forgotten, and what it marked becomes an orphan.
    pub(super) fn record_gone(&mut self, name: &Text) {
        self.cases.remove(name);
        self.active.remove(name);
        self.gathers.remove(name);
        // What is still under way for it must not be taken for an answer to a later record of that name.
        self.errands.retain(|_, (of, _)| of != name);
    }
}
