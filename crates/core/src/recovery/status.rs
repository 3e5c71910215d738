//! The part of a Recovery that changes: attempts and their steps, guards, verification, messages.

use crate::finding::Finding;
use crate::key::Target;
use crate::names::{Channel, GuardName, Phase, Strategy};
use crate::time::Stamp;
use alloc::string::String;
use alloc::vec::Vec;

/// How a step or an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// Not ended.
    InProgress,
    /// Done, or found done.
    Succeeded,
    /// Not done.
    Failed,
}

/// One verb sent within an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Verb and object, e.g. `evict default/web-1`.
    pub name: String,
    /// When it was decided.
    pub started_at: Stamp,
    /// When its outcome was known.
    pub finished_at: Option<Stamp>,
    /// How it ended.
    pub result: StepResult,
    /// The API server's words, or ours.
    pub message: String,
}

/// One try with one strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub strategy: Strategy,
    /// Which object it acts on: the spec's target first, later the replacement that failed as well.
    pub target: Target,
    /// When it started; `recovery_timeout` counts from here.
    pub started_at: Stamp,
    /// When its outcome was known.
    pub finished_at: Option<Stamp>,
    /// How it ended.
    pub result: StepResult,
    /// What was done, at most [`MAX_STEPS`] kept, oldest first.
    pub steps: Vec<Step>,
}

/// Steps kept per attempt; beyond, the oldest finished ones go.
pub const MAX_STEPS: usize = 64;

/// What a guard last said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardState {
    /// Which guard.
    pub name: GuardName,
    /// Whether it lets the Recovery pass.
    pub pass: bool,
    /// Why it holds, in words for people; of a guard that passes, who approved it, else empty.
    pub reason: String,
    /// Since when it says so.
    pub since: Stamp,
}

/// Whether the workload is back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Yes or not yet.
    pub passed: bool,
    /// What was looked at and what it showed.
    pub message: String,
    /// When.
    pub at: Stamp,
}

/// Delivery of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not yet accepted by the receiver.
    Pending,
    /// Accepted.
    Sent,
    /// The receiver refused it for good.
    Failed,
    /// Never sent: another Recovery's message tells of many at once.
    Grouped,
}

/// One message to one channel; pending ones survive a crash because they are stored here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Where to.
    pub channel: Channel,
    /// What happened, stable over retries: `opened`, `storm` (tells of many that failed at once), `outcome`, `resolved` (over after
    /// an outcome that did not help).
    pub key: String,
    /// How far it got.
    pub state: Delivery,
    /// How often it was tried.
    pub tries: u32,
    /// The last error, without secrets; empty when there was none.
    pub last_error: String,
}

/// The part that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where it stands; `None` when a stored record names a phase that we do not know: such a record is left alone.
    pub phase: Option<Phase>,
    /// One sentence on why it stands there.
    pub message: String,
    /// A word for the same, e.g. a guard's name, `Timeout`, `UnknownAction`; empty when there is nothing to say.
    pub reason: String,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// What the guards last said, only those that were asked.
    pub guards: Vec<GuardState>,
    /// The signals as seen when it fired.
    pub evidence: Vec<(String, String)>,
    /// Failures attributed to this one, as `Kind namespace/name: cause`.
    pub impact: Vec<String>,
    /// Whether the workload is back.
    pub verification: Option<Verification>,
    /// Seconds from detection to the end.
    pub recovery_seconds: Option<u64>,
    /// Messages and how far they got.
    pub notifications: Vec<Notification>,
    /// A bare pod's manifest (JSON), kept from before its deletion until it runs again; shown in no message, event or page.
    pub saved_manifest: Option<String>,
    /// When it ended.
    pub finished_at: Option<Stamp>,
}

impl Status {
    /// The status of a Recovery that was just opened.
    #[must_use]
    pub fn opened(finding: &Finding) -> Self {
        Self {
            phase: Some(Phase::Pending),
            message: String::new(),
            reason: String::new(),
            attempts: Vec::new(),
            guards: Vec::new(),
            evidence: finding.evidence.clone(),
            impact: Vec::new(),
            verification: None,
            recovery_seconds: None,
            notifications: Vec::new(),
            saved_manifest: None,
            finished_at: None,
        }
    }
}
