//! Who else has a hand on an object: GitOps tools and Helm by their marks, operators by `ownerReferences`, others by server-side apply.

use crate::objects::needs::list;
use crate::plain::plain;
use self_healing_api::marks;
use self_healing_core::effect::{Applied, Keeper, Tool};
use self_healing_core::key::Text;
use serde_json::Value;

/// Characters of a name that are shown.
const NAME: usize = 128;

/// The tools that keep `object` as they want it, those first that take changes back at once.
pub(in crate::act) fn keepers(object: &Value) -> Vec<Keeper> {
    let metadata = &object["metadata"];
    let label = |key: &str| metadata["labels"][key].as_str().filter(|value| !value.is_empty());
    let annotation = |key: &str| metadata["annotations"][key].as_str().filter(|value| !value.is_empty());
    let tracked = annotation(marks::ARGO_TRACKING).and_then(|id| id.split(':').next());
    let argo = tracked.or_else(|| annotation(marks::ARGO_INSTANCE)).or_else(|| label(marks::ARGO_INSTANCE));
    let release = annotation(marks::HELM_RELEASE);
    let helm = release.or_else(|| label(marks::MANAGED_BY).filter(|tool| *tool == "Helm").map(|_| "of unknown name"));
    let found = [
        (Tool::ArgoCd, argo),
        (Tool::FluxKustomization, label(marks::FLUX_KUSTOMIZATION)),
        (Tool::FluxHelmRelease, label(marks::FLUX_HELM_RELEASE)),
        (Tool::Helm, helm),
    ];
    let tools = found.into_iter().filter_map(|(tool, name)| Some(Keeper { tool, name: plain(name?, NAME) }));
    let above = list(&metadata["ownerReferences"]).find(|owner| owner["controller"] == true);
    let above = above.map(|owner| {
        let word = |field: &str| owner[field].as_str().unwrap_or_default();
        Keeper { tool: Tool::Controller, name: plain(&format!("{} {}", word("kind"), word("name")), NAME) }
    });
    tools.chain(above).collect()
}

/// Who, other than we, applies the field at `path`, as `managedFields` name it. Who applies a field says by that how it has to be; plain
/// updates say nothing of the kind.
pub(in crate::act) fn applier(object: &Value, path: &[&str]) -> Option<String> {
    let applies = |entry: &&Value| entry["operation"] == "Apply" && entry["manager"] != marks::MANAGER;
    let has = |entry: &&Value| path.iter().try_fold(&entry["fieldsV1"], |at, field| at.get(field)).is_some();
    let owner = list(&object["metadata"]["managedFields"]).filter(applies).find(has)?;
    Some(plain(owner["manager"].as_str().unwrap_or("without a name"), NAME))
}

/// Who owns the fields that a remedy may write, by server-side apply.
pub(super) fn applied(object: &Value) -> Applied {
    let restarted = format!("f:{}", marks::RESTARTED_AT);
    let owns = |path: &[&str]| applier(object, path).map(Text::from);
    Applied {
        template: owns(&["f:spec", "f:template"]),
        restarted_at: owns(&["f:spec", "f:template", "f:metadata", "f:annotations", &restarted]),
        replicas: owns(&["f:spec", "f:replicas"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(metadata: Value) -> Vec<String> {
        keepers(&json!({ "metadata": metadata })).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_tool_is_known_by_its_marks() {
        let cases = [
            (
                json!({"annotations": {marks::ARGO_TRACKING: "shop:apps/Deployment:shop/web"}}),
                "Argo CD application shop",
            ),
            (json!({"annotations": {marks::ARGO_INSTANCE: "shop"}}), "Argo CD application shop"),
            (json!({"labels": {marks::ARGO_INSTANCE: "shop"}}), "Argo CD application shop"),
            (json!({"labels": {marks::FLUX_KUSTOMIZATION: "apps"}}), "Flux Kustomization apps"),
            (json!({"labels": {marks::FLUX_HELM_RELEASE: "web"}}), "Flux HelmRelease web"),
            (json!({"annotations": {marks::HELM_RELEASE: "web"}}), "Helm release web"),
            (json!({"labels": {marks::MANAGED_BY: "Helm"}}), "Helm release of unknown name"),
            (
                json!({"ownerReferences": [{"kind": "Database", "name": "orders", "controller": true}]}),
                "its controller Database orders",
            ),
        ];
        for (metadata, expected) in cases {
            assert_eq!(words(metadata.clone()), [expected], "{metadata}");
        }
        for nobody in [
            json!({}),
            json!({"labels": {marks::MANAGED_BY: "kustomize"}}),
            json!({"labels": {marks::ARGO_INSTANCE: ""}}),
        ] {
            assert_eq!(words(nobody), Vec::<String>::new());
        }
    }

    #[test]
    fn only_a_foreign_apply_owns_a_field() {
        let template = json!({"f:spec": {"f:template": {"f:spec": {}}, "f:replicas": {}}});
        let object = |manager: &str, operation: &str, fields: &Value| json!({"metadata": {"managedFields": [{"manager": manager, "operation": operation, "fieldsV1": fields}]}});
        let found = applied(&object("flux", "Apply", &template));
        assert_eq!(
            (found.template.as_deref(), found.replicas.as_deref(), found.restarted_at),
            (Some("flux"), Some("flux"), None)
        );
        assert_eq!(
            applied(&object("kubectl-edit", "Update", &template)),
            Applied::default(),
            "who updates owns nothing for good"
        );
        assert_eq!(applied(&object(marks::MANAGER, "Apply", &template)), Applied::default(), "our own");
        let restarts = json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}}}});
        assert_eq!(applied(&object("ci", "Apply", &restarts)).restarted_at.as_deref(), Some("ci"));
    }
}
