//! What the controller did to objects that are not its own: read off a commit by its effect, or off a request by its words.

mod workload;

use super::json::{annotation, is_cordoned, is_terminating, list, text, uid};
use super::note::Sent;
use crate::player::machines::{CLAIMS, MACHINES, REMEDIATIONS};
use self_healing_api::marks;
use self_healing_sim::store::{Commit, Key};
use serde_json::Value;
use std::fmt;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DeedKind {
    Delete,
    Evict,
    Cordon,
    Taint,
    Uncordon,
    Untaint,
    CreatePod,
    /// The pods of a workload, by its template's annotation.
    Restart,
    /// One pod more than a workload had.
    Scale,
    /// Taken back.
    Unscale,
    /// A Deployment's template, to an earlier one.
    RollBack,
    /// The selector of a Service set to its standby's.
    Switch,
    SwitchBack,
    /// The memory limit of a pod raised in place.
    Resize,
    /// A machine deleted, or a remediation object made.
    Replace,
    /// A remediation object deleted.
    EndRemediation,
    /// The out-of-service taint set.
    Fence,
    Unfence,
    /// Something that no strategy of the controller does.
    Unknown,
}

impl DeedKind {
    /// Whether it takes something away.
    pub(crate) fn is_destructive(self) -> bool {
        match self {
            Self::Delete | Self::Evict | Self::Cordon | Self::Taint => true,
            Self::Restart | Self::Scale | Self::RollBack => true,
            Self::Switch | Self::Resize | Self::Replace | Self::Fence => true,
            Self::Uncordon
            | Self::Untaint
            | Self::CreatePod
            | Self::Unscale
            | Self::SwitchBack
            | Self::EndRemediation
            | Self::Unfence
            | Self::Unknown => false,
        }
    }

    /// Whether it changes a controller of pods.
    pub(crate) fn is_on_workload(self) -> bool {
        matches!(self, Self::Restart | Self::Scale | Self::Unscale | Self::RollBack)
    }

    /// Whether a pod goes by it.
    pub(crate) fn moves_pod(self) -> bool {
        matches!(self, Self::Delete | Self::Evict)
    }

    /// Whether it leaves a mark that names its Recovery.
    pub(crate) fn leaves_mark(self) -> bool {
        matches!(self, Self::Cordon | Self::Taint | Self::Switch | Self::Fence)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Delete => "deleted",
            Self::Evict => "evicted",
            Self::Cordon => "cordoned",
            Self::Taint => "tainted as suspect",
            Self::Uncordon => "uncordoned",
            Self::Untaint => "freed of the suspect taint",
            Self::CreatePod => "created",
            Self::Restart => "restarted",
            Self::Scale => "scaled up by one",
            Self::Unscale => "scaled back",
            Self::RollBack => "rolled back",
            Self::Switch => "switched to its standby",
            Self::SwitchBack => "switched back",
            Self::Resize => "resized",
            Self::Replace => "ordered to be replaced or rebooted",
            Self::EndRemediation => "called off",
            Self::Fence => "declared out of service",
            Self::Unfence => "freed of the out-of-service taint",
            Self::Unknown => "changed in a way that no strategy knows",
        }
    }
}

/// One thing that was done, or asked for, to one object.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) kind: DeedKind,
    pub(crate) key: Key,
    /// Of a commit: the uid of the object. Of a request: the uid that it names, empty when it names none.
    pub(crate) uid: String,
    /// The Recovery that its mark names; empty for pods, whose deletion leaves no mark, and for a request to scale back.
    pub(crate) record: String,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (uid {}) was {}", Named(&self.key), self.uid, self.kind.words())
    }
}

/// A key in words: `pod shop/web-1`, `node n1`, `deployments.apps shop/web`.
pub(crate) struct Named<'a>(pub(crate) &'a Key);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = match &*self.0.resource {
            "pods" => "pod",
            "nodes" => "node",
            "services" => "Service",
            RECOVERIES => "Recovery",
            other => other,
        };
        match &*self.0.namespace {
            "" => write!(f, "{resource} {}", self.0.name),
            namespace => write!(f, "{resource} {namespace}/{}", self.0.name),
        }
    }
}

/// The resource of our records.
pub(crate) const RECOVERIES: &str = "recoveries.self-healing.dev";
/// The resource of Leases.
pub(crate) const LEASES: &str = "leases.coordination.k8s.io";

/// Whether `resource` is one that the controller writes for itself and for people: records, Leases, Events.
const POLICIES: &str = crate::world::POLICIES;

pub(crate) fn is_own(resource: &str) -> bool {
    matches!(resource, RECOVERIES | LEASES | POLICIES) || is_event(resource)
}

pub(crate) fn is_event(resource: &str) -> bool {
    matches!(resource, "events" | "events.events.k8s.io")
}

/// What `commit`, which is ours, did. One request may be several commits: an eviction takes from its budget and adds a condition
/// first, and the server marks a pod that need not end gracefully before it removes it. What counts is the mark: an eviction that was on
/// its way for long finds a pod that ends already, and the server notes no more than its condition.
pub(crate) fn done(commit: &Commit) -> Vec<Deed> {
    let before = commit.old.as_deref().unwrap_or(&Value::Null);
    let grace = |pod: &Value| pod["metadata"]["deletionGracePeriodSeconds"].as_u64();
    let marked = is_terminating(before) && grace(before) == Some(0);
    let sooner = |after: &Value| !is_terminating(before) || grace(after) < grace(before);
    let ends = commit.new.as_deref().map_or(!marked, |after| is_terminating(after) && sooner(after));
    let deed = |kind, record: &str| Deed {
        kind,
        key: commit.key.clone(),
        uid: uid(&commit.shown).to_owned(),
        record: record.to_owned(),
    };
    match (&*commit.key.resource, commit.origin.verb, &*commit.origin.subresource) {
        (resource, ..) if is_own(resource) => Vec::new(),
        ("poddisruptionbudgets.policy", _, "eviction") => Vec::new(),
        ("pods", "create", "eviction") | ("pods", "delete", "") if !ends => Vec::new(),
        ("pods", "create", "eviction") => vec![deed(DeedKind::Evict, "")],
        ("pods", "delete", "") => vec![deed(DeedKind::Delete, "")],
        ("pods", "create", "") => vec![deed(DeedKind::CreatePod, "")],
        (resource, "patch" | "update", "") if workload::is_workload(resource) => {
            let found = workload::done(before, &commit.shown);
            let (kind, record) = found.unwrap_or((DeedKind::Unknown, String::new()));
            vec![deed(kind, &record)]
        }
        ("pods", "patch", "resize") => vec![deed(DeedKind::Resize, "")],
        ("nodes", "patch" | "update", "") => {
            let found: Vec<Deed> =
                on_node(before, &commit.shown).into_iter().map(|(kind, record)| deed(kind, &record)).collect();
            if found.is_empty() { vec![deed(DeedKind::Unknown, "")] } else { found }
        }
        ("services", "patch" | "update", "") => {
            let owner = |service| annotation(service, marks::OWNER).unwrap_or_default();
            let kind = match (owner(before), owner(&commit.shown)) {
                (was, is) if !is.is_empty() && was != is => (DeedKind::Switch, is),
                (was, "") if !was.is_empty() => (DeedKind::SwitchBack, was),
                _ => (DeedKind::Unknown, ""),
            };
            vec![deed(kind.0, kind.1)]
        }
        // The object is made for the node that owns it, and that is what it acts on.
        (REMEDIATIONS, "create", "") => {
            let (uid, record) = (text(&commit.shown, NODE_UID), annotation(&commit.shown, marks::OWNER));
            vec![Deed { uid: uid.to_owned(), ..deed(DeedKind::Replace, record.unwrap_or_default()) }]
        }
        (REMEDIATIONS | MACHINES | CLAIMS, "delete", "") if !ends => Vec::new(),
        (REMEDIATIONS, "delete", "") => {
            vec![deed(DeedKind::EndRemediation, annotation(before, marks::OWNER).unwrap_or_default())]
        }
        (MACHINES | CLAIMS, "delete", "") => vec![deed(DeedKind::Replace, "")],
        _ => vec![deed(DeedKind::Unknown, "")],
    }
}

/// Where a remediation object names the node that it is made for.
pub(crate) const NODE_UID: &str = "/metadata/ownerReferences/0/uid";
const NODE_NAME: &str = "/metadata/ownerReferences/0/name";

fn on_node(before: &Value, after: &Value) -> Vec<(DeedKind, String)> {
    let mut found = Vec::new();
    let owner = |node| annotation(node, marks::OWNER).unwrap_or_default();
    if is_cordoned(after) && !is_cordoned(before) || !owner(after).is_empty() && owner(before) != owner(after) {
        found.push((DeedKind::Cordon, owner(after).to_owned()));
    } else if is_cordoned(before) && !is_cordoned(after) || !owner(before).is_empty() && owner(after).is_empty() {
        found.push((DeedKind::Uncordon, owner(before).to_owned()));
    }
    match (suspect(before), suspect(after)) {
        (before, Some(after)) if before != Some(after) => found.push((DeedKind::Taint, after.to_owned())),
        (Some(before), None) => found.push((DeedKind::Untaint, before.to_owned())),
        _ => {}
    }
    match (annotation(before, marks::FENCED), annotation(after, marks::FENCED)) {
        (before, Some(after)) if before != Some(after) => found.push((DeedKind::Fence, after.to_owned())),
        (Some(before), None) => found.push((DeedKind::Unfence, before.to_owned())),
        _ => {}
    }
    found
}

/// Whether a node has the taint that declares it out of service.
pub(crate) fn is_out_of_service(node: &Value) -> bool {
    list(node, "/spec/taints").iter().any(|taint| taint["key"] == marks::OUT_OF_SERVICE)
}

/// The Recovery that our suspect taint on `node` names.
pub(crate) fn suspect(node: &Value) -> Option<&str> {
    let taint = list(node, "/spec/taints").iter().find(|taint| taint["key"] == marks::SUSPECT)?;
    Some(text(taint, "/value"))
}

/// What a request asks for, if not for something of our own.
pub(crate) fn asked(sent: &Sent) -> Option<Deed> {
    let body = &*sent.body;
    let deed = |kind, uid: &str, record: &str| Deed {
        kind,
        key: sent.key.clone(),
        uid: uid.to_owned(),
        record: record.to_owned(),
    };
    Some(match (&*sent.key.resource, sent.verb, &*sent.subresource) {
        (resource, ..) if is_own(resource) => return None,
        ("pods", "create", "eviction") => deed(DeedKind::Evict, text(body, "/deleteOptions/preconditions/uid"), ""),
        ("pods", "delete", "") => deed(DeedKind::Delete, text(body, "/preconditions/uid"), ""),
        ("pods", "create", "") => deed(DeedKind::CreatePod, "", ""),
        (resource, "patch" | "update", "") if workload::is_workload(resource) => {
            let (kind, record) = workload::asked(body);
            deed(kind, uid(body), record)
        }
        ("pods", "patch", "resize") => deed(DeedKind::Resize, uid(body), ""),
        ("nodes", "patch" | "update", "") => {
            let owner = annotation(body, marks::OWNER).unwrap_or_default();
            let fenced = &body["metadata"]["annotations"][marks::FENCED];
            let unfences =
                body["metadata"]["annotations"].as_object().is_some_and(|all| all.contains_key(marks::FENCED));
            let (kind, record) = if let Some(record) = fenced.as_str() {
                (DeedKind::Fence, record)
            } else if unfences {
                (DeedKind::Unfence, "")
            } else if is_cordoned(body) {
                (DeedKind::Cordon, owner)
            } else if body["spec"]["taints"].is_null() && body["metadata"]["annotations"].is_object() {
                (DeedKind::Uncordon, owner)
            } else if let Some(record) = suspect(body) {
                (DeedKind::Taint, record)
            } else {
                (DeedKind::Untaint, "")
            };
            deed(kind, uid(body), record)
        }
        ("services", "patch" | "update", "") => match annotation(body, marks::OWNER) {
            Some(record) => deed(DeedKind::Switch, uid(body), record),
            None => deed(DeedKind::SwitchBack, uid(body), ""),
        },
        (REMEDIATIONS, "create", "") => Deed {
            // What has to be read before is the node, since the object is not there yet.
            key: Key::new("nodes", "", text(body, NODE_NAME)),
            ..deed(DeedKind::Replace, text(body, NODE_UID), annotation(body, marks::OWNER).unwrap_or_default())
        },
        (REMEDIATIONS, "delete", "") => deed(DeedKind::EndRemediation, text(body, "/preconditions/uid"), ""),
        (MACHINES | CLAIMS, "delete", "") => deed(DeedKind::Replace, text(body, "/preconditions/uid"), ""),
        _ => deed(DeedKind::Unknown, "", ""),
    })
}

pub(crate) use workload::{foreign_of, is_workload};
