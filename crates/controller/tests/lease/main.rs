//! Leader election on a store in memory, in virtual time.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod random;
mod store;
mod strangers;

use self_healing_controller::lease::{Door, Elector, Timing};
use self_healing_controller::outside::Wall;
use serde_json::json;
use std::time::Duration;
use store::{Fault, Line, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// A running controller.
struct Candidate {
    door: Door,
    changes: mpsc::UnboundedReceiver<bool>,
    line: Line,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn start(store: &Store, name: &str) -> Candidate {
    let (client, line) = store.client();
    let (elector, door, changes) = Elector::new(client, "healing", name.to_owned(), Timing::default(), Wall::system());
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(elector.run(async move {
        let _ = stopped.await;
    }));
    Candidate { door, changes, line, stop, task }
}

/// Waits until `done`, and says how long that took; fails after a virtual minute.
async fn until(mut done: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < 60 * SECOND, "not within a minute");
        sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_first_candidate_leads_at_once_and_keeps_leading() {
    let store = Store::default();
    let mut one = start(&store, "one");
    assert!(until(|| one.door.may_write()).await < SECOND);
    assert_eq!(one.changes.recv().await, Some(true));
    for _ in 0..600 {
        sleep(SECOND).await;
        assert!(one.door.may_write());
        assert!(one.door.time_left() <= 10 * SECOND);
    }
    assert!(one.changes.try_recv().is_err(), "leadership never changed");
    let spec = store.spec();
    assert_eq!((&spec["holderIdentity"], &spec["leaseDurationSeconds"]), (&json!("one"), &json!(15)));
    assert!(store.requests() < 700, "a renewal is one request: {}", store.requests());
}

#[tokio::test(start_paused = true)]
async fn a_second_candidate_follows() {
    let store = Store::default();
    let one = start(&store, "one");
    until(|| one.door.may_write()).await;
    let mut two = start(&store, "two");
    sleep(600 * SECOND).await;
    assert!(one.door.may_write() && !two.door.may_write());
    assert!(two.changes.try_recv().is_err());
    assert_eq!(two.door.trouble(), None, "to follow is no trouble");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_to_hand_over_stops_at_once_and_another_leads() {
    let store = Store::default();
    let one = start(&store, "one");
    until(|| one.door.may_write()).await;
    let two = start(&store, "two");
    assert!(!two.door.hand_over(), "one that follows has nothing to hand over");
    sleep(5 * SECOND).await;
    assert!(one.door.hand_over());
    assert!(until(|| !one.door.may_write()).await < SECOND);
    let gap = until(|| two.door.may_write()).await;
    assert!((8 * SECOND..=12 * SECOND).contains(&gap), "writes under way have ended before: {gap:?}");
    sleep(100 * SECOND).await;
    assert!(two.door.may_write() && !one.door.may_write(), "it is not taken back");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_nobody_takes_over_from_leads_again() {
    let store = Store::default();
    let mut one = start(&store, "one");
    until(|| one.door.may_write()).await;
    assert!(one.door.hand_over());
    until(|| !one.door.may_write()).await;
    let gap = until(|| one.door.may_write()).await;
    assert!(gap >= 20 * SECOND, "others had the time that they need: {gap:?}");
    assert_eq!(
        [one.changes.recv().await, one.changes.recv().await, one.changes.recv().await],
        [Some(true), Some(false), Some(true)]
    );
    sleep(100 * SECOND).await;
    assert!(one.door.may_write(), "it was asked once");
    assert!(!Door::always_open().hand_over(), "without election there is nobody else");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_stops_before_another_may_start() {
    for fault in [Fault::Cut, Fault::Answers(503), Fault::Answers(409), Fault::RefusesWrites(500)] {
        let store = Store::default();
        let mut one = start(&store, "one");
        until(|| one.door.may_write()).await;
        let two = start(&store, "two");
        sleep(5 * SECOND).await;
        one.line.set(fault);
        let closed = until(|| !one.door.may_write()).await;
        assert!(closed <= 7 * SECOND, "{fault:?}: closed after {closed:?}");
        assert_eq!(one.changes.recv().await, Some(true));
        assert_eq!(one.changes.recv().await, Some(false), "{fault:?}: the loss is told");
        assert!(!two.door.may_write(), "{fault:?}: the other still waits");
        let gap = until(|| two.door.may_write()).await;
        assert!(gap >= 5 * SECOND && gap <= 12 * SECOND, "{fault:?}: taken over after {gap:?}");
        assert_eq!(two.door.epoch(), 1, "{fault:?}");
        assert!(one.door.trouble().is_some(), "{fault:?}: says why");
    }
}

#[tokio::test(start_paused = true)]
async fn the_loss_is_told_in_time_even_while_a_request_hangs() {
    // Each name waits differently between its tries, so that some of them hang at the deadline.
    for name in ["one", "two", "three", "four", "five", "six", "seven", "eight"] {
        let store = Store::default();
        let mut one = start(&store, name);
        until(|| one.door.may_write()).await;
        assert_eq!(one.changes.recv().await, Some(true));
        one.line.set(Fault::Mute);
        let before = Instant::now();
        assert_eq!(one.changes.recv().await, Some(false));
        assert!(before.elapsed() <= 7 * SECOND, "{name}: told after {:?}", before.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_process_finds_the_door_closed_when_it_wakes() {
    let store = Store::default();
    let (client, _line) = store.client();
    let (elector, door, mut changes) =
        Elector::new(client, "healing", "one".to_owned(), Timing::default(), Wall::system());
    let mut run = Box::pin(elector.run(std::future::pending()));
    tokio::select! {
        () = &mut run => unreachable!(),
        _ = until(|| door.may_write()) => {}
    }
    // Nothing of the elector runs from here on, as after SIGSTOP.
    advance(6 * SECOND).await;
    assert!(door.may_write());
    advance(SECOND + Duration::from_millis(1)).await;
    assert!(!door.may_write(), "closed by the clock alone");
    assert_eq!(door.time_left(), Duration::ZERO);
    store.write(json!({"holderIdentity": "two", "leaseDurationSeconds": 15, "leaseTransitions": 1}));
    tokio::select! {
        () = &mut run => unreachable!(),
        () = sleep(5 * SECOND) => {}
    }
    assert!(!door.may_write(), "another holds it now");
    assert_eq!((changes.recv().await, changes.recv().await), (Some(true), Some(false)));
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_other_does_not_matter() {
    for renewed in ["2001-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"] {
        let store = Store::default();
        store.write(
            json!({"holderIdentity": "gone", "leaseDurationSeconds": 15, "leaseTransitions": 7, "renewTime": renewed}),
        );
        let one = start(&store, "one");
        let waited = until(|| one.door.may_write()).await;
        assert!(waited >= 15 * SECOND && waited <= 17 * SECOND, "renewTime {renewed}: taken after {waited:?}");
        assert_eq!(one.door.epoch(), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_holder_is_left_alone_however_odd_its_times_are() {
    let store = Store::default();
    let one = start(&store, "one");
    for beat in 0..100 {
        store.write(
            json!({"holderIdentity": "odd", "leaseDurationSeconds": 15, "renewTime": format!("beat {}", beat % 2)}),
        );
        sleep(10 * SECOND).await;
        assert!(!one.door.may_write());
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_hands_over_within_one_retry_period() {
    let store = Store::default();
    let mut one = start(&store, "one");
    until(|| one.door.may_write()).await;
    let two = start(&store, "two");
    sleep(20 * SECOND).await;
    one.stop.send(()).unwrap();
    one.task.await.unwrap();
    assert!(!one.door.may_write());
    let spec = store.spec();
    assert_eq!((&spec["holderIdentity"], &spec["leaseDurationSeconds"]), (&json!(""), &json!(1)));
    assert!(until(|| two.door.may_write()).await <= 2 * SECOND);
    assert_eq!((one.changes.recv().await, one.changes.recv().await), (Some(true), Some(false)));
    assert_eq!(two.door.epoch(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_stops_leaves_the_lease_alone() {
    let store = Store::default();
    let one = start(&store, "one");
    until(|| one.door.may_write()).await;
    let two = start(&store, "two");
    sleep(20 * SECOND).await;
    two.stop.send(()).unwrap();
    two.task.await.unwrap();
    assert_eq!(store.spec()["holderIdentity"], "one");
    assert!(one.door.may_write());
}

#[tokio::test(start_paused = true)]
async fn shutting_down_without_an_api_server_ends_in_time() {
    let store = Store::default();
    let one = start(&store, "one");
    until(|| one.door.may_write()).await;
    one.line.set(Fault::Cut);
    let before = Instant::now();
    one.stop.send(()).unwrap();
    one.task.await.unwrap();
    assert!(before.elapsed() <= 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_it_follows_and_says_what_is_missing() {
    for fault in [Fault::Answers(403), Fault::RefusesWrites(403)] {
        let store = Store::default();
        let (client, line) = store.client();
        line.set(fault);
        let (elector, door, _changes) =
            Elector::new(client, "healing", "one".to_owned(), Timing::default(), Wall::system());
        let task = tokio::spawn(elector.run(std::future::pending()));
        sleep(60 * SECOND).await;
        assert!(!door.may_write());
        let trouble = door.trouble().unwrap();
        assert!(trouble.contains("leases.coordination.k8s.io") && trouble.contains("healing"), "{trouble}");
        line.set(Fault::Fine);
        until(|| door.may_write()).await;
        assert_eq!(door.trouble(), None);
        task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_read_again_instead_of_losing_the_lease() {
    let store = Store::default();
    let mut one = start(&store, "one");
    until(|| one.door.may_write()).await;
    one.line.set(Fault::Mute);
    sleep(4 * SECOND).await;
    one.line.set(Fault::Fine);
    for _ in 0..60 {
        sleep(SECOND).await;
        assert!(one.door.may_write());
    }
    assert_eq!(one.changes.recv().await, Some(true));
    assert!(one.changes.try_recv().is_err());
    assert_eq!(one.door.epoch(), 0);
}

#[tokio::test(start_paused = true)]
async fn fields_of_others_in_the_lease_are_kept() {
    let store = Store::default();
    store.write(json!({"holderIdentity": "", "strategy": "OldestEmulationVersion", "leaseTransitions": 3}));
    let one = start(&store, "one");
    until(|| one.door.may_write()).await;
    assert_eq!(store.spec()["strategy"], "OldestEmulationVersion");
    assert_eq!(store.spec()["leaseTransitions"], 4);
}

#[tokio::test(start_paused = true)]
async fn an_emptied_lease_that_is_won_again_counts_as_a_new_leadership() {
    let store = Store::default();
    let mut one = start(&store, "one");
    until(|| one.door.may_write()).await;
    sleep(5 * SECOND).await;
    store.write(json!({"holderIdentity": "", "leaseTransitions": 5}));
    until(|| one.door.epoch() == 6).await;
    let told = [one.changes.recv().await, one.changes.recv().await, one.changes.recv().await];
    assert_eq!(told, [Some(true), Some(false), Some(true)]);
}

#[tokio::test(start_paused = true)]
async fn without_election_the_door_is_open() {
    let door = Door::always_open();
    advance(100_000 * SECOND).await;
    assert!(door.may_write());
}
