use super::{get, ground, names};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn pages_show_the_version_of_the_first() {
    let ground = ground();
    for name in ["a", "b", "c"] {
        ground.map(name, "1");
    }
    let (_, first) = get(&ground.api, &format!("{MAPS}?limit=2")).await;
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a", "b"], &json!(1)));
    assert!(first["items"][0].get("kind").is_none(), "the list says it");
    ground.map("d", "1");
    ground.hand.delete("configmaps", "default", "c", &Default::default()).unwrap();
    let next = format!("{MAPS}?limit=2&continue={}", text(&first["metadata"]["continue"]));
    let (_, second) = get(&ground.api, &next).await;
    assert_eq!(
        (names(&second), &second["metadata"]["resourceVersion"]),
        (vec!["c"], &first["metadata"]["resourceVersion"])
    );
    assert_eq!(get(&ground.api, &format!("{next}&resourceVersion=5")).await.0, 400);
    assert_eq!(get(&ground.api, &format!("{MAPS}?continue=nonsense")).await.0, 400);
    ground.cluster.state().store.compact();
    let (status, expired) = get(&ground.api, &next).await;
    assert_eq!((status, &expired["reason"]), (410, &json!("Expired")));
    let next = format!("{MAPS}?limit=2&continue={}", text(&expired["metadata"]["continue"]));
    assert_eq!(names(&get(&ground.api, &next).await.1), ["d"], "it may go on with what is there by now");
}

#[tokio::test(start_paused = true)]
async fn selectors_narrow_a_list() {
    let ground = ground();
    ground.map("a", "1");
    ground.map("b", "2");
    assert_eq!(names(&get(&ground.api, &format!("{MAPS}?labelSelector=n%20in%20(1,3)")).await.1), ["a"]);
    assert_eq!(names(&get(&ground.api, "/api/v1/configmaps?fieldSelector=metadata.name%3Db").await.1), ["b"]);
    let (status, wrong) = get(&ground.api, &format!("{MAPS}?fieldSelector=spec.x%3Db")).await;
    let words = r#""spec.x" is not a known field selector: only "metadata.name", "metadata.namespace""#;
    assert_eq!((status, &wrong["message"]), (400, &json!(words)));
    let (_, limited) = get(&ground.api, &format!("{MAPS}?labelSelector=n&limit=1")).await;
    assert!(limited["metadata"].get("remainingItemCount").is_none(), "unknown under a selector");
    let page = format!("{MAPS}?labelSelector=n%3D1&limit=1");
    let (_, first) = get(&ground.api, &page).await;
    let next = text(&first["metadata"]["continue"]);
    let (_, second) = get(&ground.api, &format!("{page}&continue={next}")).await;
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["a"], vec![]),
        "nobody looks ahead whether the others are selected"
    );
}

#[tokio::test(start_paused = true)]
async fn a_version_may_be_exact() {
    let ground = ground();
    let first = ground.map("a", "1");
    ground.map("b", "1");
    let version = text(&first["metadata"]["resourceVersion"]);
    let exact = format!("{MAPS}?resourceVersion={version}&resourceVersionMatch=Exact");
    let (_, then) = get(&ground.api, &exact).await;
    assert_eq!(
        (names(&then), &then["metadata"]["resourceVersion"]),
        (vec!["a"], &first["metadata"]["resourceVersion"])
    );
    let (_, now) =
        get(&ground.api, &format!("{MAPS}?resourceVersion={version}&resourceVersionMatch=NotOlderThan")).await;
    assert_eq!(names(&now), ["a", "b"]);
    assert_eq!(
        names(&get(&ground.api, &format!("{MAPS}?resourceVersion={version}&limit=9")).await.1),
        ["a"],
        "as it was before there was a word for it"
    );
    ground.cluster.state().store.compact();
    ground.map("c", "1");
    assert_eq!(get(&ground.api, &exact).await.0, 410);
}

#[tokio::test(start_paused = true)]
async fn a_version_of_the_future_is_waited_for_a_little() {
    let ground = ground();
    let start = Instant::now();
    let (status, late) = get(&ground.api, &format!("{MAPS}?resourceVersion=999")).await;
    assert_eq!((status, &late["details"]["causes"][0]["reason"]), (504, &json!("ResourceVersionTooLarge")));
    assert_eq!(start.elapsed().as_secs(), 3);
    let soon = ground.cluster.version() + 1;
    let api = ground.api.clone();
    let waiting = tokio::spawn(async move { get(&api, &format!("{MAPS}?resourceVersion={soon}")).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    ground.map("a", "1");
    assert_eq!(names(&waiting.await.unwrap().1), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn options_that_do_not_go_together_are_refused() {
    let api = ground().api;
    for query in [
        "resourceVersionMatch=Exact",
        "resourceVersionMatch=Exact&resourceVersion=0",
        "resourceVersionMatch=Other&resourceVersion=1",
        "sendInitialEvents=true",
    ] {
        assert_eq!(get(&api, &format!("{MAPS}?{query}")).await.0, 422, "{query}");
    }
    assert_eq!(get(&api, &format!("{MAPS}?resourceVersion=x")).await.0, 400);
    assert_eq!(get(&api, &format!("{MAPS}?limit=x")).await.0, 400);
    assert_eq!(get(&api, &format!("{MAPS}?watch=1&sendInitialEvents=true")).await.0, 422);
}
