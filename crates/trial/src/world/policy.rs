//! HealingPolicies, as a person applies them.

use super::World;
use anyhow::{Context, Result};
use self_healing_story::Policy;
use serde_json::{Value, json};

/// The resource.
pub(crate) const POLICIES: &str = "healingpolicies.self-healing.dev";

impl World {
    /// Stores a version of a policy, whether it was there or not.
    pub(crate) fn apply_policy(&self, policy: &Policy) -> Result<()> {
        let wrong = || format!("policy {}", policy.name);
        let spec: Value = serde_saphyr::from_str(&policy.spec).with_context(wrong)?;
        let mut object = json!({
            "apiVersion": "self-healing.dev/v1alpha1",
            "kind": "HealingPolicy",
            "metadata": { "name": policy.name },
            "spec": spec,
        });
        let admin = self.admin();
        match admin.get(POLICIES, "", &policy.name) {
            Err(_) => admin.create(POLICIES, "", &object),
            Ok(known) => {
                object["metadata"]["resourceVersion"] = known["metadata"]["resourceVersion"].clone();
                admin.update(POLICIES, "", &policy.name, &object)
            }
        }
        .with_context(wrong)?;
        Ok(())
    }
}
