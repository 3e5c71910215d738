//! The stored Recoveries, and what each names.

use crate::check::deed::Deed;
use crate::check::json::uid;
use crate::check::record::{Attempt, Record};
use jiff::Timestamp;
use self_healing_sim::store::Commit;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a commit did to a record.
pub(crate) struct Change {
    pub(crate) before: Option<Arc<Record>>,
    pub(crate) after: Option<Arc<Record>>,
}

impl Change {
    /// The record, when the commit made it begin to write for the first time.
    pub(crate) fn takes_off(&self) -> Option<&Record> {
        let was = self.before.as_ref().is_some_and(|record| record.is_in_flight());
        self.after.as_deref().filter(|record| record.is_in_flight() && !was)
    }

    /// The record and its new attempt, when the commit began one that writes.
    pub(crate) fn begins(&self) -> Option<(&Record, &Attempt)> {
        let had = self.before.as_ref().map_or(0, |record| record.attempts.len());
        let record = self.after.as_deref()?;
        let new = record.attempts.get(had..)?.iter().rfind(|attempt| attempt.writes())?;
        Some((record, new))
    }
}

/// A record and since when it is over.
pub(crate) struct Kept {
    pub(crate) record: Arc<Record>,
    pub(crate) ended: Option<Timestamp>,
}

impl Kept {
    /// Whether it was not over at `then`.
    pub(crate) fn was_open(&self, then: Timestamp) -> bool {
        self.ended.is_none_or(|ended| ended >= then)
    }
}

type Place = (String, String, String);

#[derive(Default)]
pub(crate) struct Records {
    all: BTreeMap<String, Kept>,
    by_uid: BTreeMap<String, BTreeSet<String>>,
    by_place: BTreeMap<Place, BTreeSet<String>>,
    gone: BTreeMap<String, Timestamp>,
}

impl Records {
    pub(super) fn commit(&mut self, commit: &Commit, now: Timestamp) -> Change {
        let name = &*commit.key.name;
        let before = self.all.remove(name);
        let after = commit.new.as_deref().map(|object| Arc::new(Record::of(object)));
        if let Some(record) = &after {
            self.index(record);
            let ended = before.as_ref().and_then(|kept| kept.ended).or(Some(now)).filter(|_| record.is_over());
            self.all.insert(name.to_owned(), Kept { record: record.clone(), ended });
            self.gone.remove(name);
        } else {
            self.gone.insert(name.to_owned(), now);
        }
        Change { before: before.map(|kept| kept.record), after }
    }

    fn index(&mut self, record: &Record) {
        for uid in record.uids().filter(|uid| !uid.is_empty()) {
            self.by_uid.entry(uid.to_owned()).or_default().insert(record.name.clone());
        }
        for target in record.attempts.iter().map(|attempt| &attempt.target).chain([&record.target]) {
            let place = (target.kind.clone(), target.namespace.clone(), target.name.clone());
            self.by_place.entry(place).or_default().insert(record.name.clone());
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Kept> {
        self.all.get(name)
    }

    /// When the record of that name was deleted, if it was.
    pub(crate) fn gone_since(&self, name: &str) -> Option<Timestamp> {
        self.gone.get(name).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.all.values()
    }

    /// The records that name exactly the object of this uid.
    pub(crate) fn of_uid(&self, uid: &str) -> impl Iterator<Item = &Kept> + use<'_> {
        self.all_of(self.by_uid.get(uid))
    }

    /// The records that name an object of that kind, namespace and name, whatever its uid.
    pub(crate) fn of_place(&self, kind: &str, namespace: &str, name: &str) -> impl Iterator<Item = &Kept> + use<'_> {
        self.all_of(self.by_place.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned())))
    }

    /// The records that name the machine, or the node of the remediation object, that a deed is about.
    pub(crate) fn ordered(&self, deed: &Deed) -> impl Iterator<Item = &Kept> {
        self.iter().filter(|kept| {
            let record = &kept.record;
            record.name == deed.record || deed.record.is_empty() && record.machine == deed.uid
        })
    }

    fn all_of<'a>(&'a self, names: Option<&'a BTreeSet<String>>) -> impl Iterator<Item = &'a Kept> {
        names.into_iter().flatten().filter_map(|name| self.all.get(name))
    }

    /// The records that may be behind a removal of `pod` that was sent at `sent`: those that name it or its `node`, and were
    /// not over then.
    pub(crate) fn behind(&self, pod: &Value, node: Option<&Value>, sent: Timestamp) -> Vec<&Record> {
        let of_pod = self.of_uid(uid(pod)).filter(|kept| kept.record.is_about_pod());
        let of_node =
            node.into_iter().flat_map(|node| self.of_uid(uid(node))).filter(|kept| kept.record.is_about_node());
        of_pod.chain(of_node).filter(|kept| kept.was_open(sent)).map(|kept| &*kept.record).collect()
    }
}
