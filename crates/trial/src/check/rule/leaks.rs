//! S22: what was hidden as a canary comes out nowhere: in no object that we write, no message, no line.

use crate::check::book::Book;
use crate::check::deed::{Named, RECOVERIES};
use crate::check::note::Note;
use crate::check::scene::{Act, Rule};
use crate::check::setup::Canary;
use crate::check::violation::Found;
use jiff::Timestamp;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Leaks;

impl Rule for Leaks {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        if !act.ours {
            return;
        }
        let resource = &*act.commit.key.resource;
        for canary in &act.scene.book.setup.canaries {
            // A manifest is kept in the record, and the pod is made from it.
            let made_of_it = canary.in_manifest && resource == "pods";
            let kept = if canary.in_manifest && resource == RECOVERIES { "savedManifest" } else { "" };
            let out = !made_of_it && holds(&act.commit.origin.body, &canary.text, kept);
            found.judge(!out, || {
                format!("commit {} wrote a canary into {}", act.commit.version, Named(&act.commit.key))
            });
        }
    }

    fn note(&mut self, note: &Note, book: &Book, _: Timestamp, found: &mut Found) {
        let (text, place) = match note {
            Note::Told(told) => (&told.text, format!("message {} of Recovery {}", told.key, told.recovery)),
            Note::Output { instance, line } => (line, format!("output of {instance}")),
            _ => return,
        };
        let is_in = |canary: &&Canary| text.contains(&canary.text);
        let out = book.setup.canaries.iter().find(is_in);
        found.judge(out.is_none(), || format!("a canary is in the {place}"));
    }
}

/// Whether any text in `value` holds `canary`, but for the field `except`.
fn holds(value: &Value, canary: &str, except: &str) -> bool {
    match value {
        Value::String(text) => text.contains(canary),
        Value::Array(items) => items.iter().any(|item| holds(item, canary, except)),
        Value::Object(fields) => {
            fields.iter().any(|(name, field)| name.contains(canary) || name != except && holds(field, canary, except))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
