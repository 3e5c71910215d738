use super::*;
use self_healing_core::time::Stamp;

fn at(seconds: u64) -> Now {
    Now { tick: Tick(seconds * 1000), stamp: Stamp(1_700_000_000_000 + i64::try_from(seconds).unwrap() * 1000) }
}

fn rows(all: &[(&str, &str)]) -> Rows {
    all.iter().map(|(key, row)| ((*key).to_owned(), (*row).to_owned())).collect()
}

/// The next event, as its name, its id and its data.
async fn next(listener: &mut Listener) -> (String, Option<String>, serde_json::Value) {
    let event = tokio::time::timeout(Duration::from_secs(5), listener.next()).await.unwrap().unwrap();
    let text = String::from_utf8(event.to_vec()).unwrap();
    assert!(text.ends_with("\n\n") && text.trim_end().lines().count() <= 3, "{text}");
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    (field("event: ").unwrap(), field("id: "), serde_json::from_str(&field("data: ").unwrap()).unwrap())
}

fn is_silent(listener: &mut Listener) -> bool {
    futures::FutureExt::now_or_never(listener.next()).is_none()
}

#[tokio::test]
async fn the_whole_board_comes_first_and_then_what_changes() {
    let broadcast = Broadcast::new();
    let mut listener = broadcast.listen(None).unwrap();
    broadcast.wanted().await;
    assert!(is_silent(&mut listener), "nothing was told yet");
    broadcast.tell(at(1), rows(&[("a", "1"), ("b\"\n", "2")]));
    let (name, id, data) = next(&mut listener).await;
    assert_eq!((name.as_str(), &data["set"]), ("whole", &serde_json::json!({"a": 1, "b\"\n": 2})));
    assert_eq!(data["at"], "2023-11-14T22:13:21Z");
    assert!(id.is_some());
    broadcast.tell(at(2), rows(&[("a", "3"), ("c", "4")]));
    let (name, _, data) = next(&mut listener).await;
    assert_eq!((name.as_str(), &data["set"]), ("rows", &serde_json::json!({"a": 3, "c": 4})));
    assert_eq!(data["gone"], serde_json::json!(["b\"\n"]));
    assert!(is_silent(&mut listener));
}

#[tokio::test]
async fn who_comes_back_is_told_what_it_missed() {
    let broadcast = Broadcast::new();
    let mut listener = broadcast.listen(None).unwrap();
    broadcast.tell(at(1), rows(&[("a", "1")]));
    let (_, id, _) = next(&mut listener).await;
    drop(listener);
    broadcast.tell(at(2), rows(&[("a", "2")]));
    let mut back = broadcast.listen(id.as_deref()).unwrap();
    let (name, newer, data) = next(&mut back).await;
    assert_eq!((name.as_str(), &data["set"]), ("rows", &serde_json::json!({"a": 2})));
    drop(back);
    for strange in ["", "1", "1.1", "x.y", "-1.-1"] {
        let mut other = broadcast.listen(Some(strange)).unwrap();
        assert!(is_silent(&mut other), "{strange}: it waits for a fresh board");
        broadcast.tell(at(3), rows(&[("a", "2")]));
        assert_eq!(next(&mut other).await.0, "whole", "{strange}");
    }
    broadcast.rest(at(3).tick);
    broadcast.state().heard = Some(at(3).tick);
    broadcast.rest(at(64).tick);
    assert!(broadcast.state().next(&mut super::board::Place::Waiting).is_none(), "nothing is kept for nobody");
    let mut late = broadcast.listen(newer.as_deref()).unwrap();
    broadcast.tell(at(65), rows(&[("a", "2")]));
    assert_eq!(next(&mut late).await.0, "whole");
}

#[tokio::test]
async fn who_reads_slowly_costs_nothing_and_gets_the_whole_again() {
    let broadcast = Broadcast::new();
    let mut slow = broadcast.listen(None).unwrap();
    broadcast.tell(at(1), rows(&[("a", "0")]));
    assert_eq!(next(&mut slow).await.0, "whole");
    let long = "9".repeat(10_000);
    for number in 0..200 {
        broadcast.tell(at(2), rows(&[("a", &format!("\"{number}{long}\""))]));
    }
    let (name, _, data) = next(&mut slow).await;
    assert_eq!(name, "whole");
    assert!(data["set"]["a"].as_str().unwrap().starts_with("199"));
    assert!(is_silent(&mut slow));
}

#[tokio::test]
async fn a_large_board_comes_in_parts_of_which_the_last_has_the_number() {
    let broadcast = Broadcast::new();
    let mut listener = broadcast.listen(None).unwrap();
    let many: Rows =
        (0..5000).map(|n| (format!("node/{n:05}"), "{\"zone\":\"a\",\"light\":\"well\"}".into())).collect();
    broadcast.tell(at(1), many.clone());
    let mut seen = 0;
    loop {
        let (name, id, data) = next(&mut listener).await;
        assert_eq!(name == "whole", seen == 0);
        assert!(data.to_string().len() < 40_000);
        seen += data["set"].as_object().unwrap().len();
        if seen < 5000 {
            assert_eq!(id, None);
            continue;
        }
        assert!(id.is_some());
        break;
    }
    broadcast.tell(at(2), many);
    let (_, _, data) = next(&mut listener).await;
    assert_eq!(data["set"], serde_json::json!({}), "a beat says the time alone");
}

#[tokio::test]
async fn there_are_so_many_slots_and_no_more() {
    let broadcast = Broadcast::new();
    assert!(!broadcast.is_heard());
    let mut all: Vec<Listener> = (0..LISTENERS).map(|_| broadcast.listen(None).unwrap()).collect();
    assert_eq!(broadcast.listen(None).unwrap_err(), Full);
    all.pop();
    let mut last = broadcast.listen(None).unwrap();
    broadcast.close();
    assert_eq!(last.next().await, None);
}
