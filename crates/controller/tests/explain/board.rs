//! What the page shows at a glance, and that it is what the guards say.

use crate::after;
use crate::town::{SHOP, Town, name};
use self_healing_sim::actor::{Behaviour, Look};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// The row of this key; null when there is none.
async fn row(town: &Town, key: &str) -> Value {
    let (_, rows) = town.desk.board().await.unwrap();
    rows.get(key).map_or(Value::Null, |row| serde_json::from_str(row).unwrap())
}

async fn light(town: &Town, node: &str) -> String {
    row(town, &format!("node/{node}")).await["light"].as_str().unwrap().to_owned()
}

/// The rows whose keys begin so.
async fn all(town: &Town, begin: &str) -> Vec<Value> {
    let (_, rows) = town.desk.board().await.unwrap();
    let of = rows.iter().filter(|(key, _)| key.starts_with(begin));
    of.map(|(_, row)| serde_json::from_str(row).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn nodes_have_the_light_that_fits_and_the_breaker_its_gauge() {
    let town = Town::with(&[]).await;
    town.hand.patch("nodes", "", "node-5", &json!({ "spec": { "unschedulable": true } })).unwrap();
    after(2).await;
    assert_eq!((light(&town, "node-1").await, light(&town, "node-5").await), ("well".into(), "cordoned".into()));
    assert_eq!(row(&town, "gauge/max_unhealthy_nodes/").await["used"], 0);
    for node in ["node-1", "node-2", "node-3"] {
        town.levers().silence(node, Look::Silent);
    }
    after(60).await;
    assert_eq!(light(&town, "node-2").await, "suspected");
    after(90).await;
    assert_eq!(light(&town, "node-2").await, "held");
    let gauge = row(&town, "gauge/max_unhealthy_nodes/").await;
    assert!(gauge["used"] == 3 && gauge["limit"].as_u64().unwrap() < 3, "{gauge}");
    let cards = all(&town, "recovery/").await;
    assert_eq!(cards.len(), 3, "{cards:#?}");
    for card in cards {
        assert_eq!((&card["phase"], &card["held"]["guard"]), (&json!("Held"), &json!("Breaker")), "{card:#}");
        assert!(card["next"].as_str().unwrap().starts_with("Breaker is asked again on every change"), "{card:#}");
    }
    assert_eq!(row(&town, "head").await["mode"], "Enforce");
    assert_eq!(row(&town, "total").await["recoveries"], 3);
    assert!(all(&town, "watch/").await.iter().all(|watch| watch["current"] == true));
}

#[tokio::test(start_paused = true)]
async fn pods_that_fail_alike_are_one_trouble_and_a_hold_has_its_end() {
    let town = Town::with(&[("recoveries_per_minute", "1")]).await;
    let (first, second) = (town.pod("cart"), town.pod("web"));
    for pod in [first, second] {
        town.levers().pod(SHOP, &pod, Behaviour::Fails { exit: 137, reason: "Evicted".to_owned() }).unwrap();
        after(4).await;
    }
    assert_eq!(row(&town, "gauge/recoveries_per_minute/").await["used"], 1);
    let trouble = row(&town, "trouble/Deployment/shop/web").await;
    assert_eq!((&trouble["causes"][0], &trouble["found"]), (&json!("Failed"), &json!(true)), "{trouble:#}");
    let cards = all(&town, "recovery/").await;
    let held = cards.iter().find(|card| card["held"]["guard"] == "Budget").unwrap();
    assert!(held["held"]["until"].as_str().is_some(), "{held:#}");
    after(120).await;
    assert_eq!(all(&town, "recovery/").await.len() + all(&town, "trouble/").await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_shown_without_what_was_saved_of_a_pod() {
    let town = Town::with(&[]).await;
    let environment = json!([{ "name": "TOKEN", "value": "hidden" }]);
    let container = json!({ "name": "bare", "image": "registry.example/bare:1", "env": environment });
    let pod = json!({ "metadata": { "name": "bare" }, "spec": { "containers": [container] } });
    town.hand.create("pods", SHOP, &pod).unwrap();
    after(10).await;
    town.levers().pod(SHOP, "bare", Behaviour::Fails { exit: 1, reason: "Evicted".to_owned() }).unwrap();
    // It is kept from before the deletion until the pod runs again.
    let stored = loop {
        sleep(Duration::from_millis(5)).await;
        let saved = town.recoveries().into_iter().find(|stored| stored["status"]["savedManifest"].is_string());
        if let Some(stored) = saved {
            break stored;
        }
    };
    assert!(stored.to_string().contains("hidden"));
    let shown = town.desk.record(name(&stored)).await.unwrap().unwrap();
    let text = serde_json::to_string(&shown).unwrap();
    assert_eq!((shown.explanation.standing.as_str(), shown.similar.len()), ("Unknown", 0), "it is deleted: {text}");
    assert!(text.contains(&name(&stored)) && !text.contains("savedManifest") && !text.contains("hidden"), "{text}");
    let (_, rows) = town.desk.board().await.unwrap();
    assert!(rows.values().all(|row| !row.contains("hidden")));
    let history = town.desk.history().await.unwrap();
    assert_eq!((history.total, &history.recoveries[0].name), (1, &name(&stored)));
    assert!(town.desk.record("none".to_owned()).await.unwrap().is_none());
}
