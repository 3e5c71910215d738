//! What each process asked the API server, and what it got back.

use crate::check::note::{Read, Sent};
use jiff::Timestamp;
use self_healing_sim::store::{Commit, Key};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Reads of one object and sends of one kind that are remembered.
const REMEMBERED: usize = 8;

/// An answered read.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Timestamp,
    pub(crate) version: String,
    pub(crate) quorum: bool,
    pub(crate) ok: bool,
}

#[derive(Clone, Debug)]
struct Went {
    at: Timestamp,
    body: Arc<Value>,
}

/// Instance, object, verb, subresource.
type Way = (Arc<str>, Key, &'static str, Arc<str>);

#[derive(Default)]
pub(crate) struct Trail {
    reads: BTreeMap<(Arc<str>, Key), VecDeque<Seen>>,
    sends: BTreeMap<Way, VecDeque<Went>>,
}

impl Trail {
    pub(super) fn read(&mut self, read: &Read, now: Timestamp) {
        let seen = Seen { at: now, version: read.version.clone(), quorum: read.quorum, ok: read.ok };
        push(self.reads.entry((read.instance.clone(), read.key.clone())).or_default(), seen);
    }

    pub(super) fn sent(&mut self, sent: &Sent, now: Timestamp) {
        let of = (sent.instance.clone(), sent.key.clone(), sent.verb, sent.subresource.clone());
        push(self.sends.entry(of).or_default(), Went { at: now, body: sent.body.clone() });
    }

    /// The reads of `key` by `instance`, the newest first.
    pub(crate) fn reads(&self, instance: &Arc<str>, key: &Key) -> impl Iterator<Item = &Seen> + use<'_> {
        self.reads.get(&(instance.clone(), key.clone())).into_iter().flatten().rev()
    }

    /// When the request of a commit left; `None` when nobody told of one.
    pub(crate) fn sent_at(&self, commit: &Commit) -> Option<Timestamp> {
        let origin = &commit.origin;
        let mut key = commit.key.clone();
        if origin.verb == "create" && origin.subresource.is_empty() {
            key.name = "".into();
        }
        let sends = self.sends.get(&(origin.instance.clone(), key, origin.verb, origin.subresource.clone()))?;
        let same = sends.iter().rev().find(|went| went.body == origin.body);
        same.map(|went| went.at)
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == REMEMBERED {
        queue.pop_front();
    }
    queue.push_back(item);
}
