//! What happens, in lines for people: what the script breaks, what people do, and what the controller makes of it.

use super::records::{is_verified, record, seconds, took};
use self_healing_core::key::Text;
use self_healing_core::names::{Cause, GuardName, Phase, Strategy};
use self_healing_core::recovery::Recovery;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Lines kept for the live view.
const KEPT: usize = 64;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// The script breaks something, or lets it come back.
    Script,
    /// A person does something.
    Person,
    /// The controller finds a failure.
    Found,
    /// The controller waits, and says why.
    Held,
    /// The controller does something.
    Acts,
    /// A recovery was verified.
    Healed,
    /// A recovery ended otherwise.
    Lost,
}

impl Voice {
    /// One word of at most [`Voice::WIDTH`] characters.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Person => "person",
            Self::Found => "found",
            Self::Held => "held",
            Self::Acts => "acts",
            Self::Healed => "healed",
            Self::Lost => "lost",
        }
    }

    /// The longest word.
    pub(super) const WIDTH: usize = 6;
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Since the demo's start.
    pub(super) at: Duration,
    pub(super) voice: Voice,
    pub(super) text: String,
}

/// What was last told of one Recovery.
#[derive(Clone, PartialEq)]
struct Told {
    phase: Option<Phase>,
    attempts: usize,
    held_by: Option<GuardName>,
}

/// Everything that was said lately.
#[derive(Default)]
pub(super) struct News {
    lines: VecDeque<Line>,
    /// Lines that nobody has taken yet.
    fresh: Vec<Line>,
    told: BTreeMap<Text, Told>,
}

impl News {
    /// Adds a line.
    pub(super) fn say(&mut self, at: Duration, voice: Voice, text: impl Into<String>) {
        let line = Line { at, voice, text: text.into() };
        self.fresh.push(line.clone());
        self.lines.push_back(line);
        if self.lines.len() > KEPT {
            self.lines.pop_front();
        }
    }

    /// The lines since the last call.
    pub(super) fn take_fresh(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.fresh)
    }

    /// The last lines, the oldest first.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = &Line> {
        self.lines.iter().skip(self.lines.len().saturating_sub(count))
    }

    /// A Recovery was stored or changed.
    pub(super) fn recovery(&mut self, at: Duration, object: &Value) {
        let Some(recovery) = record(object) else { return };
        let held_by = recovery.held_by().map(|guard| guard.name);
        let now = Told { phase: recovery.status.phase, attempts: recovery.status.attempts.len(), held_by };
        let before = self.told.insert(recovery.name.clone(), now.clone());
        if before.is_none() {
            let spec = &recovery.spec;
            let cause = spec.cause.map_or("unknown", Cause::as_str);
            let decided = format!("{cause}, {}, so {}", spec.severity, strategy(&recovery));
            let what = format!("{}: {decided}: {}", spec.target, spec.description);
            self.say(at, Voice::Found, what);
        }
        if before.as_ref() == Some(&now) {
            return;
        }
        let before = before.unwrap_or(Told { phase: None, attempts: 0, held_by: None });
        if now.attempts > before.attempts {
            self.say(at, Voice::Acts, begun(&recovery));
        }
        if let Some(guard) = recovery.held_by().filter(|guard| before.held_by != Some(guard.name)) {
            self.say(at, Voice::Held, format!("{} by {}: {}", recovery.spec.target, guard.name, guard.reason));
        }
        if let Some(phase) = now.phase.filter(|phase| phase.is_terminal()) {
            self.told.remove(&recovery.name);
            let voice = if is_verified(phase) { Voice::Healed } else { Voice::Lost };
            self.say(at, voice, ended(&recovery, phase));
        }
    }
}

fn strategy(recovery: &Recovery) -> &'static str {
    recovery.spec.strategy.map_or("nothing", Strategy::as_str)
}

fn begun(recovery: &Recovery) -> String {
    let strategy = recovery.attempt().map_or("nothing", |attempt| attempt.strategy.as_str());
    let reason =
        recovery.spec.reasons.iter().find(|reason| reason.contains("raise")).map(|reason| format!(" ({reason})"));
    format!("{strategy} of {}{}", recovery.subject(), reason.unwrap_or_default())
}

fn ended(recovery: &Recovery, phase: Phase) -> String {
    let after = took(recovery).map(|took| format!(" after {}", seconds(took))).unwrap_or_default();
    format!("{}: {phase}{after}: {}", recovery.spec.target, recovery.status.message)
}
