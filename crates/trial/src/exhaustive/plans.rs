//! The plans of each family.

use crate::fault::{Aim, Fault, Side};
use crate::net::{Asking, Tape};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the plans of a family have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The process ends before or after a write.
    Crash,
    /// It ends before a destructive write, and the next one begins on an earlier view.
    OldView,
    /// The reply to a write is lost.
    Lost,
    /// A write reaches the server twice.
    Doubled,
    /// An event is hidden until the next one of its object.
    Hidden,
    /// The leader is stopped at a request for longer than its Lease.
    Pause,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Crash, Self::OldView, Self::Lost, Self::Doubled, Self::Hidden, Self::Pause];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::OldView => "old view",
            Self::Lost => "lost reply",
            Self::Doubled => "doubled write",
            Self::Hidden => "hidden event",
            Self::Pause => "pause",
        }
    }
}

/// How much later the second copy of a write arrives.
const LATE: Duration = Duration::from_secs(2);
/// Longer than a Lease lasts, so that another process leads meanwhile.
const STOPPED: Duration = Duration::from_secs(25);

/// Kinds of which an older state can mislead.
const TELLING: [&str; 3] = ["pods", "nodes", "recoveries.self-healing.dev"];
/// Kinds of which an event is hidden.
const TARGETS: [&str; 2] = ["pods", "nodes"];

/// The plans of a family for what a run without faults sent and saw until the story's end.
#[must_use]
pub fn plans(family: Family, tape: &Tape, end: Duration) -> Vec<Fault> {
    let aims: Vec<Aim> = match family {
        Family::Crash => moments(tape, end).into_iter().filter_map(|asked| asked.write).flat_map(crashes).collect(),
        Family::OldView => old_views(tape, end),
        Family::Lost => {
            let lose = |write| Aim::Lose { side: Side::After, write };
            moments(tape, end).into_iter().filter_map(|asked| asked.write).map(lose).collect()
        }
        Family::Doubled => {
            let double = |write| Aim::Double { write, late: LATE };
            moments(tape, end).into_iter().filter_map(|asked| asked.write).map(double).collect()
        }
        Family::Hidden => hidden(tape),
        Family::Pause => {
            let leader = tape.asked.first().map(|asked| asked.instance.clone());
            let own = moments(tape, end).into_iter().filter(|asked| Some(&asked.instance) == leader.as_ref());
            own.flat_map(|asked| pauses(asked.request)).collect()
        }
    };
    aims.into_iter().map(Fault::At).collect()
}

/// Every request within the story; but of renewals of the Lease only those next to another write: all between them are
/// one moment of the controller's work.
fn moments(tape: &Tape, end: Duration) -> Vec<&Asking> {
    let told: Vec<&Asking> = tape.asked.iter().filter(|asked| asked.at <= end).collect();
    let is_renewal = |asked: &&&Asking| &*asked.key.resource == LEASES;
    let works = |asked: Option<&&Asking>| asked.is_some_and(|asked| asked.write.is_some() && !is_renewal(&asked));
    let next_to_work = |at: usize| {
        let quiet = |asked: &&&Asking| asked.write.is_none();
        works(told[..at].iter().rev().find(|asked| !quiet(asked)))
            || works(told[at + 1..].iter().find(|asked| !quiet(asked)))
    };
    let kept = told.iter().enumerate().filter(|(at, asked)| !is_renewal(asked) || next_to_work(*at));
    kept.map(|(_, asked)| *asked).collect()
}

const LEASES: &str = "leases.coordination.k8s.io";

fn crashes(write: u64) -> [Aim; 2] {
    [Side::Before, Side::After].map(|side| Aim::Crash { side, write, view: None })
}

fn pauses(request: u64) -> [Aim; 2] {
    [Side::Before, Side::After].map(|side| Aim::Pause { side, request, span: STOPPED })
}

/// Whether a write takes something away or marks something that is not the controller's own.
fn is_destructive(asked: &Asking) -> bool {
    match &*asked.key.resource {
        "pods" => true,
        "nodes" => asked.verb == "patch",
        _ => false,
    }
}

fn old_views(tape: &Tape, end: Duration) -> Vec<Aim> {
    let telling = tape.seen.iter().filter(|seen| TELLING.contains(&&*seen.key.resource));
    let versions: BTreeSet<u64> = telling.map(|seen| seen.version).collect();
    let writes = tape.asked.iter().filter(|asked| asked.at <= end && is_destructive(asked));
    let views = writes.filter_map(|asked| Some((asked.write?, asked.version))).flat_map(|(write, now)| {
        // Before the first change, and after each.
        let first = versions.first().map(|version| version - 1);
        let earlier = first.into_iter().chain(versions.iter().copied()).filter(move |version| *version < now);
        earlier.map(move |view| Aim::Crash { side: Side::Before, write, view: Some(view) })
    });
    views.collect()
}

/// Events of targets that a later one of the same object cancels.
fn hidden(tape: &Tape) -> Vec<Aim> {
    let targets = tape.seen.iter().enumerate().filter(|(_, seen)| TARGETS.contains(&&*seen.key.resource));
    let cancelled = targets.filter(|(at, seen)| tape.seen[at + 1..].iter().any(|later| later.key == seen.key));
    cancelled.map(|(_, seen)| Aim::Hide { event: seen.event }).collect()
}
