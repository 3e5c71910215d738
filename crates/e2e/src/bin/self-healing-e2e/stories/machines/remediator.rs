//! An operator as medik8s has them: it works on each remediation object, and says how far it is by conditions.

use super::{Provider, resource};
use crate::ground::gone_is_fine;
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use self_healing_sim::actor::UNTOUCHED;
use self_healing_story::{Machines, Ordered};
use serde_json::{Value, json};

const GROUP: &str = "fence-agents-remediation.medik8s.io";
/// From an order until it is carried out.
const WORK: SignedDuration = SignedDuration::from_secs(10);

pub(super) fn remediations() -> ApiResource {
    resource(GROUP, "v1alpha1", "FenceAgentsRemediation")
}

impl Provider<'_> {
    pub(super) async fn make_templates(&self) -> Result<()> {
        for (name, action) in [("fence", "reboot"), ("reset", "off")] {
            let spec = json!({ "agent": "fence_ipmilan", "retrycount": 5, "sharedparameters": { "--action": action } });
            let template = json!({ "metadata": { "name": name }, "spec": { "template": { "spec": spec } } });
            self.make(&resource(GROUP, "v1alpha1", "FenceAgentsRemediationTemplate"), template).await?;
        }
        Ok(())
    }

    /// The remediation objects that are there.
    pub(in crate::stories) async fn remediations(&self) -> Result<Vec<Value>> {
        if self.kind != Machines::Medik8s {
            return Ok(Vec::new());
        }
        let found = self.api(&remediations()).list(&ListParams::default()).await?.items;
        Ok(found.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
    }

    pub(super) async fn remediate(&self) -> Result<()> {
        for object in self.api(&remediations()).list(&ListParams::default()).await? {
            let untouched = object.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(UNTOUCHED));
            if !untouched && object.metadata.deletion_timestamp.is_none() {
                self.work_on(&object).await?;
            }
        }
        Ok(())
    }

    async fn work_on(&self, object: &DynamicObject) -> Result<()> {
        let conditions = object.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let status = |kind: &str| conditions.iter().find(|one| one["type"] == kind);
        if status("Succeeded").is_some_and(|one| one["status"] != "Unknown") {
            return Ok(());
        }
        let Some(begun) = status("Processing") else {
            return self
                .tell(object, json!([condition("Processing", "True"), condition("Succeeded", "Unknown")]))
                .await;
        };
        let begun: Timestamp = begun["lastTransitionTime"].as_str().unwrap_or_default().parse()?;
        let how = self.told.get().unwrap_or(Ordered::Reboots);
        if how == Ordered::Stalls || Timestamp::now().duration_since(begun) < WORK {
            return Ok(());
        }
        self.carry_out(object.metadata.name.as_deref().unwrap_or_default(), how).await?;
        let succeeded = if how == Ordered::Fails { "False" } else { "True" };
        self.tell(object, json!([condition("Processing", "False"), condition("Succeeded", succeeded)])).await?;
        if how == Ordered::Assumes {
            let assumed = json!({ "status": { "timeAssumedRebooted": Timestamp::now().to_string() } });
            self.patch_status(object, assumed).await?;
        }
        Ok(())
    }

    async fn tell(&self, object: &DynamicObject, conditions: Value) -> Result<()> {
        self.patch_status(object, json!({ "status": { "conditions": conditions } })).await
    }

    async fn patch_status(&self, object: &DynamicObject, status: Value) -> Result<()> {
        let name = object.metadata.name.as_deref().unwrap_or_default();
        let patched =
            self.api(&remediations()).patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await;
        // It may have been deleted meanwhile.
        gone_is_fine(patched)
    }
}

fn condition(kind: &str, status: &str) -> Value {
    let now = Timestamp::now().to_string();
    json!({ "type": kind, "status": status, "reason": "AsTold", "message": "", "lastTransitionTime": now })
}
