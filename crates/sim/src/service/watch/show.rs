//! What a watch sends for a change: whether it is for this watch, as which event, in which form.

use super::{Line, Watch};
use crate::event;
use crate::store::Commit;
use crate::table;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;

/// An event in the making.
pub(super) struct Shown {
    pub(super) kind: &'static str,
    pub(super) version: u64,
    pub(super) object: Arc<Value>,
    /// The object's text, where it is known.
    text: Option<Bytes>,
}

impl Watch {
    /// The event of a line; `None` when it is not for this watch.
    pub(super) fn show(&self, line: Line) -> Option<Shown> {
        let place = self.context.namespace();
        match line {
            Line::First(version, object) => {
                let text = None;
                self.selector.matches(&object).then_some(Shown { kind: "ADDED", version, object, text })
            }
            Line::Change(commit) if !place.is_empty() && *commit.key.namespace != *place => None,
            Line::Change(commit) => self.change(&commit),
            Line::Bookmark(version, first) => {
                let resource = &self.context.resource;
                let mut object = json!({
                    "kind": resource.kind, "apiVersion": resource.api_version(),
                    "metadata": { "resourceVersion": version.to_string() },
                });
                if first {
                    object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
                }
                Some(Shown { kind: "BOOKMARK", version, object: Arc::new(object), text: None })
            }
            Line::Error(_) => None,
        }
    }

    /// Objects begin and cease to be selected: then they come and go as if they were new and deleted.
    fn change(&self, commit: &Commit) -> Option<Shown> {
        let selected =
            |object: &Option<Arc<Value>>| object.as_ref().is_some_and(|object| self.selector.matches(object));
        let kind = match (selected(&commit.old), selected(&commit.new)) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        let version = commit.version;
        match &commit.old {
            Some(old) if kind == "DELETED" && commit.new.is_some() => {
                let mut last = (**old).clone();
                last["metadata"]["resourceVersion"] = version.to_string().into();
                Some(Shown { kind, version, object: Arc::new(last), text: None })
            }
            _ => Some(Shown { kind, version, object: commit.shown.clone(), text: Some(commit.json().clone()) }),
        }
    }

    pub(super) fn text(&self, shown: &Shown) -> Bytes {
        let (resource, object) = (&self.context.resource, &shown.object);
        let text = if self.context.table() {
            let rows = Some(&**object).filter(|_| shown.kind != "BOOKMARK");
            let mut table = table::table(resource, rows.into_iter(), self.context.cluster.now());
            table["metadata"] = json!({ "resourceVersion": shown.version.to_string() });
            table.to_string().into()
        } else if resource.group == "events.k8s.io" {
            event::from_core(object).to_string().into()
        } else {
            shown.text.clone().unwrap_or_else(|| object.to_string().into())
        };
        frame(shown.kind, &text)
    }
}

/// A line of the stream.
pub(super) fn frame(kind: &str, object: &Bytes) -> Bytes {
    let mut line = Vec::with_capacity(object.len() + 40);
    line.extend_from_slice(br#"{"type":""#);
    line.extend_from_slice(kind.as_bytes());
    line.extend_from_slice(br#"","object":"#);
    line.extend_from_slice(object);
    line.extend_from_slice(b"}\n");
    line.into()
}
