//! Who is who over runs: objects by the names that a story gives them, and how often each was created, deleted and evicted.

use super::deed::{RECOVERIES, is_event};
use super::json::{controller, is_terminating, text, uid};
use self_healing_sim::store::{Commit, Key, Store};
use serde_json::Value;
use std::collections::BTreeMap;

/// How often things happened to the objects of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) created: u32,
    pub(crate) deleted: u32,
    pub(crate) evicted: u32,
}

#[derive(Default)]
pub(crate) struct Tally {
    /// Of each uid the name; found when it is created, since its owners may be gone before it.
    names: BTreeMap<String, String>,
    pub(crate) counts: BTreeMap<String, Counts>,
}

impl Tally {
    pub(crate) fn commit(&mut self, commit: &Commit, store: &Store) {
        if !counts(&commit.key) {
            return;
        }
        let object = &*commit.shown;
        let name = self.name(&commit.key, object, store);
        let before = commit.old.as_deref();
        let was_going = before.is_some_and(is_terminating);
        let goes = !was_going && (commit.new.is_none() || is_terminating(object));
        if before.is_some() && !goes {
            return;
        }
        let counts = self.counts.entry(name).or_default();
        match before {
            None => counts.created += 1,
            Some(_) if &*commit.origin.subresource == "eviction" => counts.evicted += 1,
            Some(_) => counts.deleted += 1,
        }
    }

    /// The name of an object in a story; pods and ReplicaSets go by the workload at the top.
    pub(crate) fn name(&mut self, key: &Key, object: &Value, store: &Store) -> String {
        if let Some(known) = self.names.get(uid(object)) {
            return known.clone();
        }
        let name = match &*key.resource {
            RECOVERIES => self.of_recovery(object),
            resource => match owner(key, object, store) {
                Some(owner) => format!("{resource} of {owner}"),
                None => plain(key),
            },
        };
        self.names.insert(uid(object).to_owned(), name.clone());
        name
    }

    fn of_recovery(&self, record: &Value) -> String {
        let target = &record["spec"]["target"];
        let place = || format!("{} {}/{}", text(target, "/kind"), text(target, "/namespace"), text(target, "/name"));
        let of = self.names.get(text(target, "/uid")).cloned().unwrap_or_else(place);
        format!("recovery of {of} ({})", text(record, "/spec/cause"))
    }
}

/// What renews itself, or is made anew all the time, is not counted.
fn counts(key: &Key) -> bool {
    let resource = &*key.resource;
    !is_event(resource) && !matches!(resource, "leases.coordination.k8s.io" | "endpointslices.discovery.k8s.io")
}

fn plain(key: &Key) -> String {
    match &*key.namespace {
        "" => format!("{} {}", key.resource, key.name),
        namespace => format!("{} {namespace}/{}", key.resource, key.name),
    }
}

/// The name of the controller at the top.
fn owner(key: &Key, object: &Value, store: &Store) -> Option<String> {
    let owner = controller(object)?;
    let (kind, name) = (text(owner, "/kind").to_ascii_lowercase(), text(owner, "/name"));
    let group = text(owner, "/apiVersion").split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    let above = Key::new(&format!("{kind}s{group}"), &key.namespace, name);
    let top = store.get(&above).and_then(|next| self::owner(&above, next, store));
    Some(top.unwrap_or_else(|| plain(&above)))
}
