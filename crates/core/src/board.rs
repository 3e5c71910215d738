//! What can be seen at a glance: how every node looks, what is in trouble, what is being done, and how much of each budget is used.
//! Facts only; how they are laid out is the caller's matter.

use crate::explanation::{Observer, WatchView};
use crate::key::{Target, Text};
use crate::names::{Cause, FailureType, GuardName, Light, Phase, Severity, Strategy};
use crate::time::Stamp;
use alloc::string::String;
use alloc::vec::Vec;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// When it held.
    pub at: Stamp,
    /// Who answers.
    pub observer: Observer,
    /// Every node, by name.
    pub nodes: Vec<Spot>,
    /// Workloads, Services and pods without either that are in trouble, at most [`MOST_TROUBLES`].
    pub troubles: Vec<Trouble>,
    /// Recoveries that are not over, held ones first, then the worst, then the oldest, at most [`MOST_CARDS`].
    pub recoveries: Vec<Card>,
    /// All that are in trouble, and all Recoveries that are not over: shown or not.
    pub total: (usize, usize),
    /// How much of each budget is used.
    pub gauges: Vec<Gauge>,
    /// How each watch is doing.
    pub watches: Vec<WatchView>,
}

/// So many objects in trouble are listed.
pub const MOST_TROUBLES: usize = 500;
/// So many Recoveries are listed.
pub const MOST_CARDS: usize = 1000;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its name.
    pub name: Text,
    /// Its zone; empty when it has none.
    pub zone: Text,
    /// How it looks.
    pub light: Light,
}

/// Something that is not well, other than a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The top controller of the pods, else the object itself.
    pub workload: Target,
    /// What is wrong, each once.
    pub causes: Vec<Cause>,
    /// How many of its objects are concerned: its pods, and itself.
    pub objects: usize,
    /// Whether any signal was bad for long enough to count.
    pub found: bool,
    /// The Recovery about it; empty while it has none of its own.
    pub recovery: Text,
}

/// A Recovery that is not over, at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: Text,
    /// Its type of failure.
    pub failure: FailureType,
    /// Why; `None` when the record names a cause that we do not know.
    pub cause: Option<Cause>,
    /// How bad.
    pub severity: Severity,
    /// What failed.
    pub target: Target,
    /// What it belongs to.
    pub workload: Target,
    /// Where it stands.
    pub phase: Option<Phase>,
    /// Why it stands there.
    pub message: String,
    /// What is tried now or next.
    pub strategy: Option<Strategy>,
    /// When the failure was detected.
    pub detected_at: Stamp,
    /// When the attempt under way began.
    pub started_at: Option<Stamp>,
    /// When that attempt fails if it is not verified by then.
    pub deadline: Option<Stamp>,
    /// How many steps were begun, in all attempts.
    pub steps: usize,
    /// The guard that holds it.
    pub held: Option<Hold>,
    /// What happens next; empty for those far down, of which that is not worked out.
    pub next: String,
}

/// The guard that holds a Recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which one.
    pub guard: GuardName,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Stamp,
    /// When it is asked again even if nothing changes.
    pub until: Option<Stamp>,
}

/// How much of a budget is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// The configuration key that sets the limit.
    pub key: &'static str,
    /// The zone that it is counted in; empty for the cluster.
    pub zone: Text,
    /// What is counted.
    pub what: &'static str,
    /// So many.
    pub used: usize,
    /// So many may be.
    pub limit: usize,
}
