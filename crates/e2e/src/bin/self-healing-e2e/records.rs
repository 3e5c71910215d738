//! Recoveries as a user sees them: plain JSON from the API, not our own types.

use crate::ground::{Ground, OWN};
use anyhow::{Context, Result};
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, ResourceExt};
use self_healing_e2e::wait::{wait_for, wait_for_all};
use serde_json::{Value, json};
use std::time::Duration;

impl Ground {
    /// The Recoveries of the controller's namespace.
    pub(crate) fn recoveries(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.cluster.admin(), OWN, &resource("Recovery", "recoveries"))
    }

    /// The HealingPolicies.
    pub(crate) fn policies(&self) -> Api<DynamicObject> {
        Api::all_with(self.cluster.admin(), &resource("HealingPolicy", "healingpolicies"))
    }

    /// Waits until a Recovery of that target's name exists whose JSON satisfies `good`.
    pub(crate) async fn recovery(
        &self,
        target: &str,
        what: &str,
        deadline: Duration,
        good: impl Fn(&Value) -> bool,
    ) -> Result<DynamicObject> {
        let of_target = |record: &&DynamicObject| record.data["spec"]["target"]["name"] == target && good(&record.data);
        let what = format!("a Recovery of {target} {what}");
        let any = |records: &[DynamicObject]| records.iter().any(|record| of_target(&record));
        let records = wait_for_all(&self.recoveries(), &ListParams::default(), &what, deadline, any).await?;
        records.into_iter().find(|record| of_target(&record)).context("the Recovery is gone again")
    }

    /// Waits until the Recovery of that target is in `phase`.
    pub(crate) async fn recovery_is(&self, target: &str, phase: &str, deadline: Duration) -> Result<DynamicObject> {
        self.recovery(target, &format!("in phase {phase}"), deadline, |data| data["status"]["phase"] == phase).await
    }

    /// Waits until the Recovery of that target is held by `guard`, and returns it.
    pub(crate) async fn recovery_held(&self, target: &str, guard: &str, deadline: Duration) -> Result<DynamicObject> {
        self.recovery(target, &format!("held by {guard}"), deadline, |data| holds(data, guard)).await
    }

    /// The number of Recoveries.
    pub(crate) async fn recovery_count(&self) -> Result<usize> {
        Ok(self.recoveries().list(&ListParams::default()).await?.items.len())
    }

    /// The names of all Recoveries of an object of this name.
    pub(crate) async fn recoveries_of(&self, target: &str) -> Result<Vec<String>> {
        let all = self.recoveries().list(&ListParams::default()).await?.items;
        let of_it = all.iter().filter(|record| record.data["spec"]["target"]["name"] == target);
        Ok(of_it.map(ResourceExt::name_any).collect())
    }

    /// Annotates a Recovery, as a person would.
    pub(crate) async fn annotate_recovery(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { key: value } } }));
        self.recoveries()
            .patch(name, &PatchParams::default(), &patch)
            .await
            .map(drop)
            .context("cannot annotate the Recovery")
    }

    /// Waits until that Recovery has ended, and returns it.
    pub(crate) async fn ended(&self, record: &DynamicObject, deadline: Duration) -> Result<DynamicObject> {
        let name = record.name_any();
        let over = |found: Option<&DynamicObject>| found.is_some_and(is_over);
        let found = wait_for(&self.recoveries(), &name, &format!("{name} to end"), deadline, over).await?;
        found.context("the Recovery is gone")
    }
}

/// Whether nothing more will happen to it.
pub(crate) fn is_over(record: &DynamicObject) -> bool {
    const TERMINAL: [&str; 5] = ["Succeeded", "Failed", "Escalated", "SelfRecovered", "Cancelled"];
    TERMINAL.iter().any(|phase| record.data["status"]["phase"] == *phase)
}

/// Whether that guard holds.
pub(crate) fn holds(data: &Value, guard: &str) -> bool {
    guard_state(data, guard).is_some_and(|state| state["result"] == "Hold")
}

/// What that guard last said.
fn guard_state<'a>(data: &'a Value, guard: &str) -> Option<&'a Value> {
    data["status"]["guards"].as_array()?.iter().find(|state| state["name"] == guard)
}

/// Why that guard holds; empty when it does not.
pub(crate) fn guard_reason<'a>(data: &'a Value, guard: &str) -> &'a str {
    let holding = guard_state(data, guard).filter(|_| holds(data, guard));
    holding.map_or("", |state| text_of(&state["reason"]))
}

/// The text, empty for anything else.
pub(crate) fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("self-healing.dev", "v1alpha1", kind), plural)
}
