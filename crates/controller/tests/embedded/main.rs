//! The whole controller on a world in its own process, in virtual time.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use self_healing_controller::log::Log;
use self_healing_controller::run::{Launch, run};
use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use world::{LEASE, POD, World};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Runs a controller until it is aborted.
fn start(launch: Launch) -> JoinHandle<()> {
    tokio::spawn(async move { run(launch, &Log::silent(), pending()).await.unwrap() })
}

#[tokio::test(start_paused = true)]
async fn it_heals_tells_and_hands_its_lease_over() {
    let world = World::with_a_failed_pod();
    let (stop, stopped) = oneshot::channel();
    let launch = world.launch("one", 1);
    let task = tokio::spawn(async move { run(launch, &Log::silent(), async { drop(stopped.await) }).await });
    sleep(2 * MINUTE).await;
    assert_eq!(world.object(POD), None, "the failed pod is replaced: {:#?}", world.asked());
    let delete = world.asked().into_iter().find(|line| line.contains("DELETE")).unwrap();
    assert!(delete.contains(POD) && delete.contains("u-web-1"), "{delete}");
    assert!(world.object(LEASE).unwrap()["spec"]["holderIdentity"].as_str().unwrap().starts_with("one_"));
    let renewed = world.object(LEASE).unwrap()["spec"]["renewTime"].to_string();
    assert!(renewed.starts_with("\"2026-01-01T00:0"), "the world's own wall clock: {renewed}");
    assert!(!world.told().is_empty(), "the receiver heard of it");
    stop.send(()).unwrap();
    task.await.unwrap().unwrap();
    assert_eq!(world.object(LEASE).unwrap()["spec"]["holderIdentity"], "");
}

/// Aborts a controller `after` its start, and waits an hour for signs of life. `cut` is when its connections end before.
async fn dies(after: Duration, cut: Option<Duration>) {
    let world = World::with_a_failed_pod();
    let task = start(world.launch("one", 1));
    sleep(cut.unwrap_or_default()).await;
    world.cut(cut.is_some());
    sleep(after - cut.unwrap_or_default()).await;
    world.cut(false);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let before = (world.asked().len(), world.told().len());
    sleep(HOUR).await;
    let (asked, told) = (world.asked(), world.told());
    assert_eq!((asked.len(), told.len()), before, "aborted after {after:?}: {:#?}", &asked[before.0..]);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_controller_never_asks_again() {
    let world = World::with_a_failed_pod();
    let task = start(world.launch("one", 1));
    sleep(2 * MINUTE).await;
    task.abort();
    // While each of its requests is under way.
    let at = |line: &String| line.split(' ').next().unwrap().parse::<u64>().unwrap();
    let moments: BTreeSet<u64> = world.asked().iter().map(at).collect();
    assert!(moments.len() > 50, "{moments:?}");
    for moment in moments {
        dies(Duration::from_millis(moment + 1), None).await;
    }
    // When it has read its configuration and everything else is tried again and again.
    dies(MINUTE, Some(Duration::from_millis(2))).await;
}

#[tokio::test(start_paused = true)]
async fn another_takes_over_in_the_same_process() {
    let world = World::with_a_failed_pod();
    let one = start(world.launch("one", 1));
    sleep(Duration::from_secs(1)).await;
    let _two = start(world.launch("two", 2));
    let holder = || world.object(LEASE).unwrap()["spec"]["holderIdentity"].as_str().unwrap().to_owned();
    sleep(MINUTE).await;
    assert!(holder().starts_with("one_"));
    one.abort();
    sleep(MINUTE).await;
    assert!(holder().starts_with("two_"));
}

/// What a controller asks in ten minutes, with a minute without connections.
async fn asked(seed: u64) -> Vec<String> {
    let world = World::with_a_failed_pod();
    let task = start(world.launch("one", seed));
    sleep(2 * MINUTE).await;
    world.cut(true);
    sleep(MINUTE).await;
    world.cut(false);
    sleep(7 * MINUTE).await;
    task.abort();
    world.asked()
}

#[test]
fn one_seed_gives_one_row_of_requests() {
    let life = |seed| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(asked(seed))
    };
    let one = life(7);
    assert!(one.len() > 300, "{}", one.len());
    for _ in 0..3 {
        let again = life(7);
        let first = one.iter().zip(&again).find(|(one, again)| one != again);
        assert_eq!((first, again.len()), (None, one.len()));
    }
    assert_ne!(life(8), one);
}
