//! What a candidate has seen of the record, and for how long it leaves it to whoever may lead.
//!
//! Anybody may delete the Lease or write something else into it, and the leader, whose door is open for a while yet, learns of it only at
//! its next renewal. So nothing but what a leader writes when it gives the Lease back lets another take it at once: everything else, also
//! that it is gone, counts like a renewal.

use super::record::Record;
use std::time::Duration;
use tokio::time::Instant;

/// Longest that a record may ask for, in durations of our own: one that says a year keeps nobody waiting for a year.
const LONGEST: u32 = 3;

/// The record, as one candidate knows it.
#[derive(Default)]
pub(super) struct View {
    seen: Option<Seen>,
    /// Whether we asked for the record, and nobody else was seen to hold it since: a record with our name is ours only then.
    claimed: bool,
}

struct Seen {
    /// As it was last; of a Lease that is gone, as it was before.
    record: Record,
    gone: bool,
    since: Instant,
}

impl View {
    /// Takes note of what was read just now; `None` when there is no Lease.
    pub(super) fn note(&mut self, found: Option<&Record>, identity: &str) {
        self.claimed &= found.is_some_and(|record| record.holder == identity);
        let (record, gone) = match (found, &self.seen) {
            (Some(record), Some(seen)) if !seen.gone && seen.record == *record => return,
            (Some(record), _) => (record.clone(), false),
            (None, Some(seen)) if !seen.gone => (seen.record.clone(), true),
            (None, _) => return,
        };
        self.seen = Some(Seen { record, gone, since: Instant::now() });
    }

    /// Takes note that the record will be asked for.
    pub(super) fn claim(&mut self) {
        self.claimed = true;
    }

    /// The record as it was last, also of a Lease that is gone; `None` when there never was one.
    pub(super) fn last(&self) -> Option<Record> {
        self.seen.as_ref().map(|seen| seen.record.clone())
    }

    /// Whether nobody is named as holder.
    pub(super) fn is_vacant(&self) -> bool {
        self.seen.as_ref().is_none_or(|seen| seen.gone || seen.record.holder.is_empty())
    }

    /// Why it may not be taken, for the log.
    pub(super) fn words(&self) -> String {
        match &self.seen {
            Some(seen) if !self.is_vacant() => format!("the Lease names {}", seen.record.holder),
            _ => "somebody else has emptied or deleted the Lease".to_owned(),
        }
    }

    /// Whether the record may be taken by the candidate of this name, whose Leases last for `own`.
    pub(super) fn may_be_taken(&self, identity: &str, own: Duration) -> bool {
        let Some(Seen { record, gone, since }) = &self.seen else { return true };
        let patience = if *gone {
            own
        } else if record.is_released() || self.claimed && record.holder == identity {
            Duration::ZERO
        } else {
            record.duration(own).clamp(own, own * LONGEST)
        };
        since.elapsed() >= patience
    }
}
