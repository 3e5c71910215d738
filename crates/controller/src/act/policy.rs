//! HealingPolicies: only their status is ever written.

use super::call::{Calls, segment};
use super::outcome;
use http::Method;
use kube::Resource;
use self_healing_api::marks::MANAGER;
use self_healing_api::policy::{HealingPolicy, status_of};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::policy::PolicyStatus;
use serde_json::json;

pub(super) async fn save(calls: &Calls, name: &str, uid: &str, status: &PolicyStatus) -> Result<Answer, Outcome> {
    if uid.is_empty() {
        return Err(outcome::refused("a HealingPolicy without uid has no status to save"));
    }
    let all = HealingPolicy::url_path(&(), None);
    let path = format!("{all}/{}/status?fieldManager={MANAGER}", segment("HealingPolicy name", name)?);
    let patch = json!({ "metadata": { "uid": uid }, "status": status_of(status) });
    outcome::of(&calls.write(Method::PATCH, &path, &patch).await?)?;
    Ok(Answer::Nothing)
}
