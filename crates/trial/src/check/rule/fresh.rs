//! S2: right before each destructive write the same process has read its target with a quorum read, and the write is refused when
//! the target has changed since.

use crate::check::book::{Book, Seen};
use crate::check::deed::{Deed, DeedKind, asked};
use crate::check::json::text;
use crate::check::limits::FRESH;
use crate::check::note::{Note, Sent};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_sim::store::Key;
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Fresh;

impl Rule for Fresh {
    fn note(&mut self, note: &Note, book: &Book, now: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        let Some(deed) = asked(sent).filter(|deed| deed.kind.is_destructive()) else { return };
        found.judge(is_fresh(book, &sent.instance, &deed.key, now), || {
            format!("{} without a quorum read of it in the {FRESH:#} before", request(sent, &deed))
        });
        let Some(pointer) = version_in(deed.kind) else { return };
        let version = text(&sent.body, pointer);
        found.judge(!version.is_empty(), || format!("{} without a resourceVersion", request(sent, &deed)));
        let was_read = recent(book, &sent.instance, &deed.key, now).any(|seen| seen.version == version);
        found.judge(version.is_empty() || was_read, || {
            format!("{} for version {version}, which it had not just read", request(sent, &deed))
        });
    }

    /// What is moved off a sick node: the node was read as well.
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.destructive().filter(|deed| deed.kind.moves_pod()) {
            let sent = act.sent();
            let Some(node) = act.node_of_pod() else { continue };
            let records = act.scene.book.records.behind(&act.commit.shown, Some(node), sent);
            if records.is_empty() || !records.iter().all(|record| record.is_about_node()) {
                continue;
            }
            let key = Key::new("nodes", "", text(node, "/metadata/name"));
            found.judge(is_fresh(act.scene.book, &act.commit.origin.instance, &key, sent), || {
                format!("{} without a quorum read of node {} in the {FRESH:#} before", act.words(deed), key.name)
            });
        }
    }
}

fn version_in(kind: DeedKind) -> Option<&'static str> {
    match kind {
        DeedKind::Delete => Some("/preconditions/resourceVersion"),
        DeedKind::Cordon | DeedKind::Taint => Some("/metadata/resourceVersion"),
        kind if kind.is_on_workload() => Some("/metadata/resourceVersion"),
        // Evictions have a budget to ask instead; they name the uid.
        _ => None,
    }
}

/// Quorum reads that are young enough, or that a process had right before it was stopped: a process that stands still between its
/// last question and its write cannot know.
fn recent<'a>(
    book: &'a Book,
    instance: &Arc<str>,
    key: &Key,
    sent: Timestamp,
) -> impl Iterator<Item = &'a Seen> + use<'a> {
    let young = move |seen: &&Seen| sent.duration_since(seen.at) <= FRESH || book.faults.was_stopped_since(seen.at);
    book.trail.reads(instance, key).filter(|seen| seen.quorum && seen.ok).filter(young)
}

fn is_fresh(book: &Book, instance: &Arc<str>, key: &Key, sent: Timestamp) -> bool {
    recent(book, instance, key, sent).next().is_some()
}

fn request(sent: &Sent, deed: &Deed) -> String {
    format!("request {} of {}: {deed}", sent.id, sent.instance)
}
