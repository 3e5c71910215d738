//! How a policy wants nodes to be drained.

use super::read::{span, word};
use super::{BadPolicy, Span};
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator};
use self_healing_core::settings::DrainRules;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When disruption budgets are respected.
const RESPECT: [&str; 2] = ["Always", "UntilDeadline"];
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

/// How a node is drained.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("!has(self.respectPDB) || self.respectPDB != 'UntilDeadline' || has(self.deadline)").message("respectPDB UntilDeadline needs a deadline"))]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct DrainSpec {
    /// Time that a drain has: seconds, or as 10m; without it that of every attempt, after the deadline if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub timeout: Option<Span>,
    /// Whether a pod that a disruption budget keeps, as of a single replica, is first joined by one more of its Deployment elsewhere, which
    /// is taken back when the pod has left. Not where a HorizontalPodAutoscaler, a GitOps tool or another manager decides the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub surge: Option<bool>,
    /// Time that a pod has to end, in place of its own: seconds, or as 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub pod_grace_period: Option<Span>,
    /// Whether disruption budgets are respected to the end, or until the deadline.
    #[serde(default, rename = "respectPDB", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "respect")]
    pub respect_pdb: Option<String>,
    /// Time from the drain's begin after which pods that disruption budgets keep are deleted gracefully, with respectPDB UntilDeadline:
    /// seconds, or as 1h; below the timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Span")]
    pub deadline: Option<Span>,
    /// Whether pods leave that keep data in an emptyDir, which is lost with them, as with kubectl drain --delete-emptydir-data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub delete_empty_dir_data: Option<bool>,
    /// Whether pods leave that no controller replaces, as with kubectl drain --force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub evict_unmanaged: Option<bool>,
}

/// The rules that `said` gives.
pub(super) fn rules(said: &DrainSpec) -> Result<DrainRules, BadPolicy> {
    let read = |name: &str, said: Option<&Span>| span(&format!("spec.drain.{name}"), said, SECOND..=DAY);
    let timeout = read("timeout", said.timeout.as_ref())?;
    let deadline = read("deadline", said.deadline.as_ref())?;
    let field = "spec.drain.respectPDB";
    let known = |text: &str| RESPECT.into_iter().find(|word| *word == text);
    let until_deadline = word(field, said.respect_pdb.as_deref(), known, &RESPECT)? == Some("UntilDeadline");
    if until_deadline && deadline.is_none() {
        return Err(BadPolicy::new(field, "\"UntilDeadline\"", "a spec.drain.deadline beside it"));
    }
    if let (Some(time), Some(limit)) = (deadline, timeout)
        && time >= limit
    {
        let found = format!("{} s", time.as_secs_f32());
        let expected = format!("less than spec.drain.timeout, {} s", limit.as_secs_f32());
        return Err(BadPolicy::new("spec.drain.deadline", found, expected));
    }
    Ok(DrainRules {
        timeout,
        pod_grace_period: read("podGracePeriod", said.pod_grace_period.as_ref())?,
        deadline: deadline.filter(|_| until_deadline),
        surge: said.surge.unwrap_or_default(),
        delete_empty_dir_data: said.delete_empty_dir_data.unwrap_or_default(),
        evict_unmanaged: said.evict_unmanaged.unwrap_or_default(),
    })
}

fn respect(_: &mut SchemaGenerator) -> Schema {
    crate::schema::one_of(RESPECT.into_iter())
}
