//! S18: a record moves along the declared graph, and what is over stays as it is.
//!
//! Between two saves several moves may have been made, so an open phase may follow any other; only the ways in and out are narrow.

use crate::check::json::{list, text};
use crate::check::record::{Attempt, Record};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::SignedDuration;
use serde_json::Value;

/// What may still change when a Recovery is over: its messages go on being delivered, and failures go on being attributed.
const AFTERWARDS: &[&str] = &["notifications", "impact"];
/// The ladders of strategies, lowest first.
const LADDERS: &[&[&str]] = &[
    &["monitor", "restart", "recreate", "scale_and_replace"],
    &["monitor", "restart", "drain_and_replace", "emergency_replace"],
    &["monitor", "restart", "failover", "emergency_failover"],
    // A Deployment is watched again when it could not be helped; where it allows a rollback, that is all there is.
    &["restart", "monitor"],
    &["rollback", "rollback"],
    // A policy's own, in a story.
    &["scale_and_replace", "restart"],
    &["relieve", "monitor"],
    &["resize", "monitor"],
];
/// Attempts that a record keeps.
const KEPT: usize = 16;

#[derive(Default)]
pub(crate) struct Phases;

impl Rule for Phases {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        let Some(change) = act.change.filter(|_| act.ours) else { return };
        let wrong = match (&change.before, &change.after) {
            (Some(before), Some(after)) => moved(act, before, after),
            (Some(before), None) => removed(act, before),
            (None, _) => None,
        };
        found.judge(wrong.is_none(), || {
            format!(
                "commit {} of {} on Recovery {}: {}",
                act.commit.version,
                act.commit.origin.instance,
                act.commit.key.name,
                wrong.unwrap_or_default()
            )
        });
    }
}

fn moved(act: &Act<'_>, before: &Record, after: &Record) -> Option<String> {
    let (old, new) = (act.before(), &*act.commit.shown);
    if old["spec"] != new["spec"] {
        return Some("the spec changed".to_owned());
    }
    if text(&act.commit.origin.body, "/metadata/resourceVersion").is_empty() {
        return Some("it was written whatever its version was".to_owned());
    }
    if !before.is_known() {
        return Some(format!("phase {} is another version's, and not ours to change", before.phase));
    }
    if !after.is_known() || after.phase.is_empty() {
        return Some(format!("phase {:?} is none of the contract's", after.phase));
    }
    if before.is_over() {
        let field = changed_afterwards(&old["status"], &new["status"]);
        return field.map(|field| format!("{field} changed after it was over ({})", before.phase));
    }
    attempts(&before.attempts, &after.attempts).or_else(|| climbs(act, &after.attempts)).or_else(|| ends(after))
}

fn changed_afterwards<'a>(old: &'a Value, new: &'a Value) -> Option<&'a str> {
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else { return Some("status") };
    let differs = |field: &&String| !AFTERWARDS.contains(&field.as_str()) && before.get(*field) != after.get(*field);
    before.keys().chain(after.keys()).find(differs).map(String::as_str)
}

/// Attempts are only added, and what has begun or ended stays so.
fn attempts(before: &[Attempt], after: &[Attempt]) -> Option<String> {
    if before.len() == KEPT {
        return None;
    }
    if after.len() < before.len() {
        return Some(format!("of {} attempts {} are left", before.len(), after.len()));
    }
    let same = |(old, new): (&Attempt, &Attempt)| {
        let begun = (&old.strategy, &old.target.uid, old.started) == (&new.strategy, &new.target.uid, new.started);
        begun && (new.finished || !old.finished)
    };
    let open = after.iter().rev().skip(1).any(|attempt| !attempt.finished);
    if open {
        return Some("an attempt began before the last had ended".to_owned());
    }
    (!before.iter().zip(after).all(same)).then(|| "an earlier attempt was rewritten".to_owned())
}

/// Each attempt's strategy is the next one's of its ladder, or of one that a policy has.
fn climbs(act: &Act<'_>, attempts: &[Attempt]) -> Option<String> {
    let strategies: Vec<&str> = attempts.iter().map(|attempt| attempt.strategy.as_str()).collect();
    let is_part = |ladder: &&&[&str]| ladder.windows(strategies.len().max(1)).any(|part| part == strategies);
    let of_policy = |spec: &Value| {
        let ladder: Vec<&str> = list(spec, "/escalation/ladder").iter().filter_map(Value::as_str).collect();
        ladder.windows(strategies.len().max(1)).any(|part| part == strategies)
    };
    let known = strategies.is_empty()
        || attempts.len() == KEPT
        || LADDERS.iter().any(|ladder| is_part(&ladder))
        || act.scene.book.possible_policies(act.sent()).any(of_policy);
    (!known).then(|| format!("the attempts {} are no part of a ladder", strategies.join(", ")))
}

/// What each end needs.
fn ends(after: &Record) -> Option<String> {
    if !after.is_over() {
        return after.finished.is_some().then(|| format!("{} has an end already", after.phase));
    }
    let tried = after.attempts.iter().any(Attempt::writes);
    let missing = match after.phase.as_str() {
        _ if after.finished.is_none() => "finishedAt",
        _ if after.attempts.iter().any(|attempt| !attempt.finished) => "the end of its attempt",
        "Succeeded" | "Escalated" if !tried => "an attempt",
        "Failed" if after.reason != "UnknownAction" => "the reason UnknownAction",
        _ => return None,
    };
    Some(format!("{} without {missing}", after.phase))
}

/// Finished records are deleted when their time is up.
fn removed(act: &Act<'_>, before: &Record) -> Option<String> {
    if !before.is_over() {
        return Some(format!("it was deleted in phase {}", before.phase));
    }
    if !list(act.before(), "/metadata/finalizers").is_empty() {
        return None;
    }
    let book = act.scene.book;
    let kept = book.possible(act.sent()).map(|config| config.recovery_ttl).min().unwrap_or_default();
    let kept = SignedDuration::try_from(kept).unwrap_or(SignedDuration::MAX);
    let age = before.finished.map(|finished| act.scene.now.duration_since(finished));
    let early = age.is_some_and(|age| age < kept) && !book.faults.is_clock_odd();
    early.then(|| "it was deleted before recovery_ttl was over".to_owned())
}
