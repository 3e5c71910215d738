//! The configuration as the core reads it: checked, typed, with nothing left to parse.

mod bounds;
mod budget;
mod drain;
mod problem;
mod window;

pub use bounds::{Cells, SeverityBounds};
pub use budget::PolicyBudget;
pub use drain::DrainRules;
pub use problem::NodeProblem;
pub use window::closed;
pub use window::{DAY, Local, Weekdays, Window, Zone, ZoneRules};

use crate::key::Text;
use crate::machine::Provider;
use crate::names::{Channel, Mode, Remedy, Severity, Strategy};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

/// A number of things, or a share of all of them rounded up to whole things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Count(u32),
    /// Per cent, 0 to 100.
    Percent(u8),
}

impl Share {
    /// How many of `total` this is; a share is rounded up.
    #[must_use]
    pub fn of(self, total: usize) -> usize {
        match self {
            Self::Count(count) => count as usize,
            Self::Percent(percent) => (total * usize::from(percent)).div_ceil(100),
        }
    }
}

impl core::fmt::Display for Share {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// How a memory limit is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// By what it is multiplied, in thousandths; above 1000 and at most 10000.
    pub thousandths: u32,
    /// The most that it may become, in bytes.
    pub max: u64,
}

/// Everything that configuration and, for what it matches, a policy decides; keys and defaults are those of `docs/configuration.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `node_check_interval`.
    pub node_check_interval: Duration,
    /// `pod_check_interval`.
    pub pod_check_interval: Duration,
    /// `service_check_interval`.
    pub service_check_interval: Duration,
    /// `deployment_check_interval`.
    pub deployment_check_interval: Duration,
    /// Period of the sweep: the shortest of the check intervals.
    pub sweep: Duration,
    /// `node_failure_threshold`, in checks.
    pub node_failure_threshold: u32,
    /// `node_startup_grace`.
    pub node_startup_grace: Duration,
    /// `pod_restart_threshold`, in restarts.
    pub pod_restart_threshold: u32,
    /// `recovery_timeout`.
    pub recovery_timeout: Duration,
    /// `retry_interval`: the cap of the exponential wait after an API error.
    pub retry_interval: Duration,
    /// `mode`.
    pub mode: Mode,
    /// `paused`.
    pub paused: bool,
    /// `protected_namespaces`.
    pub protected_namespaces: BTreeSet<Text>,
    /// `history_window`.
    pub history_window: Duration,
    /// `max_unhealthy_nodes`.
    pub max_unhealthy_nodes: Share,
    /// `node_concurrency`; at least one node.
    pub node_concurrency: Share,
    /// `recoveries_per_minute`.
    pub recoveries_per_minute: u32,
    /// `workload_backoff`.
    pub workload_backoff: Duration,
    /// `settle_period`.
    pub settle_period: Duration,
    /// `recovery_ttl`.
    pub recovery_ttl: Duration,
    /// `approval_timeout`.
    pub approval_timeout: Duration,
    /// Whether control-plane nodes may be recovered, which only a policy can say.
    pub control_plane_nodes: bool,
    /// Whether the controller may create pods, so that a bare pod can be restarted.
    pub recreate_bare_pods: bool,
    /// What this installation has no right for.
    pub disabled: BTreeSet<Remedy>,
    /// Channels that have an address and are switched on.
    pub channels: Vec<Channel>,
    /// Of each severity the channels that hear of it, where a policy says so.
    pub routes: BTreeMap<Severity, Vec<Channel>>,
    /// Hours in which messages of low and medium severity wait, as windows that deny.
    pub quiet_hours: Vec<Window>,
    /// The controller's own namespace and pod name.
    pub own_pod: (Text, Text),
    /// The HealingPolicy that these settings are of; empty for the configuration's own.
    pub policy: Text,
    /// What the policy says about severity.
    pub severity: SeverityBounds,
    /// Cells of the table of strategies that the policy replaces.
    pub strategies: Cells,
    /// What follows an attempt that failed, in order; empty for the strategy of the next severity.
    pub ladder: Vec<Strategy>,
    /// Node conditions that make a node unfit.
    pub node_conditions: Vec<NodeProblem>,
    /// When something may be done for what the policy matches.
    pub windows: Vec<Window>,
    /// How the policy raises a memory limit; `None` where it says nothing of it.
    pub resize: Option<Resize>,
    /// What the policy allows of its own.
    pub budget: PolicyBudget,
    /// How the policy wants nodes to be drained.
    pub drain: DrainRules,
    /// Who reboots and replaces nodes: `node_replacement`, or a policy's `replacement`.
    pub provider: Provider,
    /// How long a watch may be quiet before it counts as stale: a watch's timeout plus the time to start the next.
    pub watch_patience: Duration,
}

impl Default for Settings {
    /// The defaults of the contract, with no channel and no identity.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            node_check_interval: seconds(30),
            pod_check_interval: seconds(30),
            service_check_interval: seconds(30),
            deployment_check_interval: seconds(30),
            sweep: seconds(30),
            node_failure_threshold: 3,
            node_startup_grace: seconds(600),
            pod_restart_threshold: 5,
            recovery_timeout: seconds(300),
            retry_interval: seconds(30),
            mode: Mode::Enforce,
            paused: false,
            protected_namespaces: ["kube-system", "kube-public", "kube-node-lease"]
                .into_iter()
                .map(Text::from)
                .collect(),
            history_window: seconds(3600),
            max_unhealthy_nodes: Share::Percent(40),
            node_concurrency: Share::Percent(10),
            recoveries_per_minute: 30,
            workload_backoff: seconds(10),
            settle_period: seconds(30),
            recovery_ttl: seconds(86_400),
            approval_timeout: seconds(3600),
            control_plane_nodes: false,
            recreate_bare_pods: true,
            disabled: BTreeSet::new(),
            channels: Vec::new(),
            routes: BTreeMap::new(),
            quiet_hours: Vec::new(),
            own_pod: (Text::from("self-healing"), Text::from("")),
            policy: Text::from(""),
            severity: SeverityBounds::default(),
            strategies: Cells::default(),
            ladder: Vec::new(),
            node_conditions: problem::default_problems(),
            windows: Vec::new(),
            resize: None,
            budget: PolicyBudget::default(),
            drain: DrainRules::default(),
            provider: Provider::default(),
            watch_patience: seconds(60),
        }
    }
}
