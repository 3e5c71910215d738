//! A thousand runs have to fit into memory: what one needed is free when it is over.
#![allow(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use self_healing_story::Story;
use self_healing_trial::world::{Make, World};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn nothing_of_a_world_outlives_its_run() {
    let story = Story::parse(Path::new("x.story"), "Nothing happens\n\nstory\n  60  end\n").unwrap();
    let cluster = Arc::new(());
    let held = cluster.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let report = runtime.block_on(async move {
        let make = Make { seed: 1, settings: Vec::new(), messages: true, plan: Vec::new() };
        let mut world = World::new(&make).unwrap();
        world.cluster().add_witness(Box::new(move |_, _| assert!(Arc::strong_count(&held) > 0)));
        world.start(2);
        tokio::time::sleep(Duration::from_secs(60)).await;
        world.end(&story)
    });
    drop(runtime);
    assert!(report.commits > 40, "{}", report.commits);
    assert_eq!(Arc::strong_count(&cluster), 1, "the cluster's store is still there");
}
