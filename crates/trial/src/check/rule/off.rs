//! S20: off means off. Paused, only our own Lease, records and Events are written; in Observe not even Events; in Approve nothing
//! is taken away that nobody approved.

use crate::check::book::Book;
use crate::check::deed::{Named, is_event, is_own};
use crate::check::json::annotation;
use crate::check::note::Note;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_api::marks;
use self_healing_core::names::Mode;
use self_healing_sim::store::Key;

#[derive(Default)]
pub(crate) struct Off;

impl Rule for Off {
    fn note(&mut self, note: &Note, book: &Book, now: Timestamp, found: &mut Found) {
        let Note::Sent(sent) = note else { return };
        let resource = &*sent.key.resource;
        let (own, event) = (is_own(resource) || is_review(resource), is_event(resource));
        let paused = book.possible(now).all(|config| config.paused);
        let observes = book.possible(now).all(|config| config.mode == Mode::Observe);
        let why = if observes { "it only observes" } else { "it is paused" };
        let off = paused && !own || observes && (!own || event);
        found.judge(!off, || {
            format!("request {} of {}: {} of {}, although {why}", sent.id, sent.instance, sent.verb, Named(&sent.key))
        });
    }

    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let book = act.scene.book;
        for deed in act.destructive() {
            if !book.possible(act.sent()).all(|config| config.mode == Mode::Approve) {
                continue;
            }
            let records = book.records.behind(&act.commit.shown, act.node_of_pod(), act.sent());
            let mut names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
            names.extend((!deed.record.is_empty()).then_some(deed.record.as_str()));
            let approved = names.iter().any(|name| is_approved(act, name));
            found.judge(approved, || format!("{}, which nobody had approved", act.words(deed)));
        }
    }
}

/// A question about rights, in the form of a create.
fn is_review(resource: &str) -> bool {
    resource == "selfsubjectaccessreviews.authorization.k8s.io"
}

fn is_approved(act: &Act<'_>, name: &str) -> bool {
    let key = Key::new(crate::check::deed::RECOVERIES, &act.scene.book.setup.namespace, name);
    let record = act.scene.store.get(&key);
    record.and_then(|record| annotation(record, marks::APPROVE)).is_some_and(|who| !who.trim().is_empty())
}
