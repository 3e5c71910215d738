//! What an outcome means for the case that asked for the effect.

use super::adopt::is_newer;
use super::case::{Case, Postponed};
use super::{Agenda, Healer};
use crate::cluster::Subject;
use crate::effect::{Answer, EffectId, Outcome, Verb};
use crate::event::Event;
use crate::key::{Target, Text};
use crate::names::{Channel, GuardName};
use crate::recovery::{Delivery, Step, StepResult};
use crate::settings::Settings;
use crate::time::Now;
use alloc::string::{String, ToString};
use core::time::Duration;

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
    ListPods,
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
}

/// A blocked eviction is tried again after this at the earliest, when the server does not say (kubectl drain's pace).
const EVICT_AGAIN: Duration = Duration::from_secs(5);

/// Notes in the case what was just sent for it.
pub(super) fn started(case: &mut Case, id: EffectId, errand: Option<&Errand>) {
    match errand {
        Some(Errand::Create | Errand::Save) => case.saving.in_flight = Some(id),
        Some(Errand::LookPod(_) | Errand::LookNode | Errand::ListPods | Errand::Step { .. }) => case.doing = Some(id),
        Some(Errand::Tell(channel, key)) => drop(case.telling.insert(id, (*channel, key.clone()))),
        Some(Errand::None | Errand::Read | Errand::Kubelet(_) | Errand::Orphan | Errand::Expire) | None => {}
    }
}

/// The step's name and the pod it moves.
pub(super) fn errand_of(verb: &Verb) -> Errand {
    match verb {
        Verb::LookAtPod(target) => Errand::LookPod(target.clone()),
        Verb::LookAtNode(_) => Errand::LookNode,
        Verb::ListPods { .. } => Errand::ListPods,
        Verb::Evict(target) | Verb::DeletePod { target, .. } => {
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
                agenda.subjects.insert(Subject::Node(node.clone()));
            }
            (Errand::LookPod(target), outcome) => {
                let seen = self.see_pod(target, &outcome);
                agenda.subjects.extend(seen);
                self.with(&name, |case, now, settings| case.looked(now, settings, outcome));
            }
            (Errand::LookNode, outcome) => {
                let seen = self.see_node(&name, &outcome);
                agenda.subjects.extend(seen);
                self.with(&name, |case, now, settings| case.looked(now, settings, outcome));
            }
            (Errand::ListPods, Outcome::Done(Answer::Pods(pods))) => {
                for pod in pods {
                    agenda.subjects.extend(self.cluster.apply(self.now, Event::Pod(pod)));
                }
                self.with(&name, |case, _, _| case.listed = true);
            }
            (Errand::Create | Errand::Save, outcome) => {
                if outcome == Outcome::Gone {
                    self.record_gone(&name);
                }
                self.with(&name, |case, now, settings| case.was_saved(now, settings, outcome));
            }
            (Errand::Tell(channel, key), outcome) => {
                self.with(&name, |case, now, settings| case.told(now, settings, id, (*channel, key), outcome));
            }
            (Errand::Step { handles, name: step }, outcome) => {
                self.with(&name, |case, now, settings| case.stepped(now, settings, (handles, step), outcome));
            }
            (Errand::ListPods, outcome) => {
                self.with(&name, |case, now, settings| case.failed(now, settings, &outcome));
            }
            (Errand::None | Errand::Kubelet(_) | Errand::Orphan | Errand::Expire, _) => {}
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

    /// A fresh read is news like any other, only younger.
    fn see_pod(&mut self, target: &Target, outcome: &Outcome) -> alloc::vec::Vec<Subject> {
        match outcome {
            Outcome::Done(Answer::Pod(view)) => self.cluster.apply(self.now, Event::Pod(view.fact.clone())),
            Outcome::Gone if self.cluster.exact_pod(target).is_some() => {
                self.cluster.apply(self.now, Event::PodGone(target.key.clone()))
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
                let node = target.filter(|t| self.cluster.node(&t.key.name).is_some_and(|node| node.uid == t.uid));
                node.map(|t| self.cluster.apply(self.now, Event::NodeGone(t.key.name))).unwrap_or_default()
            }
            _ => alloc::vec::Vec::new(),
        }
    }

    /// A record was deleted by somebody: the case is forgotten, and what it marked becomes an orphan.
    pub(super) fn record_gone(&mut self, name: &Text) {
        self.cases.remove(name);
        self.active.remove(name);
        // What is still under way for it must not be taken for an answer to a later record of that name.
        self.errands.retain(|_, (of, _)| of != name);
    }
}

impl Case {
    fn failed(&mut self, now: Now, settings: &Settings, outcome: &Outcome) {
        let asked = if let Outcome::TryLater { after, .. } = outcome { *after } else { None };
        self.backoff.fail(now.tick, settings.retry_interval, asked);
    }

    fn looked(&mut self, now: Now, settings: &Settings, outcome: Outcome) {
        match outcome {
            Outcome::Done(Answer::Pod(view)) => self.looks.pod = Some((*view, now.tick)),
            Outcome::Done(Answer::Node(view)) => self.looks.node = Some((*view, now.tick)),
            Outcome::Gone => self.looks = super::case::Looks::default(),
            other => self.failed(now, settings, &other),
        }
    }

    fn was_saved(&mut self, now: Now, settings: &Settings, outcome: Outcome) {
        match outcome {
            Outcome::Done(Answer::Stored { uid, resource_version }) => {
                self.saving.status_stored |= self.saving.created;
                self.saving.created = true;
                self.saving.attempts_stored = self.saving.attempts_sent;
                self.saving.manifest_stored = self.saving.manifest_sent;
                self.saving.backoff.clear();
                self.recovery.uid = uid;
                // The answer may be late: somebody's later change, which the watch has shown, stays the last one known.
                if is_newer(&resource_version, &self.recovery.resource_version) {
                    self.recovery.resource_version = resource_version;
                }
            }
            Outcome::Done(Answer::Exists(other)) => {
                let earlier = core::mem::replace(self, Self::adopted(now, *other, settings));
                self.remember(now, earlier);
            }
            other => {
                let asked = if let Outcome::TryLater { after, .. } = other { after } else { None };
                self.saving.dirty = true;
                self.saving.backoff.fail(now.tick, settings.retry_interval, asked);
            }
        }
    }

    fn told(
        &mut self,
        now: Now,
        settings: &Settings,
        id: EffectId,
        (channel, key): (Channel, &String),
        outcome: Outcome,
    ) {
        self.telling.remove(&id);
        let backoff = self.tell_backoff.entry((channel, key.clone())).or_default();
        let notifications = &mut self.recovery.status.notifications;
        let Some(notification) = notifications.iter_mut().find(|n| n.channel == channel && n.key == *key) else {
            return;
        };
        notification.tries += 1;
        match outcome {
            Outcome::Done(_) | Outcome::Gone => {
                notification.state = Delivery::Sent;
                notification.last_error.clear();
            }
            Outcome::Refused { message } => {
                notification.state = Delivery::Failed;
                notification.last_error = message;
            }
            Outcome::TryLater { after, message, .. } => {
                notification.last_error = message;
                backoff.fail(now.tick, settings.retry_interval, after);
            }
            Outcome::Unknown { message } => {
                notification.last_error = message;
                backoff.fail(now.tick, settings.retry_interval, None);
            }
            Outcome::NotLeading => backoff.fail(now.tick, settings.retry_interval, None),
        }
        self.saving.dirty = true;
    }

    fn stepped(&mut self, now: Now, settings: &Settings, (handles, name): (&Text, &String), outcome: Outcome) {
        // Whatever the answer was, what was read before it is older than it.
        self.looks = super::case::Looks::default();
        self.listed = false;
        match outcome {
            Outcome::Done(_) | Outcome::Gone => {
                self.handled.insert(handles.clone());
                self.postponed.remove(handles);
                self.backoff.clear();
                self.pass(now, |guard| guard == GuardName::Plan);
                self.end_step(now, name, StepResult::Succeeded, String::new());
            }
            Outcome::TryLater { after, budget: true, message } => {
                self.postpone(now, settings, handles, after, &message);
                self.end_step(now, name, StepResult::Failed, message);
            }
            Outcome::Refused { message } if name.starts_with("evict ") => {
                self.postpone(now, settings, handles, None, &message);
                self.end_step(now, name, StepResult::Failed, message);
            }
            Outcome::TryLater { ref message, .. } | Outcome::Refused { ref message } => {
                self.end_step(now, name, StepResult::Failed, message.clone());
                self.failed(now, settings, &outcome);
            }
            Outcome::Unknown { ref message } => {
                // It may have been applied, so the step is not over until the world shows it.
                self.end_step(now, name, StepResult::InProgress, message.clone());
                self.failed(now, settings, &outcome);
            }
            Outcome::NotLeading => {
                self.end_step(now, name, StepResult::Failed, String::from("not the leader any more"));
                self.failed(now, settings, &outcome);
            }
        }
    }

    /// Puts one pod off; the others go on.
    fn postpone(&mut self, now: Now, settings: &Settings, uid: &Text, after: Option<Duration>, message: &str) {
        let tries = self.postponed.get(uid).map_or(0, |known| known.tries) + 1;
        let own = EVICT_AGAIN.saturating_mul(tries).min(settings.retry_interval);
        let until = now.tick + after.unwrap_or_default().max(own);
        self.postponed.insert(uid.clone(), Postponed { until, tries, message: message.to_string() });
    }

    fn end_step(&mut self, now: Now, name: &str, result: StepResult, message: String) {
        // The attempt may have timed out while the answer was on its way.
        let mut steps =
            self.recovery.status.attempts.iter_mut().rev().flat_map(|attempt| attempt.steps.iter_mut().rev());
        if let Some(step) = steps.find(|step| step.name == name && step.result == StepResult::InProgress) {
            step.result = result;
            step.finished_at = (result != StepResult::InProgress).then_some(now.stamp);
            step.message = message;
            self.saving.dirty = true;
        }
    }

    /// Notes that a step was sent; the same one tried again takes the place of its failed try.
    pub(super) fn begin_step(&mut self, now: Now, name: &str) {
        let Some(attempt) = self.recovery.status.attempts.last_mut() else { return };
        attempt.steps.retain(|step| step.name != name || step.result == StepResult::Succeeded);
        if attempt.steps.len() >= crate::recovery::MAX_STEPS
            && let Some(oldest) = attempt.steps.iter().position(may_be_dropped)
        {
            attempt.steps.remove(oldest);
        }
        attempt.steps.push(Step {
            name: name.to_string(),
            started_at: now.stamp,
            finished_at: None,
            result: StepResult::InProgress,
            message: String::new(),
        });
    }
}

/// Steps that left a mark stay in the record, since they say what has to be undone.
fn may_be_dropped(step: &Step) -> bool {
    let leaves_mark = step.name.starts_with("cordon ") || step.name.starts_with("taint ");
    step.result != StepResult::InProgress && !leaves_mark
}
