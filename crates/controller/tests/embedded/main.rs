//! The whole controller on a world in its own process, in virtual time.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use self_healing_controller::log::Log;
use self_healing_controller::run::{Launch, run};
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

#[tokio::test(start_paused = true)]
async fn an_aborted_controller_never_asks_again() {
    // At each of these moments something else is under way.
    for after in [1, 2, 4, 5, 10, 100, 1_000, 29_000, 31_000, 33_010, 65_000] {
        let world = World::with_a_failed_pod();
        let task = start(world.launch("one", 1));
        sleep(Duration::from_millis(after)).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let before = (world.asked().len(), world.told().len());
        assert!(before.0 > 0);
        sleep(HOUR).await;
        let (asked, told) = (world.asked(), world.told());
        assert_eq!((asked.len(), told.len()), before, "aborted after {after} ms: {:#?}", &asked[before.0..]);
    }
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
