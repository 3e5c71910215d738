//! S19: a read that failed says nothing, so nothing follows from it.

use crate::check::book::Book;
use crate::check::deed::asked;
use crate::check::note::Note;
use crate::check::scene::Rule;
use crate::check::violation::Found;
use jiff::Timestamp;

#[derive(Default)]
pub(crate) struct Doubt;

impl Rule for Doubt {
    fn note(&mut self, note: &Note, book: &Book, _: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        let Some(deed) = asked(sent).filter(|deed| deed.kind.is_destructive()) else { return };
        let failed = book.trail.reads(&sent.instance, &deed.key).next().is_some_and(|seen| !seen.ok);
        found.judge(!failed, || {
            format!("request {} of {}: {deed}, although the last read of it had failed", sent.id, sent.instance)
        });
    }
}
