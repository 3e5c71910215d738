//! In what a run with a fault may end otherwise than the one without, and why; everything else must be equal. What holds
//! whatever happens is the checker's to assert, in these runs too.

use super::Family;
use self_healing_story::{Outcome, RecoveryLine};

/// What differs and may not, as a readable text.
#[must_use]
pub fn difference(family: Family, calm: &Outcome, met: &Outcome) -> Option<String> {
    let [mut calm, mut met] = [calm.clone(), met.clone()];
    let climbs = climbs(&calm);
    if family == Family::OldView {
        forget_what_only_an_old_view_shows(&calm, &mut met);
        [&mut calm, &mut met].into_iter().for_each(forget_how_serious_it_was);
    }
    if climbs {
        [&mut calm, &mut met].into_iter().for_each(forget_the_ladder);
    }
    if groups(&calm) {
        [&mut calm, &mut met].into_iter().for_each(|outcome| outcome.told.clear());
    }
    if takes_eyes_away(family) {
        [&mut calm, &mut met].into_iter().for_each(forget_the_second_signal);
    }
    calm.diff(&met).map(|diff| format!("it ends otherwise than without the fault (- without, + with it):\n{diff}"))
}

/// Whether an attempt of the story takes all its time: a fault takes some of that away, and an attempt that could not
/// act, or could not see that it helped, is followed by the next one all the same.
fn climbs(calm: &Outcome) -> bool {
    calm.recoveries.iter().any(|record| record.strategies.len() > 1)
}

/// Whether failures of the story are told as many at once: one that is found later for a fault is not among them.
fn groups(calm: &Outcome) -> bool {
    let some = |key: &str, least: u32| calm.told.iter().any(|((_, told), count)| told == key && *count >= least);
    some("storm", 1) && some("opened", 5)
}

/// Leaves what had to be found, and what may not be left behind.
fn forget_the_ladder(outcome: &mut Outcome) {
    for record in &mut outcome.recoveries {
        record.strategies.clear();
        record.phase.clear();
        record.reason.clear();
    }
    outcome.writes.clear();
    outcome.ready.clear();
    outcome.told.clear();
}

/// Whether it may hide from the controller for a while why a node does not answer.
fn takes_eyes_away(family: Family) -> bool {
    match family {
        Family::Pause | Family::OldView | Family::Crash => true,
        Family::Lost | Family::Doubled | Family::Hidden => false,
    }
}

/// Whether the kubelet's port refused when it was asked, or nobody had asked in time, is not told apart; who was stopped
/// while it stored the one may have it stored when its successor has long found the other.
fn forget_the_second_signal(outcome: &mut Outcome) {
    let mut refused = outcome.recoveries.iter_mut().filter(|record| record.cause == "KubeletDown").peekable();
    if refused.peek().is_none() {
        return;
    }
    refused.for_each(|record| record.cause = "Unreachable".to_owned());
    outcome.recoveries.dedup();
    let records = u32::try_from(outcome.recoveries.len()).unwrap_or(u32::MAX);
    outcome.told.values_mut().for_each(|told| *told = (*told).min(records));
}

/// What was over before may be found again on an old view, and is found to be over when the view is true again.
fn forget_what_only_an_old_view_shows(calm: &Outcome, met: &mut Outcome) {
    let known = |record: &RecoveryLine| {
        calm.recoveries.iter().any(|calm| calm.target == record.target && calm.cause == record.cause)
    };
    met.recoveries.retain(|record| record.phase != "SelfRecovered" || known(record));
}

/// Each time that something was found makes the next more serious, with another strategy and in another channel.
fn forget_how_serious_it_was(outcome: &mut Outcome) {
    for record in &mut outcome.recoveries {
        record.severity.clear();
        record.strategies.clear();
    }
    outcome.told.clear();
}
