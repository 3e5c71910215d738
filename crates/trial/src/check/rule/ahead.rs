//! S5: the record is stored before the write, and says enough for a successor to go on.
//!
//! The attempt, the evidence and a bare pod's manifest are stored first.

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
                DeedKind::Resize => of_removal(act, deed).or_else(|| of_limit(act, deed)),
                DeedKind::Cordon | DeedKind::Taint => of_mark(act, deed),
                DeedKind::Restart | DeedKind::Scale | DeedKind::RollBack => of_mark(act, deed),
                DeedKind::Switch => of_mark(act, deed).or_else(|| of_selector(act, deed)),
                DeedKind::Replace => of_order(act, deed),
                DeedKind::Fence => of_mark(act, deed).or_else(|| of_proof(act, deed)),
                DeedKind::CreatePod => of_creation(act, deed),
                DeedKind::Unknown => Some("no record can be the reason".to_owned()),
                DeedKind::Uncordon
                | DeedKind::Untaint
                | DeedKind::Unscale
                | DeedKind::SwitchBack
                | DeedKind::EndRemediation
                | DeedKind::Unfence => None,
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
        format!(
            "the stored Recovery {} (phase {:?}) has no attempt on it, or not the evidence, or not the manifest",
            any.name, any.phase
        )
    })
}

/// Whether the stored record says that this pod is being removed, and what it showed.
fn covers(record: &Record, uid: &str) -> bool {
    if !record.has_evidence || record.is_about_bare_pod() && !record.has_manifest {
        return false;
    }
    let about_node = record.is_about_node();
    record.attempts.iter().any(|attempt| attempt.writes() && (about_node || attempt.target.uid == uid))
}

fn of_mark(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let Some(kept) = act.scene.book.records.get(&deed.record).filter(|kept| kept.was_open(act.sent())) else {
        return Some(format!("its mark names {:?}, which is no open Recovery", deed.record));
    };
    let record = &kept.record;
    if !record.attempts.iter().any(|attempt| attempt.writes()) {
        return Some(format!("the stored Recovery {} has no attempt", record.name));
    }
    (!record.has_evidence).then(|| format!("the stored Recovery {} has no evidence", record.name))
}

/// What a switch takes away stands in the record as well.
fn of_selector(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let kept = act.scene.book.records.get(&deed.record)?;
    let pairs = act.before()["spec"]["selector"].as_object().into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    let (stored, selector) = (kept.record.original_selector.as_str(), pairs.join(","));
    (stored != selector).then(|| format!("its record keeps the selector {stored:?}, and it had {selector:?}"))
}

/// What the limit was stands in the record.
fn of_limit(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let kept = act.scene.book.records.of_uid(&deed.uid).any(|kept| !kept.record.memory_limit.is_empty());
    (!kept).then(|| "no Recovery keeps what its memory limit was".to_owned())
}

/// The record says which machine is to go before it goes.
fn of_order(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let mut named = act.scene.book.records.ordered(deed).filter(|kept| kept.was_open(act.sent()));
    let Some(kept) = named.next() else { return Some("no open Recovery names the machine".to_owned()) };
    let record = &kept.record;
    let ready = record.has_evidence && record.attempts.iter().any(|attempt| attempt.writes());
    (!ready || record.machine.is_empty())
        .then(|| format!("the stored Recovery {} has no attempt, or not the evidence, or not the machine", record.name))
}

/// The record says who says that the machine is off before that is declared.
fn of_proof(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let kept = act.scene.book.records.get(&deed.record)?;
    (!kept.record.has_proof).then(|| format!("the stored Recovery {} has no proof", kept.record.name))
}

/// A pod is only created from a manifest that a record has.
fn of_creation(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let mut records = act.scene.book.records.of_place("Pod", &deed.key.namespace, &deed.key.name);
    let has_manifest = records.any(|kept| kept.record.has_manifest);
    (!has_manifest).then(|| "no Recovery has its manifest".to_owned())
}
