//! S5: the record is stored before the write, and says enough for a successor to go on.
//!
//! A pod's first attempt needs only the record's creation, as long as no status says anything else; every other attempt, and a
//! bare pod's manifest, is stored first.

use crate::check::deed::{Deed, DeedKind};
use crate::check::record::Record;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;

#[derive(Default)]
pub(crate) struct Ahead;

impl Rule for Ahead {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.deeds {
            let missing = match deed.kind {
                DeedKind::Delete | DeedKind::Evict => of_removal(act, deed),
                DeedKind::Cordon => of_mark(act, deed, |record| record.attempts.iter().any(|attempt| attempt.writes())),
                DeedKind::Taint => of_mark(act, deed, |record| {
                    record.phase.is_empty() || record.attempts.iter().any(|attempt| attempt.writes())
                }),
                DeedKind::CreatePod => of_creation(act, deed),
                DeedKind::Unknown => Some("no record can be the reason".to_owned()),
                DeedKind::Uncordon | DeedKind::Untaint => None,
            };
            found.judge(missing.is_none(), || format!("{}: {}", act.words(deed), missing.unwrap_or_default()));
        }
    }
}

fn of_removal(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let records = act.scene.book.records.behind(&act.commit.shown, act.node_of_pod(), act.sent());
    let Some(any) = records.first() else {
        return Some("no open Recovery names the pod or its node".to_owned());
    };
    let covered = records.iter().any(|record| covers(record, &deed.uid));
    (!covered).then(|| {
        format!("the stored Recovery {} (phase {:?}) has no attempt on it, or not the manifest", any.name, any.phase)
    })
}

/// Whether the stored record says that this pod is being removed.
fn covers(record: &Record, uid: &str) -> bool {
    if record.is_about_node() {
        return record.attempts.iter().any(|attempt| attempt.writes());
    }
    if record.is_about_bare_pod() && !record.has_manifest {
        return false;
    }
    let first = record.phase.is_empty() && record.target.uid == uid;
    first || record.attempts.iter().any(|attempt| attempt.writes() && attempt.target.uid == uid)
}

fn of_mark(act: &Act<'_>, deed: &Deed, begun: impl Fn(&Record) -> bool) -> Option<String> {
    let Some(kept) = act.scene.book.records.get(&deed.record).filter(|kept| kept.was_open(act.sent())) else {
        return Some(format!("its mark names {:?}, which is no open Recovery", deed.record));
    };
    (!begun(&kept.record)).then(|| format!("the stored Recovery {} has no attempt", kept.record.name))
}

/// A pod is only created from a manifest that a record has.
fn of_creation(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let mut records = act.scene.book.records.of_place("Pod", &deed.key.namespace, &deed.key.name);
    let has_manifest = records.any(|kept| kept.record.has_manifest);
    (!has_manifest).then(|| "no Recovery has its manifest".to_owned())
}
