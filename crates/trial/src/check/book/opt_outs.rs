//! Which objects say that nobody may act on them, and since when.

use crate::check::json::{annotation, label};
use jiff::Timestamp;
use self_healing_api::marks;
use self_healing_sim::store::{Commit, Key};
use serde_json::Value;
use std::collections::BTreeMap;

/// Resources whose opt-outs count.
const KINDS: &[&str] = &[
    "pods",
    "nodes",
    "namespaces",
    "services",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
];

#[derive(Default)]
pub(crate) struct OptOuts(BTreeMap<Key, BTreeMap<&'static str, Timestamp>>);

impl OptOuts {
    pub(super) fn commit(&mut self, commit: &Commit, now: Timestamp) {
        if !KINDS.contains(&&*commit.key.resource) {
            return;
        }
        // What is removed keeps its marks until another object takes the name: the removal itself may have to be judged by them.
        let Some(object) = &commit.new else { return };
        let same =
            |part: &str| commit.old.as_ref().is_some_and(|old| old["metadata"][part] == object["metadata"][part]);
        if same("labels") && same("annotations") {
            return;
        }
        let before = self.0.remove(&commit.key).filter(|_| commit.old.is_some()).unwrap_or_default();
        let now: BTreeMap<&str, Timestamp> =
            of(object).into_iter().map(|mark| (mark, before.get(mark).copied().unwrap_or(now))).collect();
        if !now.is_empty() {
            self.0.insert(commit.key.clone(), now);
        }
    }

    /// The marks that `key` has had since `seen`.
    pub(crate) fn since(&self, key: &Key, seen: Timestamp) -> impl Iterator<Item = &'static str> + use<'_> {
        self.0.get(key).into_iter().flatten().filter(move |(_, since)| **since <= seen).map(|(mark, _)| *mark)
    }
}

/// The opt-outs on one object.
pub(crate) fn of(object: &Value) -> Vec<&'static str> {
    let annotated = |key| annotation(object, key).is_some();
    let says = |key, word| annotation(object, key) == Some(word);
    let found = [
        (marks::EXCLUDE, says(marks::EXCLUDE, "true") || label(object, marks::EXCLUDE) == Some("true")),
        (marks::MEDIK8S_EXCLUDE, label(object, marks::MEDIK8S_EXCLUDE) == Some("true")),
        (marks::CAPI_SKIP_REMEDIATION, annotated(marks::CAPI_SKIP_REMEDIATION)),
        (marks::CAPI_PAUSED, annotated(marks::CAPI_PAUSED)),
        (marks::KARPENTER_DO_NOT_DISRUPT, says(marks::KARPENTER_DO_NOT_DISRUPT, "true")),
        (marks::AUTOSCALER_SAFE_TO_EVICT, says(marks::AUTOSCALER_SAFE_TO_EVICT, "false")),
    ];
    found.into_iter().filter(|(_, is_there)| *is_there).map(|(mark, _)| mark).collect()
}
