//! S3: who does not lead does not write, and what an earlier leader had on its way stays behind a later one's writes.

use crate::check::book::Book;
use crate::check::deed::{LEASES, Named, RECOVERIES};
use crate::check::limits::{LEASE, RENEW};
use crate::check::note::{Note, Sent};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Epochs {
    /// Of each record's uid the newest reign that wrote it, and who that was.
    newest: BTreeMap<String, (u64, Arc<str>)>,
}

impl Rule for Epochs {
    fn note(&mut self, note: &Note, book: &Book, now: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        if &*sent.key.resource == LEASES || !is_elected(book, now) {
            return;
        }
        let reign = book.leaders.of(&sent.instance);
        found.judge(reign.is_some(), || format!("{} without ever having led", request(sent)));
        let Some(reign) = reign else { return };
        let age = now.duration_since(reign.renewed);
        found.judge(age <= RENEW, || format!("{}, {age:#} after its last renewal", request(sent)));
    }

    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let (book, now, instance) = (act.scene.book, act.scene.now, &act.commit.origin.instance);
        if !act.ours || !is_elected(book, now) {
            return;
        }
        let Some(reign) = book.leaders.of(instance) else { return };
        if let Some(record) = act.change.and_then(|change| change.after.as_ref()) {
            let newest = self.newest.entry(record.uid.clone()).or_insert((0, instance.clone()));
            found.judge(newest.0 <= reign.epoch, || {
                format!(
                    "{} of reign {} wrote Recovery {} by commit {} after {} of reign {} had",
                    instance, reign.epoch, record.name, act.commit.version, newest.1, newest.0
                )
            });
            *newest = (newest.0.max(reign.epoch), instance.clone());
        }
        let Some(since) = book.leaders.current().filter(|current| current.epoch > reign.epoch).map(|c| c.since) else {
            return;
        };
        for deed in act.destructive() {
            // What the network keeps for longer than it should is fenced by uid and version alone.
            let late = now.duration_since(since) > LEASE - RENEW && book.faults.was_quiet_since(act.sent());
            found.judge(!late, || {
                format!("{}, {:#} after another had taken over", act.words(deed), now.duration_since(since))
            });
        }
    }
}

fn is_elected(book: &Book, now: Timestamp) -> bool {
    book.possible(now).all(|config| config.leader_election)
}

fn request(sent: &Sent) -> String {
    let what = if &*sent.key.resource == RECOVERIES { "a record" } else { "an object" };
    format!("request {} of {}: {} of {what}, {}", sent.id, sent.instance, sent.verb, Named(&sent.key))
}
