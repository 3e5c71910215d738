//! S15: when a person has taken our mark back, or vetoed a Recovery, that Recovery takes nothing more away.

use crate::check::deed::{DeedKind, RECOVERIES, is_out_of_service, is_workload};
use crate::check::json::{annotation, controller, is_cordoned, uid};
use crate::check::limits::FRESH;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use crate::player::machines::REMEDIATIONS;
use jiff::Timestamp;
use self_healing_api::marks;
use std::collections::BTreeMap;

/// What a person did.
#[derive(Clone, Copy)]
enum Word {
    /// Took a mark or our one pod more back, or changed the selector of a switched Service: the read before the next write shows it.
    Undone,
    /// Wrote a veto on the record: the watch shows it.
    Vetoed,
}

#[derive(Default)]
pub(crate) struct Human(BTreeMap<String, (Timestamp, Word)>);

impl Rule for Human {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        if !act.ours {
            return self.listen(act);
        }
        for deed in act.destructive() {
            let sent = act.sent();
            let records = act.scene.book.records.behind(&act.commit.shown, act.node_of_pod(), sent);
            let mut names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
            if deed.kind.leaves_mark() || deed.kind.is_on_workload() {
                names = vec![&deed.record];
            }
            if deed.kind == DeedKind::Replace {
                names = act.scene.book.records.ordered(deed).map(|kept| kept.record.name.as_str()).collect();
            }
            // Another record's reason may be good while this one's is gone.
            let said = |name: &str| self.0.get(name).is_some_and(|word| is_heard(act, *word, sent));
            let heard = |name: &&str| said(name) || deed.kind.is_on_workload() && said(&of_workload(name, &deed.uid));
            let stopped = !names.is_empty() && names.iter().all(heard);
            found.judge(!stopped, || {
                format!("{} for Recovery {}, which a person had stopped", act.words(deed), names.join(", "))
            });
        }
    }
}

impl Human {
    fn listen(&mut self, act: &Act<'_>) {
        if &*act.commit.key.resource == REMEDIATIONS && act.commit.origin.verb == "delete" {
            if let Some(record) = annotation(act.before(), marks::OWNER) {
                self.0.insert(record.to_owned(), (act.scene.now, Word::Undone));
            }
            return;
        }
        let Some(after) = act.commit.new.as_deref() else { return };
        let (before, now) = (act.before(), act.scene.now);
        match &*act.commit.key.resource {
            "nodes" if is_cordoned(before) && !is_cordoned(after) => {
                if let Some(record) = annotation(before, marks::OWNER) {
                    self.0.insert(record.to_owned(), (now, Word::Undone));
                }
            }
            "nodes" if is_out_of_service(before) && !is_out_of_service(after) => {
                if let Some(record) = annotation(before, marks::FENCED) {
                    self.0.insert(record.to_owned(), (now, Word::Undone));
                }
            }
            // A ReplicaSet has copies of its Deployment's marks, and its number from there.
            resource
                if is_workload(resource)
                    && annotation(before, marks::OWNER).is_some()
                    && controller(before).is_none() =>
            {
                let original = annotation(before, marks::ORIGINAL_REPLICAS);
                let replicas = after["spec"]["replicas"].as_u64().unwrap_or(1).to_string();
                let back = annotation(after, marks::OWNER).is_none() || original == Some(replicas.as_str());
                if let Some(record) = annotation(before, marks::OWNER).filter(|_| back) {
                    let of_pod = act.scene.book.records.get(record).is_none_or(|kept| kept.record.is_about_pod());
                    let stopped = if of_pod { record.to_owned() } else { of_workload(record, uid(after)) };
                    self.0.insert(stopped, (now, Word::Undone));
                }
            }
            "services"
                if before["spec"]["selector"] != after["spec"]["selector"]
                    || annotation(before, marks::OWNER) != annotation(after, marks::OWNER) =>
            {
                if let Some(record) = annotation(before, marks::OWNER) {
                    self.0.insert(record.to_owned(), (now, Word::Undone));
                }
            }
            RECOVERIES if annotation(after, marks::CANCEL).is_some_and(|who| !who.trim().is_empty()) => {
                self.0.entry(act.commit.key.name.to_string()).or_insert((now, Word::Vetoed));
            }
            _ => {}
        }
    }
}

/// What a person said of one workload of a Recovery that is about more than that.
fn of_workload(record: &str, uid: &str) -> String {
    format!("{record} {uid}")
}

fn is_heard(act: &Act<'_>, (at, word): (Timestamp, Word), sent: Timestamp) -> bool {
    let book = act.scene.book;
    match word {
        Word::Undone => sent.duration_since(at) > FRESH && !book.faults.was_stopped_since(at),
        Word::Vetoed => at <= book.seen_until(sent),
    }
}
