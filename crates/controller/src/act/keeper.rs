//! Who else keeps an object as it is, so that a change of ours would be undone, or would take what is not ours.

use super::workload::keepers::{applier, keepers};
use self_healing_core::effect::Tool;
use serde_json::Value;

/// Who keeps `object`, or has applied its field at `field` (as `managedFields` name it); `None` when nobody does. Helm is not among them: it
/// changes an object when somebody upgrades, and leaves it alone in between.
pub(super) fn of(object: &Value, field: &[&str]) -> Option<String> {
    let keeper = keepers(object).into_iter().find(|keeper| keeper.tool != Tool::Helm);
    let applied = || Some(format!("field manager {} (server-side apply)", applier(object, field)?));
    keeper.map(|keeper| keeper.to_string()).or_else(applied)
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
