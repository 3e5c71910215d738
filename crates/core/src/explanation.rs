//! An explanation: what the controller thinks of one object now, and why it acts on it or does not. Facts and sentences only;
//! how they are laid out is the caller's matter.

use crate::key::{Key, Kind, Target, Text};
use crate::names::{Cause, GuardName, Mode, Phase, Severity, Standing, Strategy, WatchKind};
use crate::recovery::StepResult;
use crate::time::Stamp;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// An object; the namespace is empty for cluster-scoped ones.
    Object(Kind, Key),
    /// The target of a Recovery.
    Recovery(Text),
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// When it held.
    pub at: Stamp,
    /// The kind that was asked about.
    pub kind: Kind,
    /// The object that was asked about.
    pub key: Key,
    /// Who answers.
    pub observer: Observer,
    /// The answer in one word.
    pub standing: Standing,
    /// The answer in one sentence.
    pub summary: String,
    /// What happens next, in the order of time; never empty.
    pub next: Vec<Next>,
    /// What is known of the object; `None` for one that is not known.
    pub account: Option<Box<Account>>,
    /// For an object that is not known: what may have been meant.
    pub unknown: Option<Unknown>,
}

/// The state of the process that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observer {
    /// Whether it leads and has read the records: a follower knows the same facts and does nothing.
    pub leads: bool,
    /// The mode in force.
    pub mode: Mode,
    /// The kill switch.
    pub paused: bool,
    /// Watches that are not current: what follows from them may be old.
    pub stale: Vec<WatchKind>,
}

/// Something that is going to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// When; `None` when that depends on something else than time, which the sentence names.
    pub at: Option<Stamp>,
    /// What.
    pub what: String,
}

/// What is known of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The object.
    pub target: Target,
    /// What is seen of it, one fact each.
    pub seen: Vec<String>,
    /// The top controller of a pod, else the object.
    pub workload: Target,
    /// Every rule that looks at this kind of object, the most telling first.
    pub signals: Vec<SignalView>,
    /// The bigger trouble that its failure is part of.
    pub part_of: Option<Part>,
    /// How severe it is, and what is done about it.
    pub decision: Option<Decision>,
    /// Every guard, in the order in which they are asked.
    pub guards: Vec<GuardView>,
    /// The Recovery under way.
    pub recovery: Option<RecoveryView>,
    /// Recoveries that are over, the newest first.
    pub ended: Vec<RecoveryView>,
    /// Objects below it that are in trouble, as `Kind namespace/name: what`.
    pub below: Vec<String>,
}

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalView {
    /// What it would mean.
    pub cause: Cause,
    /// Whether it is bad now.
    pub bad: bool,
    /// The values seen; empty while it is good.
    pub description: String,
    /// The unhealthy score: for how long it was bad, less for how long it was good since.
    pub score: Duration,
    /// The score at which it fires; zero fires at once.
    pub threshold: Duration,
    /// Whether it has fired.
    pub fired: bool,
    /// When it was first seen bad.
    pub first_seen: Option<Stamp>,
    /// When it fires if it stays bad.
    pub fires_at: Option<Stamp>,
}

/// The bigger trouble that a failure is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The Recovery that it belongs to; empty while a sick node has none yet.
    pub recovery: Text,
    /// In words.
    pub reason: String,
}

/// How severe it is, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The failure has not happened: this is what would follow.
    pub supposed: bool,
    /// The cause it is made for; `None` when a stored record names one that we do not know.
    pub cause: Option<Cause>,
    /// How bad.
    pub severity: Severity,
    /// What is tried next; `None` when nothing is left, or a stored record names one that we do not know.
    pub strategy: Option<Strategy>,
    /// Earlier failures of the same type and workload within the history window.
    pub similar: u32,
    /// The HealingPolicy that decided; empty for the configuration's defaults.
    pub policy: String,
    /// Why this severity, why this strategy.
    pub reasons: Vec<String>,
}

/// What a guard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It lets the Recovery pass.
    Pass,
    /// It holds it.
    Hold,
    /// It is asked at another moment; the reason says when.
    Later,
}

/// What one guard says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardView {
    /// Which guard.
    pub name: GuardName,
    /// What it says.
    pub answer: Answer,
    /// Why; empty when it passes.
    pub reason: String,
    /// Since when it holds a Recovery, as recorded.
    pub since: Option<Stamp>,
    /// When it is asked again even if nothing changes.
    pub until: Option<Stamp>,
}

/// One Recovery in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryView {
    /// Its name.
    pub name: Text,
    /// What it is about.
    pub target: Target,
    /// Why; `None` when the record names a cause that we do not know.
    pub cause: Option<Cause>,
    /// Where it stands; `None` when the record names a phase that we do not know.
    pub phase: Option<Phase>,
    /// Why it stands there.
    pub message: String,
    /// When the failure was detected.
    pub detected_at: Stamp,
    /// When it was over.
    pub finished_at: Option<Stamp>,
    /// What was tried, in order.
    pub attempts: Vec<AttemptView>,
    /// Failures that belong to it.
    pub impact: Vec<String>,
    /// What was seen when it was opened, as names and values; of one that is over only what rules read is known.
    pub evidence: Vec<(String, String)>,
}

/// One attempt in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// What was tried.
    pub strategy: Strategy,
    /// How it ended.
    pub result: StepResult,
    /// When it started.
    pub started_at: Stamp,
    /// When it was over.
    pub finished_at: Option<Stamp>,
    /// The last thing done, and how that went; empty when nothing was.
    pub last_step: String,
}

/// What may have been meant by the name of an object that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// What is the matter, one sentence each, the most likely first.
    pub reasons: Vec<String>,
    /// Known objects of the kind in the same namespace, at most a thousand, or known namespaces when this one is not.
    pub candidates: Vec<Key>,
    /// Whether the candidates are namespaces.
    pub of_namespaces: bool,
    /// Recoveries whose target had this name, the newest first.
    pub recoveries: Vec<RecoveryView>,
}

/// How the controller as a whole is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// When it held.
    pub at: Stamp,
    /// Who answers.
    pub observer: Observer,
    /// Recoveries that are not over, held ones first, then the oldest first.
    pub active: Vec<ActiveView>,
    /// Recoveries that are over, the newest first, at most ten.
    pub ended: Vec<RecoveryView>,
    /// How each watch is doing.
    pub watches: Vec<WatchView>,
}

/// A Recovery that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveView {
    /// The Recovery.
    pub recovery: RecoveryView,
    /// How bad.
    pub severity: Severity,
    /// What is tried now or next.
    pub strategy: Option<Strategy>,
    /// The guard that holds it, as recorded.
    pub held: Option<GuardView>,
}

/// How one watch is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchView {
    /// What is watched.
    pub kind: WatchKind,
    /// Objects known.
    pub objects: usize,
    /// Whether it is believed.
    pub current: bool,
    /// Since its last sign of life; `None` before its first list was complete.
    pub lag: Option<Duration>,
}
