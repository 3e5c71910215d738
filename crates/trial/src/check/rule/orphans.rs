//! S6: every mark of ours belongs to a Recovery that is not over, or was over only a moment ago.

use crate::check::deed::{Named, is_workload, suspect};
use crate::check::json::{annotation, is_terminating};
use crate::check::limits::CLEANUP;
use crate::check::scene::{Act, Rule, Scene};
use crate::check::violation::Found;
use crate::player::machines::REMEDIATIONS;
use jiff::Timestamp;
use self_healing_api::marks;
use self_healing_sim::store::Key;
use serde_json::Value;
use std::collections::BTreeMap;

/// Node, workload or Service, and which mark.
type Place = (Key, &'static str);

struct Mark {
    record: String,
    since: Timestamp,
    told: bool,
}

#[derive(Default)]
pub(crate) struct Orphans(BTreeMap<Place, Mark>);

impl Rule for Orphans {
    fn commit(&mut self, act: &Act<'_>, _: &mut Found) {
        let (resource, object) = (&*act.commit.key.resource, act.commit.new.as_deref());
        let found = match resource {
            REMEDIATIONS => vec![of_remediation(object)],
            _ if matches!(resource, "nodes" | "services") || is_workload(resource) => of(object).to_vec(),
            _ => return,
        };
        for (kind, record) in found {
            let place = (act.commit.key.clone(), kind);
            match record {
                None => drop(self.0.remove(&place)),
                Some(record) if self.0.get(&place).is_some_and(|mark| mark.record == record) => {}
                Some(record) => {
                    let mark = Mark { record: record.to_owned(), since: act.scene.now, told: false };
                    self.0.insert(place, mark);
                }
            }
        }
    }

    fn tick(&mut self, scene: Scene<'_>, found: &mut Found) {
        let Some(calm) = scene.book.calm_since(scene.now) else { return };
        for ((key, kind), mark) in self.0.iter_mut().filter(|(_, mark)| !mark.told) {
            let Some(ended) = ended(&scene, mark) else { continue };
            let left = scene.now.duration_since(ended.max(calm).max(mark.since));
            found.judge(left <= CLEANUP, || {
                format!("{kind} of {} names Recovery {}, which has been over for {left:#}", Named(key), mark.record)
            });
            mark.told = left > CLEANUP;
        }
    }
}

/// The marks that a node, workload or Service may have, and the records that they name.
pub(super) fn of(node: Option<&Value>) -> [(&'static str, Option<&str>); 3] {
    let annotated = |key| node.and_then(|node| annotation(node, key));
    [
        (marks::OWNER, annotated(marks::OWNER)),
        (marks::FENCED, annotated(marks::FENCED)),
        (marks::SUSPECT, node.and_then(suspect)),
    ]
}

/// The record that a remediation object names, which has its node's name; one that is being deleted is no mark any more.
pub(super) fn of_remediation(object: Option<&Value>) -> (&'static str, Option<&str>) {
    let object = object.filter(|object| !is_terminating(object));
    ("remediation", object.and_then(|object| annotation(object, marks::OWNER)))
}

/// Since when the mark's record is over or gone.
fn ended(scene: &Scene<'_>, mark: &Mark) -> Option<Timestamp> {
    let records = &scene.book.records;
    match records.get(&mark.record) {
        Some(kept) => kept.ended,
        None => Some(records.gone_since(&mark.record).unwrap_or(mark.since)),
    }
}
