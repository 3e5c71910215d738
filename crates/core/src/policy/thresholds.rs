//! From when on something counts as failed, where a policy says so.

use crate::settings::{NodeProblem, Settings};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// The parts of `spec.detection`; one that is absent leaves the configuration's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// `nodeCheckInterval`.
    pub node_check_interval: Option<Duration>,
    /// `podCheckInterval`.
    pub pod_check_interval: Option<Duration>,
    /// `serviceCheckInterval`.
    pub service_check_interval: Option<Duration>,
    /// `deploymentCheckInterval`.
    pub deployment_check_interval: Option<Duration>,
    /// `nodeFailureThreshold`, in checks.
    pub node_failure_threshold: Option<u32>,
    /// `nodeStartupGrace`.
    pub node_startup_grace: Option<Duration>,
    /// `podRestartThreshold`, in restarts.
    pub pod_restart_threshold: Option<u32>,
    /// `nodeConditions`, in place of the default list.
    pub node_conditions: Option<Vec<NodeProblem>>,
}

impl Thresholds {
    /// Whether nothing is changed.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn over(&self, settings: &mut Settings) {
        let spans = [
            (self.node_check_interval, &mut settings.node_check_interval),
            (self.pod_check_interval, &mut settings.pod_check_interval),
            (self.service_check_interval, &mut settings.service_check_interval),
            (self.deployment_check_interval, &mut settings.deployment_check_interval),
            (self.node_startup_grace, &mut settings.node_startup_grace),
        ];
        spans.into_iter().filter_map(|(said, known)| Some((said?, known))).for_each(|(said, known)| *known = said);
        settings.node_failure_threshold = self.node_failure_threshold.unwrap_or(settings.node_failure_threshold);
        settings.pod_restart_threshold = self.pod_restart_threshold.unwrap_or(settings.pod_restart_threshold);
        if let Some(conditions) = &self.node_conditions {
            settings.node_conditions.clone_from(conditions);
        }
    }
}

impl fmt::Display for Thresholds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut begin = "detection ";
        let mut say = |name: &str, value: &dyn fmt::Display| {
            let begin = core::mem::replace(&mut begin, ", ");
            write!(f, "{begin}{name} {value}")
        };
        for (name, span) in [
            ("nodeCheckInterval", self.node_check_interval),
            ("podCheckInterval", self.pod_check_interval),
            ("serviceCheckInterval", self.service_check_interval),
            ("deploymentCheckInterval", self.deployment_check_interval),
            ("nodeStartupGrace", self.node_startup_grace),
        ] {
            span.map_or(Ok(()), |span| say(name, &format_args!("{} s", span.as_secs_f32())))?;
        }
        self.node_failure_threshold.map_or(Ok(()), |number| say("nodeFailureThreshold", &number))?;
        self.pod_restart_threshold.map_or(Ok(()), |number| say("podRestartThreshold", &number))?;
        self.node_conditions.as_ref().map_or(Ok(()), |all| say("nodeConditions", &all.len()))
    }
}
