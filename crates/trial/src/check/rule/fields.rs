//! S16: no field is taken from its owner: not by force, not from a GitOps tool, a release or another apply manager, and the number of
//! pods not from an autoscaler.

use crate::check::book::Book;
use crate::check::deed::{Deed, DeedKind, Named};
use crate::check::json::{annotation, label, list, text};
use crate::check::note::Note;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_api::marks;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Fields;

/// What begins the labels and annotations by which GitOps tools say that they keep an object.
const KEEPERS: [&str; 2] = ["argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/"];

impl Rule for Fields {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.destructive().filter(|deed| deed.kind.is_on_workload()) {
            let owner = owner(act, deed);
            found.judge(owner.is_none(), || format!("{}, which {} owns", act.words(deed), owner.unwrap_or_default()));
        }
        for deed in act.destructive().filter(|deed| &*deed.key.resource == "services") {
            let metadata = &act.before()["metadata"];
            let keys = [&metadata["labels"], &metadata["annotations"]];
            let mut keys = keys.into_iter().filter_map(Value::as_object).flat_map(|map| map.keys());
            let kept = keys.find(|key| KEEPERS.iter().any(|keeper| key.starts_with(keeper)));
            found.judge(kept.is_none(), || {
                format!("{}, although {} says that a tool keeps it", act.words(deed), kept.map_or("", String::as_str))
            });
        }
    }

    fn note(&mut self, note: &Note, _: &Book, _: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        if sent.verb != "patch" {
            return;
        }
        let forced = sent.query.split('&').any(|pair| pair.starts_with("force=") && pair != "force=false");
        found.judge(!forced, || {
            format!("request {} of {} applied to {} by force", sent.id, sent.instance, Named(&sent.key))
        });
    }
}

/// Who owns what a deed changes: what it was before shows that.
fn owner(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let before = act.before();
    let by = |key: &str| annotation(before, key).or_else(|| label(before, key)).map(|name| format!("{key}={name}"));
    let gitops = [marks::ARGO_TRACKING, marks::ARGO_INSTANCE, marks::FLUX_KUSTOMIZATION, marks::FLUX_HELM_RELEASE];
    let helm = by(marks::HELM_RELEASE).filter(|_| deed.kind == DeedKind::RollBack);
    let field = match deed.kind {
        DeedKind::Scale => "/f:spec/f:replicas",
        DeedKind::RollBack => "/f:spec/f:template",
        _ => "/f:spec/f:template/f:metadata/f:annotations/f:kubectl.kubernetes.io~1restartedAt",
    };
    let applies = |entry: &&serde_json::Value| {
        let foreign = entry["operation"] == "Apply" && entry["manager"] != marks::MANAGER;
        foreign && entry["fieldsV1"].pointer(field).is_some()
    };
    let manager = || list(before, "/metadata/managedFields").iter().find(applies);
    let autoscaler = || {
        let scaler = |object: &serde_json::Value| text(object, "/spec/scaleTargetRef/name") == &*deed.key.name;
        let mut all = act.scene.store.list("horizontalpodautoscalers.autoscaling", &deed.key.namespace);
        all.any(|(_, object)| scaler(object))
    };
    gitops
        .into_iter()
        .find_map(by)
        .or(helm)
        .or_else(|| manager().map(|entry| text(entry, "/manager").to_owned()))
        .or_else(|| (deed.kind == DeedKind::Scale && autoscaler()).then(|| "an autoscaler".to_owned()))
}
