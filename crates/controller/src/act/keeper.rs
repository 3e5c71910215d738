//! Who else keeps an object as it is, so that a change of ours would be undone, or would take what is not ours.

use super::workload::keepers::keepers;
use self_healing_core::effect::Tool;
use serde_json::Value;

/// Who keeps `object`, or has applied its field at `field` (as `managedFields` name it); `None` when nobody does. Helm is not among them: it
/// changes an object when somebody upgrades, and leaves it alone in between.
pub(super) fn of(object: &Value, field: &[&str]) -> Option<String> {
    let keeper = keepers(object).into_iter().find(|keeper| keeper.tool != Tool::Helm);
    keeper.map(|keeper| keeper.to_string()).or_else(|| by_apply(object, field))
}

/// Who applies a field says by that how it has to be; plain updates say nothing of the kind.
fn by_apply(object: &Value, field: &[&str]) -> Option<String> {
    let managers = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let applies =
        |entry: &&Value| entry["operation"] == "Apply" && entry["manager"] != self_healing_api::marks::MANAGER;
    let owns = |entry: &&Value| {
        let path = field.iter().try_fold(&entry["fieldsV1"], |fields, part| fields.get(part));
        path.is_some()
    };
    let manager = managers.filter(applies).find(owns)?;
    Some(format!("field manager {} (server-side apply)", manager["manager"].as_str().unwrap_or("without a name")))
}

#[cfg(test)]
mod tests {
    use super::of;
    use serde_json::{Value, json};

    fn keeper(object: &Value) -> Option<String> {
        of(object, &["f:spec", "f:selector"])
    }

    #[test]
    fn a_tool_that_takes_changes_back_keeps_it_and_helm_does_not() {
        let argo = json!({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:/Service:shop/web"}}});
        assert_eq!(keeper(&argo).as_deref(), Some("Argo CD application shop"));
        assert_eq!(keeper(&json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "web"}}})), None);
    }

    #[test]
    fn only_who_applies_the_very_field_keeps_it() {
        let entry = |manager: &str, operation: &str, fields: Value| json!({"metadata": {"managedFields": [{"manager": manager, "operation": operation, "fieldsV1": fields}]}});
        let selector = || json!({"f:spec": {"f:selector": {}}});
        assert_eq!(
            keeper(&entry("kubectl", "Apply", selector())).as_deref(),
            Some("field manager kubectl (server-side apply)")
        );
        assert_eq!(keeper(&entry("kubectl-edit", "Update", selector())), None);
        assert_eq!(keeper(&entry("kubectl", "Apply", json!({"f:spec": {"f:ports": {}}}))), None);
        assert_eq!(keeper(&entry("self-healing-controller", "Apply", selector())), None);
    }
}
