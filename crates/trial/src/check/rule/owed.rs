//! L10: at the end of a run, what a record calls sent has arrived, what arrived was owed, and nothing waits that could have been sent.

use crate::check::book::Book;
use crate::check::json::{list, text};
use crate::check::note::Note;
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

const RECORDS: &str = "recoveries.self-healing.dev";
/// Time in which whoever leads in peace has sent all that is owed: a storm of messages, one a second.
const TIME: SignedDuration = SignedDuration::from_secs(180);
/// Whose messages say of what they tell; an alert that is resolved says only which one.
const CHANNELS: [&str; 3] = ["slack", "slack-incident", "email"];

#[derive(Default)]
pub(crate) struct Owed {
    /// Channel, key and Recovery of every message that arrived.
    arrived: BTreeSet<(String, String, String)>,
}

impl Rule for Owed {
    fn note(&mut self, note: &Note, _: &Book, _: Timestamp, _: &mut Found) {
        if let Note::Told(told) = note {
            self.arrived.insert((told.channel.clone(), told.key.clone(), told.recovery.clone()));
        }
    }

    fn end(&mut self, scene: Scene<'_>, found: &mut Found) {
        let calm = scene.book.tells_since(scene.now).is_some_and(|since| scene.now.duration_since(since) > TIME);
        for (key, record) in scene.store.list(RECORDS, "") {
            let name = &*key.name;
            let messages = list(record, "/status/notifications").iter();
            let owed: Vec<[&str; 3]> =
                messages.map(|owed| ["/channel", "/key", "/state"].map(|part| text(owed, part))).collect();
            for [channel, key, state] in &owed {
                let arrived = (channel.to_string(), key.to_string(), name.to_owned());
                let lost = *state == "Sent" && CHANNELS.contains(channel) && !self.arrived.contains(&arrived);
                found
                    .judge(!lost, || format!("{channel} was never told {key} of Recovery {name}, which calls it sent"));
                found.judge(!calm || *state != "Pending", || format!("{channel} waits for {key} of Recovery {name}"));
            }
            for (channel, key, _) in self.arrived.iter().filter(|(_, _, of)| of == name) {
                let known = owed.iter().any(|[to, what, _]| to == channel && what == key);
                let judged = CHANNELS.contains(&channel.as_str());
                found.judge(!judged || known, || {
                    format!("{channel} was told {key} of Recovery {name}, which owed it nothing")
                });
            }
        }
    }
}
