//! S21: records, Events and messages stay within their bounds.

use crate::check::book::Book;
use crate::check::deed::is_event;
use crate::check::json::{list, note, regarding, text};
use crate::check::limits::QUIET;
use crate::check::note::Note;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lists of a record's status, and how long each may become.
const LISTS: &[(&str, usize)] = &[
    ("/status/attempts", 16),
    ("/status/guards", 32),
    ("/status/impact", 500),
    ("/status/notifications", 64),
    ("/status/evidence", 128),
];
const STEPS: usize = 64;
/// Bytes of all evidence.
const EVIDENCE: usize = 16 * 1024;
/// Bytes of a whole record: what etcd takes in one request.
const RECORD: usize = 1_536 * 1024;
/// How often an Event or a message's key is remembered.
const REMEMBERED: usize = 10_000;

/// Process, object, reason, note.
type Said = (Arc<str>, String, String, String);

#[derive(Default)]
pub(crate) struct Bounds {
    events: BTreeMap<Said, Timestamp>,
    told: BTreeMap<(String, String, String), Timestamp>,
}

impl Rule for Bounds {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        if !act.ours || act.commit.new.is_none() {
            return;
        }
        let object = &*act.commit.shown;
        if act.change.is_some() {
            let too_much = of_record(object);
            found.judge(too_much.is_none(), || {
                let record = &act.commit.key.name;
                format!("commit {}: Recovery {record} has {}", act.commit.version, too_much.unwrap_or_default())
            });
        } else if is_event(&act.commit.key.resource) {
            self.of_event(act, object, found);
        }
    }

    fn note(&mut self, note: &Note, book: &Book, now: Timestamp, found: &mut Found) {
        let Note::Told(told) = note else { return };
        let key = (told.channel.clone(), told.key.clone(), told.recovery.clone());
        // Delivery is at least once: a fault may double a message, nothing else may.
        let before = self.told.insert(key, now).filter(|before| book.faults.was_quiet_since(*before));
        found.judge(before.is_none(), || {
            format!("{} was told {} of Recovery {} twice", told.channel, told.key, told.recovery)
        });
        forget(&mut self.told);
    }
}

impl Bounds {
    /// The same words about the same object are not repeated for a while.
    fn of_event(&mut self, act: &Act<'_>, event: &Value, found: &mut Found) {
        let (reason, words) = (text(event, "/reason").to_owned(), note(event).to_owned());
        let said = (act.commit.origin.instance.clone(), regarding(event).to_string(), reason, words);
        let before = self.events.insert(said, act.scene.now);
        let soon = before.is_some_and(|before| act.scene.now.duration_since(before) < QUIET);
        // A request that the network doubled is not said twice.
        found.judge(!soon || !act.scene.book.faults.was_quiet_since(act.sent()), || {
            format!("commit {}: Event {} says the same again", act.commit.version, act.commit.key.name)
        });
        forget(&mut self.events);
    }
}

fn forget<K: Ord>(map: &mut BTreeMap<K, Timestamp>) {
    if map.len() > REMEMBERED {
        map.clear();
    }
}

fn of_record(record: &Value) -> Option<String> {
    let long = LISTS.iter().find(|(pointer, most)| list(record, pointer).len() > *most);
    if let Some((pointer, most)) = long {
        return Some(format!("{} entries in {pointer}, {most} are allowed", list(record, pointer).len()));
    }
    let steps = list(record, "/status/attempts").iter().map(|attempt| list(attempt, "/steps").len()).max();
    if steps.is_some_and(|steps| steps > STEPS) {
        return Some(format!("{} steps in one attempt, {STEPS} are allowed", steps.unwrap_or(0)));
    }
    let evidence: usize = list(record, "/status/evidence")
        .iter()
        .map(|item| text(item, "/name").len() + text(item, "/value").len())
        .sum();
    if evidence > EVIDENCE {
        return Some(format!("{evidence} bytes of evidence, {EVIDENCE} are allowed"));
    }
    let whole = record.to_string().len();
    (whole > RECORD).then(|| format!("{whole} bytes, {RECORD} are allowed"))
}
