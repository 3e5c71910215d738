//! S17: a decision is sent once; to send it again needs a new look at its target.

use crate::check::book::Book;
use crate::check::deed::{DeedKind, asked};
use crate::check::note::Note;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_sim::store::Key;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Process, what it asked, of which object, of which uid, for which Recovery as far as the request says.
type Decision = (Arc<str>, DeedKind, Key, String, String);

#[derive(Default)]
pub(crate) struct Sends {
    /// The last request for each decision, and whether its target was read since.
    last: BTreeMap<Decision, (u64, bool)>,
}

impl Rule for Sends {
    fn note(&mut self, note: &Note, _: &Book, _: Timestamp, found: &mut Found) {
        match note {
            Note::Read(read) if read.quorum && read.ok => {
                let about = |decision: &Decision| decision.0 == read.instance && decision.2 == read.key;
                self.last.iter_mut().filter(|(decision, _)| about(decision)).for_each(|(_, last)| last.1 = true);
            }
            Note::Sent(sent) => {
                let Some(deed) = asked(sent).filter(|deed| deed.kind.is_destructive()) else { return };
                let words = format!("request {} of {}: {deed}", sent.id, sent.instance);
                let decision = (sent.instance.clone(), deed.kind, deed.key, deed.uid, deed.record);
                let last = self.last.insert(decision, (sent.id, false));
                let blind = last.filter(|(_, read)| !read);
                found.judge(blind.is_none(), || {
                    format!("{words} again after request {}, without a read in between", blind.map_or(0, |(id, _)| id))
                });
            }
            Note::Ended { instance } => self.last.retain(|decision, _| decision.0 != *instance),
            _ => {}
        }
    }

    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.destructive() {
            let told = act.scene.book.trail.sent_at(act.commit).is_some();
            found.judge(told, || format!("{}, but no such request was seen to leave", act.words(deed)));
        }
    }
}
