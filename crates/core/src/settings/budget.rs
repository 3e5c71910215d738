//! What a policy allows of its own, beside the budgets of the whole cluster.

use super::Share;
use crate::selector::Selector;
use core::fmt;

/// A policy's budget; what is absent is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyBudget {
    /// Recoveries of the policy under way at once.
    pub max_concurrent: Option<u32>,
    /// Attempts of the policy that begin within an hour.
    pub per_hour: Option<u32>,
    /// Failures of the policy at once above which a shared cause is assumed and nothing begins: of nodes, those among the
    /// policy's nodes; else, Recoveries that are not over.
    pub max_unhealthy: Option<Share>,
    /// The policy's nodes; all of them if `None`.
    pub nodes: Option<Selector>,
}

impl fmt::Display for PolicyBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "budget ";
        let mut say = |name: &str, number: &dyn fmt::Display| {
            let begin = core::mem::replace(&mut comma, ", ");
            write!(f, "{begin}{name} {number}")
        };
        self.max_concurrent.map_or(Ok(()), |number| say("maxConcurrent", &number))?;
        self.per_hour.map_or(Ok(()), |number| say("perHour", &number))?;
        self.max_unhealthy.map_or(Ok(()), |share| say("maxUnhealthy", &share))
    }
}
