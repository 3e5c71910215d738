//! What a replay found: one line per Recovery, and what they add up to.

use self_healing_core::key::{Kind, Target, Text};
use self_healing_core::names::{Cause, GuardName, Phase, Severity, Strategy};
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One Recovery of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// Its name, which is the same in the recording if the same was found there.
    pub name: Text,
    /// What failed.
    pub target: Target,
    /// Why.
    pub cause: Option<Cause>,
    /// How bad.
    pub severity: Severity,
    /// The policy that decided; empty for none.
    pub policy: String,
    /// When it was detected.
    pub detected: Stamp,
    /// The first write to the target, and by which strategy.
    pub acted: Option<(Stamp, Strategy)>,
    /// Guards that held it.
    pub held: BTreeSet<GuardName>,
    /// The guard that holds it at the end.
    pub holding: Option<GuardName>,
    /// When the failure was over, as the recording shows.
    pub over: Option<Stamp>,
    /// It would have called for the next strategy, or a person.
    pub not_verified: bool,
}

impl Play {
    pub(super) fn new(recovery: &Recovery) -> Self {
        let spec = &recovery.spec;
        Self {
            name: recovery.name.clone(),
            target: spec.target.clone(),
            cause: spec.cause,
            severity: spec.severity,
            policy: spec.policy.clone(),
            detected: spec.detected_at,
            acted: None,
            held: BTreeSet::new(),
            holding: None,
            over: None,
            not_verified: false,
        }
    }

    /// What is done about it, in one word: a strategy, a guard, or nothing.
    #[must_use]
    pub fn doing(&self) -> String {
        match (self.acted, self.holding) {
            (Some((_, strategy)), _) => strategy.to_string(),
            (None, Some(guard)) => format!("held by {guard}"),
            (None, None) => match self.held.first() {
                Some(guard) => format!("was held by {guard}"),
                None => "watched".to_owned(),
            },
        }
    }
}

/// What the recorded controller did about one failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Lived {
    /// What failed.
    pub target: Target,
    /// The first strategy that may write, if it was begun.
    pub acted: Option<Strategy>,
    /// Where it stood last.
    pub phase: Option<Phase>,
    /// The guard that held it last.
    pub held: Option<GuardName>,
}

impl Lived {
    pub(super) fn of(recovery: &Recovery) -> Self {
        let writing = recovery.status.attempts.iter().find(|attempt| attempt.strategy != Strategy::Monitor);
        Self {
            target: recovery.spec.target.clone(),
            acted: writing.map(|attempt| attempt.strategy),
            phase: recovery.status.phase,
            held: recovery.held_by().map(|guard| guard.name),
        }
    }
}

/// The whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// When the recording begins and ends.
    pub span: Option<(Stamp, Stamp)>,
    /// Events left out of the recording, because the disk was slow.
    pub gaps: u64,
    /// How long a failure may take to go away by itself to count as such.
    pub within: Duration,
    /// What the replay decided.
    pub plays: BTreeMap<Text, Play>,
    /// What the recorded controller did.
    pub lived: BTreeMap<Text, Lived>,
}

impl Card {
    /// Those on which it would have acted.
    pub fn acted(&self) -> impl Iterator<Item = &Play> {
        self.plays.values().filter(|play| play.acted.is_some())
    }

    /// Those of them that were over soon although nobody did anything.
    pub fn needless(&self) -> impl Iterator<Item = &Play> {
        self.acted().filter(|play| !self.live_acted(play) && self.was_over_soon(play))
    }

    /// Those that a guard still held when the recording or the failure ended, so that nothing was done.
    pub fn held(&self) -> impl Iterator<Item = &Play> {
        self.plays.values().filter(|play| play.acted.is_none() && !play.held.is_empty())
    }

    /// Those on which the recorded controller acted and the replay did not.
    #[must_use]
    pub fn missed(&self) -> Vec<(&Text, &Lived)> {
        let acts = |name: &Text| self.plays.get(name).is_some_and(|play| play.acted.is_some());
        self.lived.iter().filter(|(name, lived)| lived.acted.is_some() && !acts(name)).collect()
    }

    /// Those on which the replay acted and the recorded controller did not.
    pub fn newly(&self) -> impl Iterator<Item = &Play> {
        self.acted().filter(|play| !self.live_acted(play))
    }

    fn live_acted(&self, play: &Play) -> bool {
        self.lived.get(&play.name).is_some_and(|lived| lived.acted.is_some())
    }

    pub(super) fn was_over_soon(&self, play: &Play) -> bool {
        let from = play.acted.map_or(play.detected, |(at, _)| at);
        play.over.is_some_and(|over| over.since(from) <= self.within)
    }

    /// How many each guard held to the end.
    #[must_use]
    pub fn by_guard(&self) -> BTreeMap<GuardName, usize> {
        let mut count = BTreeMap::new();
        for play in self.held() {
            for guard in &play.held {
                *count.entry(*guard).or_default() += 1;
            }
        }
        count
    }
}

/// What an object is called on a line.
pub(super) fn name(target: &Target) -> String {
    match target.kind {
        Kind::Node => format!("node {}", target.key.name),
        _ => format!("{} {}", target.kind.as_str().to_ascii_lowercase(), target.key),
    }
}
