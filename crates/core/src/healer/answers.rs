//! What an answer means for the case that waited for it.

use super::adopt::is_newer;
use super::case::{Case, Looks, Postponed, moves};
use crate::effect::{Answer, EffectId, Outcome};
use crate::key::Text;
use crate::names::{Channel, GuardName};
use crate::recovery::{Delivery, MAX_STEPS, Step, StepResult};
use crate::remedy;
use crate::settings::Settings;
use crate::time::Now;
use alloc::string::{String, ToString};
use core::time::Duration;

/// A blocked eviction is tried again after this at the earliest, when the server does not say (kubectl drain's pace).
const EVICT_AGAIN: Duration = Duration::from_secs(5);

/// What does not let a pod go.
enum Keeper {
    /// A disruption budget, that asked to wait so long.
    Budget(Option<Duration>),
    /// The API server or a webhook.
    Server,
}

impl Case {
    pub(super) fn failed(&mut self, now: Now, settings: &Settings, outcome: &Outcome) {
        let asked = if let Outcome::TryLater { after, .. } = outcome { *after } else { None };
        self.backoff.fail(now.tick, settings.retry_interval, asked);
    }

    pub(super) fn looked(&mut self, now: Now, settings: &Settings, uid: Text, outcome: Outcome) {
        match outcome {
            Outcome::Done(Answer::Pod(view)) => self.looks.pod = Some((*view, self.asked)),
            Outcome::Done(Answer::Node(view)) => self.looks.node = Some((*view, self.asked)),
            Outcome::Done(Answer::Workload(view)) => {
                self.looks.workloads.insert(uid, (*view, self.asked));
            }
            Outcome::Done(Answer::Service(view)) => self.looks.service = Some((*view, self.asked)),
            Outcome::Done(Answer::Machine(view)) => self.looks.machine = Some((*view, self.asked)),
            Outcome::Gone => self.looks = Looks { gone: Some((uid, self.asked)), ..Looks::default() },
            other => self.failed(now, settings, &other),
        }
    }

    pub(super) fn was_saved(&mut self, now: Now, settings: &Settings, outcome: Outcome) {
        match outcome {
            Outcome::Done(Answer::Stored { uid, resource_version }) => {
                self.saving.status_stored |= self.saving.created;
                self.saving.created = true;
                self.saving.attempts_stored = self.saving.attempts_sent;
                self.saving.manifest_stored = self.saving.manifest_sent;
                self.saving.evidence_stored = self.saving.evidence_sent;
                self.saving.acting_stored = self.saving.acting_sent;
                self.saving.backoff.clear();
                self.recovery.uid = uid;
                // The answer may be late: somebody's later change, which the watch has shown, stays the last one known.
                if is_newer(&resource_version, &self.recovery.resource_version) {
                    self.recovery.resource_version = resource_version;
                }
            }
            Outcome::Done(Answer::Exists(other)) => {
                let earlier = core::mem::replace(self, Self::adopted(now, *other));
                self.remember(now, earlier);
            }
            other => {
                let asked = if let Outcome::TryLater { after, .. } = other { after } else { None };
                self.saving.dirty = true;
                self.saving.backoff.fail(now.tick, settings.retry_interval, asked);
            }
        }
    }

    pub(super) fn told(
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

    pub(super) fn stepped(
        &mut self,
        now: Now,
        settings: &Settings,
        (handles, name): (&Text, &String),
        outcome: Outcome,
    ) {
        let done = matches!(outcome, Outcome::Done(_) | Outcome::Gone);
        let (moved, before) = (done && moves(name), self.saving.dirty);
        // Whatever the answer was, what was read before it is older than it; but a pod that left did not change its node.
        let node = self.looks.node.take().filter(|_| moved);
        self.looks = Looks { node, ..Looks::default() };
        self.listed = false;
        match outcome {
            Outcome::Done(_) | Outcome::Gone => {
                let said = if let Outcome::Done(Answer::Said(words)) = outcome { words } else { String::new() };
                self.handled.insert(handles.clone());
                self.postponed.remove(handles);
                if name.starts_with(crate::remedy::SCALE_UP) {
                    // What a budget kept is tried again as soon as the one more is ready.
                    self.postponed.retain(|_, postponed| !postponed.by_budget);
                }
                self.backoff.clear();
                self.pass(now, |guard| guard == GuardName::Plan);
                self.end_step(now, name, StepResult::Succeeded, said);
                if moved {
                    self.saving.soon(now.tick, before);
                }
            }
            Outcome::TryLater { after, budget: true, message } => {
                self.postpone(now, settings, handles, Keeper::Budget(after), &message);
                self.end_step(now, name, StepResult::Failed, message);
            }
            Outcome::Refused { message } if name.starts_with("resize ") => {
                self.end_step(now, name, StepResult::Failed, message.clone());
                self.refused = Some(message);
            }
            Outcome::Refused { message } if name.starts_with("evict ") => {
                self.postpone(now, settings, handles, Keeper::Server, &message);
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
    fn postpone(&mut self, now: Now, settings: &Settings, uid: &Text, keeper: Keeper, message: &str) {
        let (by_budget, after) = match keeper {
            Keeper::Budget(after) => (true, after),
            Keeper::Server => (false, None),
        };
        let tries = self.postponed.get(uid).map_or(0, |known| known.tries) + 1;
        let own = EVICT_AGAIN.saturating_mul(tries).min(settings.retry_interval);
        let until = now.tick + after.unwrap_or_default().max(own);
        self.postponed
            .insert(uid.clone(), Postponed { since: now.tick, until, tries, by_budget, message: message.to_string() });
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
        if attempt.steps.len() >= MAX_STEPS
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
    let marks = ["cordon ", "taint ", "scale up ", "switch ", "replace ", "reboot ", remedy::END_REMEDIATION];
    let leaves_mark = marks.iter().any(|mark| step.name.starts_with(mark));
    step.result != StepResult::InProgress && !leaves_mark
}
