//! S2: right before each destructive write the same process has read its target with a quorum read, and the write is refused when
//! the target has changed since.

use crate::check::book::{Book, Seen};
use crate::check::deed::{Deed, DeedKind, asked};
use crate::check::json::{is_ready, is_terminating, label, text};
use crate::check::limits::FRESH;
use crate::check::note::{Note, Sent};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_sim::store::Key;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Fresh {
    /// Pods that are ready or were lately, with when they were seen so last.
    ready: BTreeMap<Key, (Arc<Value>, Timestamp)>,
}

impl Rule for Fresh {
    fn note(&mut self, note: &Note, book: &Book, now: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        let Some(deed) = asked(sent).filter(|deed| deed.kind.is_destructive()) else { return };
        found.judge(is_fresh(book, &sent.instance, &deed.key, now), || {
            format!("{} without a quorum read of it in the {FRESH:#} before", request(sent, &deed))
        });
        let Some(pointer) = version_in(deed.kind, sent.verb) else { return };
        let version = text(&sent.body, pointer);
        found.judge(!version.is_empty(), || format!("{} without a resourceVersion", request(sent, &deed)));
        let was_read = recent(book, &sent.instance, &deed.key, now).any(|seen| seen.version == version);
        found.judge(version.is_empty() || was_read, || {
            format!("{} for version {version}, which it had not just read", request(sent, &deed))
        });
    }

    /// What is moved off a sick node: the node was read as well. What a Service is switched to has a pod that is ready.
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        self.see(act);
        for deed in act.deeds.iter().filter(|deed| deed.kind == DeedKind::Switch) {
            let selector = &act.commit.shown["spec"]["selector"];
            let chosen = |pod: &Value| {
                let mut pairs = selector.as_object().into_iter().flatten();
                pairs.all(|(key, value)| label(pod, key) == value.as_str())
            };
            let serves = |(key, (pod, at)): (&Key, &(Arc<Value>, Timestamp))| {
                key.namespace == deed.key.namespace && act.sent().duration_since(*at) <= FRESH && chosen(pod)
            };
            let stopped = act.scene.book.faults.was_stopped_since(act.sent() - FRESH);
            found.judge(stopped || self.ready.iter().any(serves), || {
                format!("{}, whose selector {selector} chooses no pod that is ready", act.words(deed))
            });
        }
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

impl Fresh {
    fn see(&mut self, act: &Act<'_>) {
        if &*act.commit.key.resource != "pods" {
            return;
        }
        let (key, now) = (&act.commit.key, act.scene.now);
        match &act.commit.new {
            // For as long as it is so.
            Some(pod) if is_ready(pod) && !is_terminating(pod) => {
                self.ready.insert(key.clone(), (pod.clone(), Timestamp::MAX));
            }
            _ => {
                if let Some((_, until)) = self.ready.get_mut(key).filter(|(_, until)| *until == Timestamp::MAX) {
                    *until = now;
                }
            }
        }
        self.ready.retain(|_, (_, until)| now.duration_since(*until) <= 2 * FRESH);
    }
}

fn version_in(kind: DeedKind, verb: &str) -> Option<&'static str> {
    match kind {
        DeedKind::Replace if verb == "create" => None,
        DeedKind::Delete | DeedKind::Replace => Some("/preconditions/resourceVersion"),
        kind if kind.is_on_workload() => Some("/metadata/resourceVersion"),
        DeedKind::Cordon | DeedKind::Taint | DeedKind::Switch | DeedKind::Resize => Some("/metadata/resourceVersion"),
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
