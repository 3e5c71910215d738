//! How a policy wants nodes to be drained.

use core::fmt;
use core::time::Duration;

/// What a drain may do beyond the defaults, which are those of the Eviction API: every budget and every grace period respected, and what
/// nothing would replace left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainRules {
    /// Time that a drain has; without one `recovery_timeout`, which begins at the deadline if there is one.
    pub timeout: Option<Duration>,
    /// Time that each pod has to end, at least a second, in place of its own.
    pub pod_grace_period: Option<Duration>,
    /// How long disruption budgets are respected; then what they keep is deleted gracefully. `None` is to the end.
    pub deadline: Option<Duration>,
    /// Whether a pod that a disruption budget keeps is first joined by one more of its Deployment.
    pub surge: bool,
    /// Whether pods leave that keep data in an emptyDir, which is lost with them.
    pub delete_empty_dir_data: bool,
    /// Whether pods leave that no controller replaces.
    pub evict_unmanaged: bool,
}

impl DrainRules {
    /// Time that an attempt to drain has.
    #[must_use]
    pub fn limit(&self, recovery_timeout: Duration) -> Duration {
        self.timeout.unwrap_or_else(|| recovery_timeout.saturating_add(self.deadline.unwrap_or_default()))
    }
}

impl fmt::Display for DrainRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "drain ";
        let mut say = |words: fmt::Arguments<'_>| write!(f, "{}{words}", core::mem::replace(&mut comma, ", "));
        let spans = [
            ("timeout", self.timeout),
            ("podGracePeriod", self.pod_grace_period),
            ("respectPDB UntilDeadline, deadline", self.deadline),
        ];
        for (name, span) in spans {
            span.map_or(Ok(()), |span| say(format_args!("{name} {} s", span.as_secs_f32())))?;
        }
        for (name, is_set) in [
            ("surge", self.surge),
            ("deleteEmptyDirData", self.delete_empty_dir_data),
            ("evictUnmanaged", self.evict_unmanaged),
        ] {
            if is_set {
                say(format_args!("{name}"))?;
            }
        }
        Ok(())
    }
}
