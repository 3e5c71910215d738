//! Leadership and the store: what a new leader takes over, what others wrote, what is left behind, what has expired.

use super::outcome::Errand;
use super::timers::Timer;
use super::{Agenda, Case, Healer, tell};
use crate::effect::{Answer, Outcome, Verb};
use crate::key::{Target, Text};
use crate::names::{FailureType, WatchKind};
use crate::recovery::{Attempt, Recovery};
use crate::remedy::SUSPECT;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

impl Healer {
    pub(super) fn lead(&mut self, leading: bool) {
        self.leading = leading.then_some(self.now.tick);
        self.adopted = false;
        self.reading = super::case::Backoff::default();
        // Outcomes of an earlier reign mean nothing to this one: the records are read again.
        self.errands.retain(|_, (_, errand)| matches!(errand, Errand::Kubelet(_)));
    }

    /// The first thing that a leader does: a quorum read of the records, because its watch may be behind.
    pub(super) fn read_recoveries(&mut self) {
        let reading = self.errands.values().any(|(_, errand)| matches!(errand, Errand::Read));
        if self.leading.is_none() || self.adopted || reading {
            return;
        }
        if self.reading.waits(self.now.tick) {
            return self.timers.arm(Timer::Sweep, self.reading.until.unwrap_or(self.now.tick));
        }
        self.send(&Text::from(""), Errand::Read, Verb::ReadRecoveries);
    }

    pub(super) fn adopt(&mut self, outcome: Outcome, agenda: &mut Agenda) {
        agenda.everything = true;
        let Outcome::Done(Answer::Recoveries(recoveries)) = outcome else {
            self.reading.fail(self.now.tick, self.settings.retry_interval, None);
            return;
        };
        let mut known = core::mem::take(&mut self.cases);
        self.active.clear();
        self.gathers.clear();
        for recovery in recoveries {
            // What is over may still have messages to send.
            agenda.cases.insert(recovery.name.clone());
            let earlier = known.remove(&recovery.name);
            self.keep(recovery, earlier);
        }
        self.adopted = true;
    }

    /// Takes a stored record in hand; of an `earlier` case of it only the times are still true.
    fn keep(&mut self, recovery: Recovery, earlier: Option<Case>) {
        let name = recovery.name.clone();
        if recovery.spec.failure == FailureType::Node {
            self.cluster.note_once_ready(&recovery.spec.target.uid);
        }
        let mut case = Case::adopted(self.now, recovery);
        if let Some(earlier) = earlier {
            case.remember(self.now, earlier);
        }
        self.active.put(&case);
        self.cases.insert(name, case);
    }

    /// A record as the watch brings it. A leader knows better what is in the status; people's orders and the version it takes over.
    pub(super) fn stored(&mut self, recovery: Recovery, agenda: &mut Agenda) {
        let name = recovery.name.clone();
        let mine = self.leading.is_some() && self.adopted;
        match self.cases.get_mut(&name).filter(|_| mine) {
            Some(case) if is_known(case, &recovery) => {}
            Some(case) if case.recovery.uid == recovery.uid && goes_on(&case.recovery, &recovery) => {
                case.recovery.resource_version = recovery.resource_version;
                case.recovery.orders = recovery.orders;
            }
            Some(_) | None => {
                self.active.remove(&name);
                let earlier = self.cases.remove(&name);
                self.keep(recovery, earlier);
            }
        }
        agenda.cases.insert(name);
    }

    /// Takes back marks whose Recovery is over or gone: left by a crash, or by somebody who deleted the record.
    pub(super) fn clear_orphans(&mut self) {
        if self.leading.is_none()
            || !self.adopted
            || self.settings.paused
            || self.settings.mode == crate::names::Mode::Observe
            || !self.cluster.freshness.current(self.now.tick, WatchKind::Node)
        {
            return;
        }
        let over = |name: &Text| {
            self.cases.get(name).is_none_or(|case| case.recovery.status.phase.is_some_and(|p| p.is_terminal()))
        };
        let mut undo: BTreeMap<(Text, u8), (Text, Verb)> = BTreeMap::new();
        for node in self.cluster.nodes() {
            if !node.owner.is_empty() && over(&node.owner) {
                undo.insert((node.name.clone(), 0), (node.owner.clone(), Verb::Uncordon(node.target())));
            }
            if !node.fenced_by.is_empty() && over(&node.fenced_by) {
                let verb = Verb::UntaintOutOfService(node.target());
                undo.insert((node.name.clone(), 2), (node.fenced_by.clone(), verb));
            }
            for taint in node.taints.iter().filter(|taint| &*taint.key == SUSPECT && over(&taint.value)) {
                let verb = Verb::UntaintSuspect { node: node.name.clone() };
                undo.insert((node.name.clone(), 1), (taint.value.clone(), verb));
            }
        }
        let seen = |kind| self.cluster.freshness.current(self.now.tick, kind);
        // A Service may be served by what was scaled.
        let kinds = [WatchKind::Deployment, WatchKind::ReplicaSet, WatchKind::Service];
        let scaled = self.cluster.marked_workloads().filter(|_| kinds.into_iter().all(&seen));
        let scaled: BTreeMap<Target, (Text, Verb)> = scaled
            .filter(|(_, marked_by)| over(marked_by))
            .filter_map(|(target, marked_by)| {
                let verb = crate::remedy::give_back(&self.cluster, &target)?;
                Some((target, (marked_by.clone(), verb)))
            })
            .collect();
        let busy = self.errands.values().any(|(_, errand)| matches!(errand, Errand::Orphan));
        let services = self.cluster.freshness.current(self.now.tick, WatchKind::Service);
        let switched: Vec<(Text, Verb)> =
            if services { crate::remedy::switched_orphans(&self.cluster, &over).collect() } else { Vec::new() };
        if !busy {
            for (owner, verb) in undo.into_values().chain(scaled.into_values()).chain(switched) {
                self.send(&owner, Errand::Orphan, verb);
            }
        }
    }

    /// Deletes finished records whose time is up.
    pub(super) fn expire(&mut self) {
        if self.leading.is_none() || !self.adopted {
            return;
        }
        let now = self.now.tick;
        let expired = self.cases.values().filter(|case| {
            let finished = case.times.finished().filter(|_| !case.recovery.is_active());
            let ttl = self.settings.recovery_ttl;
            // What people are owed is kept for as long again.
            let limit = if tell::owes(&case.recovery) { ttl.saturating_mul(2) } else { ttl };
            case.telling.is_empty() && finished.is_some_and(|at| at.elapsed(now) >= limit)
        });
        let expired: Vec<(Text, Text)> = expired.map(|c| (c.recovery.name.clone(), c.recovery.uid.clone())).collect();
        for (name, uid) in expired {
            let under_way = self.errands.values().any(|(of, errand)| *of == name && matches!(errand, Errand::Expire));
            if !under_way {
                self.send(&name, Errand::Expire, Verb::DeleteRecovery { uid });
            }
        }
    }
}

/// Versions of one resource compare as integers (KEP-5504); anything else is taken as newer, and a conflict corrects it.
pub(super) fn is_newer(seen: &Text, known: &Text) -> bool {
    match (seen.parse::<u128>(), known.parse::<u128>()) {
        (Ok(seen), Ok(known)) => seen > known,
        _ => true,
    }
}

/// Whether `stored` tells nothing that the case does not know.
fn is_known(case: &Case, stored: &Recovery) -> bool {
    let known = &case.recovery;
    match known.uid == stored.uid {
        true => !is_newer(&stored.resource_version, &known.resource_version),
        // Our own create can come back by the watch before its answer does.
        false => case.saving.in_flight.is_some(),
    }
}

/// Whether `known` goes on from what is `stored`. A write of an earlier reign may come in so late that this one has begun anew: then
/// its newest attempt is none of ours.
fn goes_on(known: &Recovery, stored: &Recovery) -> bool {
    let is =
        |ours: &Attempt, newest: &Attempt| (ours.strategy, ours.started_at) == (newest.strategy, newest.started_at);
    stored.attempt().is_none_or(|newest| known.status.attempts.iter().any(|ours| is(ours, newest)))
}
