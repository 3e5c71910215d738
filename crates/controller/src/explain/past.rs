//! A core that has seen what the objects say of their past, as a controller would have that had watched all the time.
//!
//! Each object is shown to it at the moment at which it says that its state began, and time goes on from there to now: so
//! the scores, the silence of nodes and everything that counts time are the core's own, and no rule is written twice.

use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{Condition, LeaseFact, NodeFact, PodFact};
use self_healing_core::healer::Healer;
use self_healing_core::names::WatchKind;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::collections::BTreeSet;
use std::time::Duration;

/// So far back the past is relived; longer than any rule counts with the defaults.
const PAST: Duration = Duration::from_secs(3600);
/// Where the monotonic clock stands at the end, so that the past has room before it.
const PRESENT: Tick = Tick(1_000_000_000);

/// A core that knows `facts`, and the clocks at which it may be asked. It never leads, so nothing comes out of it.
#[must_use]
pub fn relive(settings: &Settings, facts: Vec<Event>, now: Stamp) -> (Healer, Now) {
    let settings = Settings { watch_patience: PAST * 2, ..settings.clone() };
    let present = Now { tick: PRESENT, stamp: now };
    let begin = at(present, Stamp(now.0 - millis(PAST)));
    let mut healer = Healer::new(settings);
    let each = |state| WatchKind::ALL.iter().map(move |kind| Event::Watch(*kind, state));
    healer.turn(begin, each(WatchState::ListStarted).chain(each(WatchState::Synced)));
    let (records, facts): (Vec<Event>, Vec<Event>) =
        facts.into_iter().partition(|fact| matches!(fact, Event::Recovery(_)));
    let mut past: Vec<(Stamp, Event)> = facts.into_iter().flat_map(moments).collect();
    // What is there at once comes first; of one moment, owners before what they own.
    past.sort_by_key(|(when, _)| *when);
    for (when, fact) in past {
        let moment = at(present, when.max(begin.stamp).min(now));
        pass(&mut healer, present, moment.tick);
        healer.turn(moment, [fact]);
    }
    pass(&mut healer, present, present.tick);
    healer.turn(present, records.into_iter().chain(each(WatchState::Alive)));
    (healer, present)
}

/// Lets time go on until `end`, with every turn that is due.
fn pass(healer: &mut Healer, present: Now, end: Tick) {
    while let Some(wake) = healer.next_wake().filter(|wake| *wake < end) {
        let now = Now { tick: wake, stamp: present.stamp_of(wake) };
        healer.turn(now, []);
    }
}

/// What this object was, and when, as far as it says.
fn moments(fact: Event) -> Vec<(Stamp, Event)> {
    match fact {
        Event::Pod(pod) => vec![(since_pod(&pod), Event::Pod(pod))],
        Event::Node(node) => node_moments(node),
        Event::Lease(lease) => {
            // One renewal alone shows no life.
            let earlier = LeaseFact { renewed: Stamp(lease.renewed.0 - 1), ..lease.clone() };
            vec![(earlier.renewed, Event::Lease(earlier)), (lease.renewed, Event::Lease(lease))]
        }
        other => vec![(Stamp(i64::MIN), other)],
    }
}

fn since_pod(pod: &PodFact) -> Stamp {
    pod.trouble.as_ref().and_then(|trouble| trouble.ready_changed).unwrap_or(pod.created)
}

/// A node at its creation, at every change of a condition, and when a condition was last said to be so.
fn node_moments(node: NodeFact) -> Vec<(Stamp, Event)> {
    let bare = (node.created, NodeFact { conditions: Vec::new(), ..node.clone() });
    let changes: BTreeSet<Stamp> = node.conditions.iter().map(|condition| condition.changed).collect();
    let by = |when: Stamp| {
        let until_then = node.conditions.iter().filter(|condition| condition.changed <= when);
        let conditions = until_then.map(|c| Condition { heartbeat: c.changed, ..c.clone() }).collect();
        (when, NodeFact { conditions, ..node.clone() })
    };
    let mut moments: Vec<(Stamp, NodeFact)> = [bare].into_iter().chain(changes.into_iter().map(by)).collect();
    let stated = node.conditions.iter().map(Condition::stated).max().unwrap_or(node.created);
    moments.push((stated, node));
    moments.into_iter().map(|(when, node)| (when, Event::Node(node))).collect()
}

fn at(present: Now, stamp: Stamp) -> Now {
    Now { tick: present.tick_of(stamp), stamp }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
