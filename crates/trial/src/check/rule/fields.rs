//! S16: no field is taken from its owner by force.

use crate::check::book::Book;
use crate::check::deed::Named;
use crate::check::note::Note;
use crate::check::scene::Rule;
use crate::check::violation::Found;
use jiff::Timestamp;

#[derive(Default)]
pub(crate) struct Fields;

impl Rule for Fields {
    fn note(&mut self, note: &Note, _: &Book, _: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        if sent.verb != "patch" {
            return;
        }
        let forced = sent.query.split('&').any(|pair| pair.starts_with("force=") && pair != "force=false");
        found.judge(!forced, || {
            format!("request {} of {} applied to {} by force", sent.id, sent.instance, Named(&sent.key))
        });
    }
}
