use super::{Events, get, ground, names};
use self_healing_sim::service::View;
use std::time::Duration;
use tokio::time::Instant;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test(start_paused = true)]
async fn lists_show_an_earlier_state_for_a_while() {
    let ground = ground();
    ground.map("a", "1");
    let version = ground.cluster.version();
    ground.map("b", "1");
    let until = Instant::now() + Duration::from_secs(10);
    ground.api.show(View { version, until });
    let (_, stale) = get(&ground.api, MAPS).await;
    assert_eq!(
        (names(&stale), stale["metadata"]["resourceVersion"].as_str()),
        (vec!["a"], Some(version.to_string().as_str()))
    );
    assert_eq!(get(&ground.api, &format!("{MAPS}/b")).await.0, 200, "a live read is live");
    assert_eq!(get(&ground.api, &format!("{MAPS}/b?resourceVersion=0")).await.0, 404);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(names(&get(&ground.api, MAPS).await.1), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn watches_are_held_back_for_a_while() {
    let ground = ground();
    ground.map("a", "1");
    let version = ground.cluster.version();
    ground.map("b", "1");
    let start = Instant::now();
    ground.api.show(View { version, until: start + Duration::from_secs(10) });
    let from = Events::open(&ground.api, &format!("{MAPS}?watch=1&resourceVersion={version}")).await;
    let new = Events::open(&ground.api, &format!("{MAPS}?watch=1&allowWatchBookmarks=true")).await;
    ground.map("c", "1");
    for (mut watch, first) in [(from, vec![]), (new, vec!["ADDED a", "BOOKMARK"])] {
        assert_eq!(watch.take(first.len()).await, first);
        assert_eq!(watch.take(2).await, ["ADDED b", "ADDED c"]);
        assert_eq!(start.elapsed().as_secs(), 10);
    }
}
