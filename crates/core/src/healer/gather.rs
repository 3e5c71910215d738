//! Evidence: what the end of a failed object would take away is read once, and kept in the record before anything is taken.

use super::case::Case;
use super::outcome::Errand;
use super::progress::Orders;
use super::{Healer, tell};
use crate::effect::{Answer, Outcome, Scene, Verb};
use crate::key::Text;
use crate::names::Phase;
use crate::recovery::{GATHERED, is_gathered, was_gathered};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// So many are gathered at once for Recoveries that need not have theirs yet: a storm of failures must not keep the API server
/// from what heals. A Recovery that is about to take something away does not wait for its turn.
const AT_ONCE: usize = 8;

/// Evidence of a case.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    /// It is being gathered.
    pub under_way: bool,
    /// The next write to the target waits for it.
    pub due: bool,
}

/// Cases whose evidence is being gathered, and those that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Gathers {
    under_way: BTreeSet<Text>,
    waiting: BTreeSet<Text>,
}

impl Gathers {
    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether one more may be gathered that need not be yet.
    pub(super) fn has_place(&self) -> bool {
        self.under_way.len() < AT_ONCE
    }

    /// That case is gone.
    pub(super) fn remove(&mut self, name: &Text) {
        self.under_way.remove(name);
        self.waiting.remove(name);
    }

    /// Takes down how it stands with a case.
    pub(super) fn note(&mut self, case: &Case) {
        let name = &case.recovery.name;
        if case.gather.under_way {
            self.waiting.remove(name);
            if !self.under_way.contains(name) {
                self.under_way.insert(name.clone());
            }
            return;
        }
        self.under_way.remove(name);
        if wants(case) {
            self.waiting.insert(name.clone());
        } else {
            self.waiting.remove(name);
        }
    }
}

/// Whether evidence of it is still to be gathered.
fn wants(case: &Case) -> bool {
    case.recovery.is_active() && !case.gather.under_way && !case.recovery.has_evidence()
}

/// Asks for the evidence of a Recovery that has none, at the same time as its record is created.
pub(super) fn run(gathers: &Gathers, case: &Case, orders: &mut Orders) {
    if wants(case) && (case.gather.due || gathers.has_place()) {
        let spec = &case.recovery.spec;
        let scene = Scene { target: spec.target.clone(), workload: spec.workload.clone() };
        orders.push((Errand::Gather, Verb::Gather(Box::new(scene))));
    }
}

impl Case {
    /// Whether evidence is on its way, or is asked for next.
    pub(super) fn awaits_evidence(&self) -> bool {
        self.gather.under_way || self.gather.due && wants(self)
    }

    /// Takes what was gathered into the record. What could not be read is said in it, and nothing waits for a second try.
    pub(super) fn gathered(&mut self, outcome: Outcome) {
        let found = match outcome {
            Outcome::Done(Answer::Evidence(found)) => found,
            // Whoever leads now asks anew.
            Outcome::NotLeading => return,
            Outcome::TryLater { message, .. } | Outcome::Unknown { message } | Outcome::Refused { message } => {
                alloc::vec![(GATHERED.into(), format!("nothing could be read: {message}"))]
            }
            Outcome::Done(_) | Outcome::Gone => Vec::new(),
        };
        // What is over does not change any more.
        if !self.recovery.is_active() || self.recovery.has_evidence() {
            return;
        }
        let evidence = &mut self.recovery.status.evidence;
        evidence.extend(found);
        if !is_gathered(evidence) {
            evidence.push((GATHERED.into(), String::from("nothing was found")));
        }
        self.saving.dirty = true;
    }
}

/// Forgets what was gathered for a Recovery that is over, stored and told: its record has it, and history needs only what rules read.
pub(super) fn forget(case: &mut Case) {
    let recovery = &mut case.recovery;
    let over = recovery.status.phase.is_some_and(Phase::is_terminal);
    if !over || !recovery.has_evidence() || case.untold {
        return;
    }
    let stored = case.saving.created && !case.saving.dirty && case.saving.in_flight.is_none();
    if stored && !tell::owes(recovery) {
        recovery.status.evidence.retain(|(name, _)| !was_gathered(name));
        recovery.status.evidence.shrink_to_fit();
    }
}

impl Healer {
    /// A place is free for the next whose evidence is to be gathered.
    pub(super) fn next_gather(&mut self) -> Option<Text> {
        while let Some(name) = self.gathers.waiting.pop_first() {
            if self.cases.get(&name).is_some_and(wants) {
                return Some(name);
            }
        }
        None
    }
}
