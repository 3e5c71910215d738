//! One number for everything that was committed and sent, by which two runs are compared.

use crate::check::Sent;
use jiff::Timestamp;
use self_healing_sim::store::Commit;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The number so far.
#[derive(Default)]
pub(super) struct Trace(DefaultHasher);

impl Trace {
    pub(super) fn commit(&mut self, commit: &Commit) {
        (commit.version, &commit.key, &commit.origin.instance).hash(&mut self.0);
        commit.new.is_some().hash(&mut self.0);
        value(&commit.shown, &mut self.0);
    }

    pub(super) fn sent(&mut self, sent: &Sent, at: Timestamp) {
        (at.as_millisecond(), &sent.instance, sent.verb, &sent.key, &sent.subresource).hash(&mut self.0);
        value(&sent.body, &mut self.0);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.finish()
    }
}

/// JSON has no hash of its own because of its numbers; their text has.
fn value(json: &Value, hasher: &mut impl Hasher) {
    match json {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(truth) => truth.hash(hasher),
        Value::Number(number) => number.to_string().hash(hasher),
        Value::String(text) => text.hash(hasher),
        Value::Array(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| value(item, hasher));
        }
        Value::Object(fields) => {
            fields.len().hash(hasher);
            for (name, field) in fields {
                name.hash(hasher);
                value(field, hasher);
            }
        }
    }
}
