//! PagerDuty, webhook, Teams and Alertmanager as seen from the other side: what arrives, by their own documented rules.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod letters;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use secrecy::SecretString;
use self_healing_api::keys::Config;
use self_healing_controller::config::Secrets;
use self_healing_controller::notify::{Letter, TIMEOUT};
use self_healing_controller::outside::Outside;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::names::{Channel, Phase};
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What arrived: headers and body.
type Got = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that takes everything; its address, and what it got.
async fn receiver() -> (String, Got) {
    async fn take(State(got): State<Got>, headers: HeaderMap, body: Bytes) -> axum::http::StatusCode {
        got.lock().unwrap().push((headers, body));
        axum::http::StatusCode::ACCEPTED
    }
    let got = Got::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/canary", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(got.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, got)
}

/// The same Recovery once it is over.
fn over(phase: Phase) -> Recovery {
    let mut about = letters::recovery();
    about.status.phase = Some(phase);
    about.status.message = "as it ended".to_owned();
    about.status.recovery_seconds = Some(12);
    about.status.finished_at = Some(Stamp(1_700_000_013_000));
    about
}

/// Sends the opening and what follows; gives what arrived.
async fn told(channel: Channel, secrets: Secrets, pagerduty_url: &str, got: &Got) -> Vec<(HeaderMap, Bytes)> {
    let defaults = letters::config();
    let pagerduty_url =
        if pagerduty_url.is_empty() { defaults.pagerduty_url.clone() } else { pagerduty_url.parse().unwrap() };
    let config = Config { notification_insecure: true, pagerduty_url, ..defaults };
    let notifier = letters::open(&[channel], (&config, &secrets), TIMEOUT, &Outside::system()).unwrap();
    let life = [
        (letters::recovery(), "opened"),
        (over(Phase::Escalated), "outcome"),
        (over(Phase::Escalated), "resolved"),
        (over(Phase::Succeeded), "outcome"),
    ];
    for (about, key) in &life {
        let outcome = notifier.tell(channel, &Letter { about, key, cluster: "prod" }).await;
        assert_eq!(outcome, Outcome::Done(Answer::Nothing), "{key}");
    }
    got.lock().unwrap().clone()
}

fn json_of(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn pagerduty_gets_one_alert_that_is_triggered_updated_and_resolved() {
    let (url, got) = receiver().await;
    let secrets = Secrets {
        pagerduty_routing_key: Some(SecretString::from("R".repeat(32))),
        runbook_url: Some(SecretString::from("https://wiki.example/runbooks")),
        ..Secrets::default()
    };
    let events: Vec<Value> =
        told(Channel::PagerDuty, secrets, &url, &got).await.iter().map(|(_, body)| json_of(body)).collect();
    let actions: Vec<&Value> = events.iter().map(|event| &event["event_action"]).collect();
    assert_eq!(actions, ["trigger", "trigger", "resolve", "resolve"]);
    for event in &events {
        assert_eq!((&event["routing_key"], &event["dedup_key"]), (&json!("R".repeat(32)), &json!("prod/u1/CrashLoop")));
        assert!(!event.to_string().contains("manifest"), "{event}");
    }
    let payload = &events[0]["payload"];
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["source"], "prod");
    assert_eq!(payload["component"], "Pod/web-1");
    assert_eq!(payload["group"], "shop");
    assert_eq!(payload["class"], "CrashLoop");
    assert_eq!(payload["timestamp"], "2023-11-14T22:13:21Z");
    assert_eq!(payload["summary"], "[prod] CrashLoop: Pod shop/web-1: <!channel> & more");
    assert_eq!(events[1]["payload"]["custom_details"]["Result"], "Escalated after 12 s: as it ended");
    let links = json!([{ "href": "https://wiki.example/runbooks#crashloop", "text": "Runbook" }]);
    assert!(events[..2].iter().all(|event| event["links"] == links), "{events:?}");
    assert_eq!(events[2]["payload"], Value::Null, "a resolve needs no more than its key");
    assert_eq!(events[2]["links"], Value::Null);
}

#[tokio::test]
async fn the_webhook_gets_signed_cloud_events_with_the_recovery() {
    let (url, got) = receiver().await;
    let key = b"a key of the receiver";
    let secrets = Secrets {
        webhook_url: Some(SecretString::from(url)),
        webhook_secret: Some(SecretString::from(format!("whsec_{}", BASE64_STANDARD.encode(key)))),
        ..Secrets::default()
    };
    let all = told(Channel::Webhook, secrets, "", &got).await;
    for (headers, body) in &all {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/cloudevents+json");
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        let signed = [format!("{id}.{time}.").as_bytes(), body].concat();
        let signature = header("webhook-signature");
        let signature = BASE64_STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), &signed, &signature).unwrap();
        let event = json_of(body);
        assert_eq!((&event["specversion"], &event["id"]), (&json!("1.0"), &json!(id)));
        assert_eq!(event["source"], "/self-healing/prod");
        assert_eq!(event["data"]["kind"], "Recovery");
        assert_eq!(event["data"]["metadata"]["name"], "pod-crashloop-1");
        assert!(!event.to_string().contains("canary"), "no saved manifest: {event}");
    }
    let kinds: Vec<Value> = all.iter().map(|(_, body)| json_of(body)["type"].clone()).collect();
    let kind = |word: &str| json!(format!("dev.self-healing.recovery.{word}"));
    assert_eq!(kinds, [kind("opened"), kind("updated"), kind("resolved"), kind("resolved")]);
}

#[tokio::test]
async fn teams_gets_a_card_in_which_names_make_no_links() {
    let (url, got) = receiver().await;
    let secrets = Secrets { teams_webhook_url: Some(SecretString::from(url)), ..Secrets::default() };
    let message = json_of(&told(Channel::Teams, secrets, "", &got).await[0].1);
    let attachment = &message["attachments"][0];
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let facts = attachment["content"]["body"][1]["facts"].as_array().unwrap();
    assert!(facts.contains(&json!({ "title": "Severity", "value": "critical" })), "{facts:?}");
    assert!(facts.contains(&json!({ "title": "Description", "value": "\\<!channel\\> & more" })), "{facts:?}");
}

#[tokio::test]
async fn alertmanager_gets_one_alert_that_fires_until_the_failure_is_over() {
    let (url, got) = receiver().await;
    let secrets = Secrets { alertmanager_url: Some(SecretString::from(url)), ..Secrets::default() };
    let alerts: Vec<Value> =
        told(Channel::Alertmanager, secrets, "", &got).await.iter().map(|(_, body)| json_of(body)[0].clone()).collect();
    assert!(alerts.iter().all(|alert| alert["labels"] == alerts[0]["labels"]), "labels name the alert: {alerts:?}");
    assert_eq!(alerts[0]["labels"]["alertname"], "SelfHealingCrashLoop");
    let ends: Vec<&Value> = alerts.iter().map(|alert| &alert["endsAt"]).collect();
    let (open, over) = (json!("2023-11-16T22:13:21Z"), json!("2023-11-14T22:13:33Z"));
    assert_eq!(ends, [&open, &open, &over, &over]);
    assert!(alerts.iter().all(|alert| alert["startsAt"] == "2023-11-14T22:13:21Z"));
}
