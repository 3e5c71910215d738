//! What a policy changes of the settings, and the words for it.

use super::{Match, Thresholds};
use crate::key::Text;
use crate::machine::Provider;
use crate::names::{Channel, Mode, Severity, Strategy};
use crate::settings::{Cells, DrainRules, PolicyBudget, Resize, Settings, SeverityBounds, Window};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Labels of control-plane nodes, the second one of older installations.
const CONTROL_PLANE: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// The parts of a policy's spec that change something; one that is absent leaves the configuration's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// `mode`.
    pub mode: Option<Mode>,
    /// `severity`.
    pub severity: SeverityBounds,
    /// `strategies`: the cells of the table that it replaces.
    pub strategies: Cells,
    /// `detection`.
    pub thresholds: Thresholds,
    /// `escalation.ladder`: what follows an attempt that failed, in order.
    pub ladder: Vec<Strategy>,
    /// `escalation.timeout`, in place of `recovery_timeout`.
    pub timeout: Option<Duration>,
    /// `windows`.
    pub windows: Vec<Window>,
    /// `budget`, as far as it is the policy's own.
    pub budget: PolicyBudget,
    /// `drain`.
    pub drain: DrainRules,
    /// `resize`.
    pub resize: Option<Resize>,
    /// `budget.backoff`, in place of `workload_backoff`.
    pub backoff: Option<Duration>,
    /// `replacement`, in place of `node_replacement`.
    pub provider: Option<Provider>,
    /// `notify.routes`.
    pub routes: BTreeMap<Severity, Vec<Channel>>,
    /// `notify.quietHours`, as windows that deny.
    pub quiet_hours: Vec<Window>,
}

impl Overlay {
    /// The settings for what policy `name` matches.
    pub(super) fn over(&self, base: &Settings, name: &Text, matches: &Match) -> Settings {
        let mut settings = base.clone();
        settings.policy = name.clone();
        settings.mode = self.mode.unwrap_or(base.mode);
        settings.severity = self.severity;
        settings.strategies = self.strategies.clone();
        settings.ladder = self.ladder.clone();
        settings.windows = self.windows.clone();
        settings.budget = self.budget.clone();
        settings.drain = self.drain.clone();
        settings.resize = self.resize;
        settings.provider = self.provider.clone().unwrap_or_else(|| base.provider.clone());
        settings.routes = self.routes.clone();
        settings.quiet_hours = self.quiet_hours.clone();
        settings.recovery_timeout = self.timeout.unwrap_or(base.recovery_timeout);
        settings.workload_backoff = self.backoff.unwrap_or(base.workload_backoff);
        settings.budget.nodes.clone_from(&matches.node_selector);
        settings.control_plane_nodes =
            matches.node_selector.as_ref().is_some_and(|nodes| CONTROL_PLANE.iter().any(|key| nodes.requires(key)));
        self.thresholds.over(&mut settings);
        // Who names a namespace means it.
        settings.protected_namespaces.retain(|namespace| !matches.namespaces.contains(namespace));
        settings
    }

    /// What it changes, in words for `reasons` of a Recovery; empty when nothing.
    pub(super) fn words(&self) -> String {
        let seconds = |name: &str, span: Option<Duration>| span.map(|span| format!("{name} {} s", span.as_secs_f32()));
        let ladder = self.ladder.iter().map(|strategy| strategy.as_str()).collect::<Vec<_>>();
        let parts = [
            self.mode.map(|mode| format!("mode {mode}")),
            Some(self.severity.to_string()).filter(|words| !words.is_empty()),
            (!self.strategies.is_empty()).then(|| format!("strategies {}", self.strategies)),
            Some(self.thresholds.to_string()).filter(|words| !words.is_empty()),
            (!ladder.is_empty()).then(|| format!("ladder {}", ladder.join(", "))),
            seconds("timeout", self.timeout),
            seconds("backoff", self.backoff),
            self.provider.as_ref().map(|provider| format!("replacement {}", provider.kind)),
            (!self.windows.is_empty()).then(|| format!("{} windows", self.windows.len())),
            self.resize.map(|resize| {
                format!("resize by {} up to {} bytes", f64::from(resize.thousandths) / 1000.0, resize.max)
            }),
            Some(self.budget.to_string()).filter(|words| !words.is_empty()),
            Some(self.drain.to_string()).filter(|words| !words.is_empty()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}
