//! Somebody who is no candidate deletes the Lease, empties it or writes odd things into it: never two lead, and soon one does.

use crate::store::{Fault, Store};
use crate::{SECOND, start, until};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What a stranger makes of the Lease's spec; `None` is to delete it.
type Change = fn(Value) -> Option<Value>;

fn with(spec: Value, changes: Value) -> Option<Value> {
    let mut spec = spec;
    for (key, value) in changes.as_object()? {
        spec[key] = value.clone();
    }
    Some(spec)
}

const CHANGES: &[(&str, Change)] = &[
    ("deletes it", |_| None),
    ("empties the whole spec", |_| Some(json!({}))),
    ("takes the name of the holder away", |spec| with(spec, json!({ "holderIdentity": "" }))),
    ("removes the name of the holder", |spec| with(spec, json!({ "holderIdentity": null }))),
    ("sets a duration of a second", |spec| with(spec, json!({ "leaseDurationSeconds": 1 }))),
    ("sets a duration of nothing", |spec| with(spec, json!({ "leaseDurationSeconds": 0 }))),
    ("sets a duration of a century", |spec| with(spec, json!({ "leaseDurationSeconds": 3_155_760_000_u32 }))),
    ("sets odd times", |spec| with(spec, json!({ "renewTime": "2099-01-01T00:00:00.000000Z", "acquireTime": null }))),
    ("names itself", |spec| with(spec, json!({ "holderIdentity": "stranger" }))),
    ("names the follower", |spec| with(spec, json!({ "holderIdentity": "two" }))),
    ("names the leader", |spec| with(spec, json!({ "holderIdentity": "one", "leaseTransitions": 41 }))),
];

fn change(store: &Store, by: Change) {
    match by(store.spec()) {
        Some(spec) => store.write(spec),
        None => store.delete(),
    }
}

/// Looks every 10 ms for that long, and fails when both may write. Gives how long nobody could.
async fn never_both(doors: [&self_healing_controller::lease::Door; 2], what: &str, long: Duration) -> Duration {
    let (begin, mut nobody) = (Instant::now(), Duration::ZERO);
    let step = Duration::from_millis(10);
    while begin.elapsed() < long {
        sleep(step).await;
        match doors.map(|door| door.may_write()) {
            [true, true] => panic!("a stranger {what}: both lead after {:?}", begin.elapsed()),
            [false, false] => nobody += step,
            _ => {}
        }
    }
    nobody
}

#[tokio::test(start_paused = true)]
async fn whatever_a_stranger_writes_never_two_lead_and_soon_one_does() {
    for (what, by) in CHANGES {
        // At moments between two renewals and two looks that differ.
        for moment in 0..20 {
            let store = Store::default();
            let one = start(&store, "one");
            until(|| one.door.may_write()).await;
            let two = start(&store, "two");
            sleep(5 * SECOND + moment * Duration::from_millis(97)).await;
            change(&store, *by);
            let nobody = never_both([&one.door, &two.door], what, 40 * SECOND).await;
            assert!(nobody <= 18 * SECOND, "a stranger {what}: nobody led for {nobody:?}");
            assert!(one.door.may_write() || two.door.may_write(), "a stranger {what}: nobody leads in the end");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_keeps_what_names_nobody_else() {
    for (what, by) in CHANGES.iter().filter(|(what, _)| !what.contains("names itself") && !what.contains("follower")) {
        let store = Store::default();
        let one = start(&store, "one");
        until(|| one.door.may_write()).await;
        let two = start(&store, "two");
        sleep(5 * SECOND).await;
        change(&store, *by);
        sleep(3 * SECOND).await;
        assert_eq!(store.spec()["holderIdentity"], "one", "a stranger {what}");
        assert_eq!(store.spec()["leaseDurationSeconds"], 15, "a stranger {what}");
        sleep(60 * SECOND).await;
        assert!(one.door.may_write() && !two.door.may_write(), "a stranger {what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_made_anew_goes_on_counting() {
    let store = Store::default();
    store.write(json!({ "holderIdentity": "", "leaseTransitions": 6 }));
    let one = start(&store, "one");
    until(|| one.door.epoch() == 7).await;
    store.delete();
    until(|| store.spec()["holderIdentity"] == "one").await;
    assert_eq!((one.door.epoch(), &store.spec()["leaseTransitions"]), (7, &json!(7)));
}

#[tokio::test(start_paused = true)]
async fn what_a_stranger_did_to_a_dead_leaders_lease_keeps_nobody_waiting_for_long() {
    for (what, by) in CHANGES {
        let store = Store::default();
        let one = start(&store, "one");
        until(|| one.door.may_write()).await;
        let two = start(&store, "two");
        sleep(5 * SECOND).await;
        one.line.set(Fault::Cut);
        change(&store, *by);
        until(|| !one.door.may_write()).await;
        let waited = until(|| two.door.may_write()).await;
        assert!(waited <= 50 * SECOND, "a stranger {what}: {waited:?}");
    }
}
