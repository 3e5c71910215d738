//! What a rule is shown, and what a rule is.

use super::book::{Book, Change};
use super::deed::Deed;
use super::note::Note;
use super::violation::Found;
use jiff::Timestamp;
use self_healing_sim::store::{Commit, Key, Store};
use serde_json::Value;

/// The truth at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) now: Timestamp,
    pub(crate) book: &'a Book,
    pub(crate) store: &'a Store,
}

/// One commit in its scene; the book and the store are those after it.
pub(crate) struct Act<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) commit: &'a Commit,
    /// Whether the controller did it.
    pub(crate) ours: bool,
    /// What it did to objects that are not its own; empty when it is not ours.
    pub(crate) deeds: &'a [Deed],
    /// What it did to a record.
    pub(crate) change: Option<&'a Change>,
}

impl Act<'_> {
    /// When its request left; a commit that no request was told of counts as sent now.
    pub(crate) fn sent(&self) -> Timestamp {
        self.scene.book.trail.sent_at(self.commit).unwrap_or(self.scene.now)
    }

    /// The deeds that take something away.
    pub(crate) fn destructive(&self) -> impl Iterator<Item = &Deed> {
        self.deeds.iter().filter(|deed| deed.kind.is_destructive())
    }

    /// `pod shop/web-1 (uid …) was deleted by commit 812 of controller-0#1`.
    pub(crate) fn words(&self, deed: &Deed) -> String {
        format!("{deed} by commit {} of {}", self.commit.version, self.commit.origin.instance)
    }

    /// The object before the commit.
    pub(crate) fn before(&self) -> &Value {
        self.commit.old.as_deref().unwrap_or(&Value::Null)
    }

    /// The node that the pod of this commit is bound to.
    pub(crate) fn node_of_pod(&self) -> Option<&Value> {
        self.scene.node(super::json::text(&self.commit.shown, "/spec/nodeName"))
    }

    /// The uid that the request insists on.
    pub(crate) fn uid_asked(&self) -> &str {
        let pointer = match (&*self.commit.origin.subresource, self.commit.origin.verb) {
            ("eviction", _) => "/deleteOptions/preconditions/uid",
            (_, "delete") => "/preconditions/uid",
            (_, "create") => super::deed::NODE_UID,
            _ => "/metadata/uid",
        };
        super::json::text(&self.commit.origin.body, pointer)
    }
}

impl<'a> Scene<'a> {
    pub(crate) fn node(&self, name: &str) -> Option<&'a Value> {
        self.store.get(&Key::new("nodes", "", name)).map(|node| &**node)
    }
}

/// One invariant at work.
pub(crate) trait Rule: Send {
    /// Judges a commit.
    fn commit(&mut self, _act: &Act<'_>, _found: &mut Found) {}

    /// Judges what no commit shows.
    fn note(&mut self, _note: &Note, _book: &Book, _now: Timestamp, _found: &mut Found) {}

    /// Judges what should have happened by now; called about once a second of the cluster's time.
    fn tick(&mut self, _scene: Scene<'_>, _found: &mut Found) {}

    /// Judges what is left at the end of a run, some time after its last fault.
    fn end(&mut self, _scene: Scene<'_>, _found: &mut Found) {}
}
