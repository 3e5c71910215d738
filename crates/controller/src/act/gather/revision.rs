//! Which revision of its workload a pod is of, since when there is one, and what was before: the change that came last.

use super::state::text;
use super::{Unread, list, this_one};
use crate::act::call::Calls;
use crate::objects::needs::list as items;
use crate::plain::plain;
use kube::api::ListParams;
use self_healing_api::marks::REVISION;
use self_healing_core::key::{Kind, Target};
use serde_json::Value;

const APPS: &str = "/apis/apps/v1";
/// Revisions that are read; Kubernetes keeps ten old ones by default.
const PAGE: u32 = 100;
/// Characters of a name, a number or a time.
const WORD: usize = 64;
/// Characters of the images of a revision.
const IMAGES: usize = 200;

/// A workload and its revisions.
pub(super) struct Workload {
    target: Target,
    object: Value,
    /// ReplicaSets or ControllerRevisions, the newest first.
    revisions: Vec<Value>,
}

/// Reads both; `None` for what has no revisions.
pub(super) async fn workload(calls: &Calls, target: &Target) -> Result<Option<Workload>, Unread> {
    let (plural, below) = match target.kind {
        Kind::Deployment => ("deployments", "replicasets"),
        Kind::StatefulSet => ("statefulsets", "controllerrevisions"),
        Kind::DaemonSet => ("daemonsets", "controllerrevisions"),
        Kind::Node | Kind::Pod | Kind::Service | Kind::ReplicaSet | Kind::Job | Kind::Other(_) => return Ok(None),
    };
    let object = this_one(calls, APPS, plural, target).await?;
    let selected = ListParams::default().labels(&selector(&object["spec"]["selector"])).limit(PAGE);
    let page = list(calls, APPS, &target.key.namespace, below, &selected).await?;
    let mut revisions: Vec<Value> = items(&page["items"]).cloned().collect();
    revisions.retain(|revision| {
        let mut owners = items(&revision["metadata"]["ownerReferences"]);
        owners.any(|owner| owner["controller"] == true && owner["uid"].as_str() == Some(&*target.uid))
    });
    revisions.sort_by_key(|revision| std::cmp::Reverse(number(revision)));
    Ok(Some(Workload { target: target.clone(), object, revisions }))
}

impl Workload {
    /// Whether it is this very object.
    pub(super) fn is(&self, target: &Target) -> bool {
        self.target == *target
    }

    pub(super) fn object(&self) -> &Value {
        &self.object
    }

    /// The revision that `pod` is of, else the newest, and the one before it; a newer one as well, if there is one.
    pub(super) fn revision(&self, pod: Option<&Value>) -> Option<String> {
        let at = pod.and_then(|pod| self.revisions.iter().position(|revision| is_of(pod, revision))).unwrap_or(0);
        let this = self.revisions.get(at)?;
        let name = format!("{} {}", self.target.kind.as_str(), self.target.key.name);
        let mut line = format!("{} of {name}{}", words(this), with(this));
        if let Some(before) = self.revisions.get(at + 1) {
            let same = images(before) == images(this);
            let changed = if same { ", with the same images".to_owned() } else { with(before) };
            line += &format!("; before: {}{changed}", words(before));
        }
        if at > 0 {
            let newest = &self.revisions[0];
            line += &format!("; newest: {}{}", words(newest), with(newest));
        }
        Some(line)
    }
}

/// Whether `pod` was made from `revision`: a ReplicaSet owns it; a ControllerRevision is named in its label, by a DaemonSet without
/// the set's name before it.
fn is_of(pod: &Value, revision: &Value) -> bool {
    let metadata = &revision["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let hash = pod["metadata"]["labels"]["controller-revision-hash"].as_str().filter(|hash| !hash.is_empty());
    let labelled =
        hash.is_some_and(|hash| name == hash || name.strip_suffix(hash).is_some_and(|set| set.ends_with('-')));
    let mut owners = items(&pod["metadata"]["ownerReferences"]);
    labelled || owners.any(|owner| owner["uid"].is_string() && owner["uid"] == metadata["uid"])
}

/// The number by which revisions are counted.
fn number(revision: &Value) -> u64 {
    let annotated = || revision["metadata"]["annotations"][REVISION].as_str()?.parse().ok();
    revision["revision"].as_u64().or_else(annotated).unwrap_or(0)
}

fn words(revision: &Value) -> String {
    format!("{} since {}", number(revision), text(&revision["metadata"]["creationTimestamp"], WORD))
}

fn with(revision: &Value) -> String {
    format!(", with {}", images(revision))
}

fn images(revision: &Value) -> String {
    let template = [&revision["spec"]["template"], &revision["data"]["spec"]["template"]];
    let containers = template.into_iter().flat_map(|template| items(&template["spec"]["containers"]));
    let images: Vec<&str> = containers.filter_map(|container| container["image"].as_str()).collect();
    plain(&images.join(", "), IMAGES)
}

/// A label selector as the API takes it in a query.
pub(in crate::act) fn selector(selector: &Value) -> String {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let equal = equal.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let expressions = items(&selector["matchExpressions"]).filter_map(|one| {
        let key = one["key"].as_str()?;
        let values: Vec<&str> = items(&one["values"]).filter_map(Value::as_str).collect();
        match one["operator"].as_str()? {
            "In" => Some(format!("{key} in ({})", values.join(","))),
            "NotIn" => Some(format!("{key} notin ({})", values.join(","))),
            "Exists" => Some(key.to_owned()),
            "DoesNotExist" => Some(format!("!{key}")),
            // What is not selected by it is sorted out by its owner.
            _ => None,
        }
    });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use self_healing_core::key::{Key, Text};
    use serde_json::json;

    fn set(number: u64, image: &str) -> Value {
        json!({"metadata": {"name": format!("web-{number}"), "uid": format!("uid-{number}"),
            "creationTimestamp": format!("2026-01-0{number}T00:00:00Z"), "annotations": {REVISION: number.to_string()}},
            "spec": {"template": {"spec": {"containers": [{"image": image}, {"image": "mesh:1"}]}}}})
    }

    fn web(revisions: Vec<Value>) -> Workload {
        let target = Target { kind: Kind::Deployment, key: Key::new("shop", "web"), uid: Text::from("uid-web") };
        Workload { target, object: Value::Null, revisions }
    }

    #[test]
    fn the_change_that_came_last_is_told() {
        let pod = |of: u64| json!({"metadata": {"ownerReferences": [{"uid": format!("uid-{of}")}]}});
        let web = web(vec![set(5, "shop/web:2"), set(4, "shop/web:1"), set(3, "shop/web:1")]);
        let newest = "5 since 2026-01-05T00:00:00Z of Deployment web, with shop/web:2, mesh:1; before: 4 since 2026-01-04T00:00:00Z, \
                      with shop/web:1, mesh:1";
        assert_eq!(web.revision(Some(&pod(5))).unwrap(), newest);
        assert_eq!(web.revision(None).unwrap(), newest, "a Deployment's own failure is about the newest");
        assert_eq!(
            web.revision(Some(&pod(4))).unwrap(),
            "4 since 2026-01-04T00:00:00Z of Deployment web, with shop/web:1, mesh:1; before: 3 since 2026-01-03T00:00:00Z, with \
             the same images; newest: 5 since 2026-01-05T00:00:00Z, with shop/web:2, mesh:1"
        );
    }

    #[test]
    fn a_set_has_controller_revisions() {
        let revision = |name: &str, number: u64| {
            json!({"metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "revision": number, "data": {"spec": {"template": {"spec": {"containers": [{"image": "db:1"}]}}}}})
        };
        let revisions = web(vec![revision("db-abc", 2), revision("db-xyz", 1)]);
        for hash in ["db-xyz", "xyz"] {
            let pod = json!({"metadata": {"labels": {"controller-revision-hash": hash}}});
            assert!(revisions.revision(Some(&pod)).unwrap().starts_with("1 since"), "{hash}");
        }
        assert_eq!(web(Vec::new()).revision(None), None);
    }

    #[test]
    fn a_selector_is_written_as_a_query_has_it() {
        let given = json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "DoesNotExist"}, {"key": "x", "operator": "Exists"}]});
        assert_eq!(selector(&given), "app=web,tier in (a,b),!old,x");
    }
}
