//! The life of a pod's containers: start, crash, back-off, stop.

use crate::actor::desk::later;
use crate::actor::ground::{Exit, Policy, Run, Stage};
use crate::actor::story::Behaviour;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long an end can be seen before the kubelet goes on.
const SEEN: Duration = Duration::from_secs(1);
/// How long a kubelet shows that it waits, at the end of the wait, before it starts the container (70 to 100 ms with 1.37).
const GLIMPSE: Duration = Duration::from_millis(100);
/// When a container that cannot be configured is tried again.
const SYNC: Duration = Duration::from_secs(10);
/// A container that has run for so long begins its back-off anew.
const FORGIVEN: SignedDuration = SignedDuration::from_mins(10);
/// The first and the longest wait between two starts, or two pulls.
const BACK_OFF: (u64, u64) = (10, 300);

/// The wait before start number `count`, which doubles from one to the next.
pub(super) fn back_off(count: u32) -> Duration {
    let (first, longest) = BACK_OFF;
    let doubled = first.checked_shl(count.saturating_sub(1)).filter(|seconds| *seconds >= first);
    Duration::from_secs(doubled.map_or(longest, |seconds| seconds.min(longest)))
}

impl Run {
    /// Brings the containers to where they are at `now`.
    pub(super) fn advance(&mut self, how: &Behaviour, now: Timestamp) {
        if self.stops.is_some_and(|stops| stops <= now) && *how != Behaviour::NeverStops {
            self.stop(now);
            return;
        }
        if std::mem::take(&mut self.unheard) {
            self.hear(how, now);
        }
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.due = None;
        match self.stage.clone() {
            Stage::Creating | Stage::Waiting { .. } => self.begin(how, now),
            Stage::Running { .. } => self.end(self.exit(0, "Completed", now), now),
            Stage::BackOff => self.again(how, now),
            Stage::Ended(exit) => {
                self.last = Some(exit);
                // The first restart does not wait.
                if self.failures == 0 {
                    self.again(how, now);
                } else {
                    self.stage = Stage::BackOff;
                    self.due = Some(later(now, GLIMPSE));
                }
            }
            Stage::Done { .. } => {}
        }
    }

    /// The power is cut: what ran has ended, and is started again after a boot.
    pub(in crate::actor) fn cut(&mut self, now: Timestamp) {
        let ran = !matches!(self.stage, Stage::Creating | Stage::Waiting { .. });
        let exit = self.exit(255, "Unknown", now);
        match self.stage {
            Stage::Done { .. } => return,
            _ if ran && self.policy == Policy::Never => self.stage = Stage::Done { exit, reason: String::new() },
            _ => {
                self.stage = Stage::Creating;
                if ran {
                    self.restarts += 1;
                    self.last = Some(exit);
                }
            }
        }
        self.due = None;
    }

    fn again(&mut self, how: &Behaviour, now: Timestamp) {
        self.restarts += 1;
        self.failures += 1;
        self.begin(how, now);
    }

    /// Containers start, and do what they are like.
    fn begin(&mut self, how: &Behaviour, now: Timestamp) {
        if !matches!(self.stage, Stage::Running { .. }) {
            self.since = now;
        }
        match how {
            Behaviour::Healthy | Behaviour::NeverStops => self.stage = Stage::Running { ready: true },
            Behaviour::Unready => self.stage = Stage::Running { ready: false },
            Behaviour::CrashLoop { restarts, exit } => self.crash(*restarts, *exit, "Error", now),
            Behaviour::OutOfMemory { restarts } => self.crash(*restarts, 137, "OOMKilled", now),
            Behaviour::Waits { reason } => self.refuse(reason, now),
            Behaviour::Fails { exit, reason } => {
                let exit = self.exit(*exit, "Error", now);
                self.stage = Stage::Done { exit, reason: reason.clone() };
            }
            Behaviour::Succeeds { after } => {
                self.stage = Stage::Running { ready: true };
                self.due = Some(later(now, *after));
            }
        }
    }

    /// A story's word to a pod that is there. One that is not running hears it at its next start.
    fn hear(&mut self, how: &Behaviour, now: Timestamp) {
        let good = matches!(how, Behaviour::Healthy | Behaviour::Unready | Behaviour::Succeeds { .. });
        match self.stage {
            Stage::Running { .. } => {
                self.due = None;
                self.begin(how, now);
            }
            Stage::Waiting { .. } | Stage::BackOff | Stage::Ended(_) if !good => {
                self.due = None;
                self.begin(how, now);
            }
            _ => {}
        }
    }

    fn crash(&mut self, restarts: u32, code: i32, reason: &'static str, now: Timestamp) {
        let exit = self.exit(code, reason, now);
        if self.restarts < restarts && self.policy != Policy::Never {
            // A loop that has been going on: the story begins in the middle of a wait.
            (self.restarts, self.failures) = (restarts, restarts);
            self.last = Some(exit.clone());
            self.wait(exit, now);
        } else {
            self.end(exit, now);
        }
    }

    fn end(&mut self, exit: Exit, now: Timestamp) {
        let again = match self.policy {
            Policy::Always => true,
            Policy::OnFailure => exit.code != 0,
            Policy::Never => false,
        };
        if again {
            if exit.started.duration_until(exit.finished) >= FORGIVEN {
                self.failures = 0;
            }
            self.wait(exit, now);
        } else {
            self.stage = Stage::Done { exit, reason: String::new() };
        }
    }

    /// Nearly all of a back-off a kubelet shows how the container ended, and not that it waits.
    fn wait(&mut self, exit: Exit, now: Timestamp) {
        self.stage = Stage::Ended(exit);
        self.due = Some(later(now, if self.failures == 0 { SEEN } else { back_off(self.failures) }));
    }

    fn refuse(&mut self, reason: &str, now: Timestamp) {
        let image = &self.image;
        let pull = matches!(reason, "ErrImagePull" | "ImagePullBackOff");
        let failed = matches!(&self.stage, Stage::Waiting { reason, .. } if reason == "ErrImagePull");
        let (reason, message, wait) = if pull && !failed {
            self.pulls += 1;
            let message = format!("failed to pull and unpack image \"{image}\": {image}: not found");
            ("ErrImagePull", message, SEEN)
        } else if pull {
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull");
            ("ImagePullBackOff", message, back_off(self.pulls))
        } else {
            (reason, format!("{reason}: {image}"), SYNC)
        };
        self.stage = Stage::Waiting { reason: reason.to_owned(), message };
        self.due = Some(later(now, wait));
    }

    fn stop(&mut self, now: Timestamp) {
        if !matches!(self.stage, Stage::Done { .. }) {
            let exit = self.exit(0, "Completed", now);
            self.stage = Stage::Done { exit, reason: String::new() };
        }
        self.due = None;
    }

    fn exit(&self, code: i32, reason: &'static str, now: Timestamp) -> Exit {
        Exit { code, reason, started: self.since, finished: now }
    }
}
