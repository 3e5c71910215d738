//! A node provider's webhook: what leaves for it, and what its answers mean.

use crate::server::{RECOVERY, client, effect, identity, node_target};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::future::BoxFuture;
use http::{Method, StatusCode};
use secrecy::SecretString;
use self_healing_controller::act::Actor;
use self_healing_controller::lease::{Door, Elector, Timing};
use self_healing_controller::outside::{NoAnswer, Outside, Wall, WebhookAnswer, WebhookCall, Webhooks};
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::key::Text;
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Off, Order, Provider, Webhook};
use self_healing_core::names::ProviderKind;
use self_healing_core::time::Stamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const URL: &str = "https://machines.example.com/orders/";
const KEY: &str = "r-1-u-1";

struct Asked {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Answers alike, and remembers what it was asked.
struct Line {
    status: u16,
    body: &'static str,
    seen: Mutex<Vec<Asked>>,
}

impl Webhooks for Line {
    fn call<'a>(&'a self, call: &'a WebhookCall) -> BoxFuture<'a, Result<WebhookAnswer, NoAnswer>> {
        let (method, url, headers) = (call.method.clone(), call.url.clone(), call.headers.clone());
        self.seen.lock().unwrap().push(Asked { method, url, headers, body: call.body.clone() });
        let answer = WebhookAnswer { status: StatusCode::from_u16(self.status).unwrap(), body: self.body.into() };
        Box::pin(async move { Ok(answer) })
    }
}

impl Line {
    fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn line(status: u16, body: &'static str) -> Arc<Line> {
    Arc::new(Line { status, body, seen: Mutex::default() })
}

async fn perform(line: &Arc<Line>, key: Option<&str>, door: Door, verb: Verb) -> Outcome {
    let nowhere = client("127.0.0.1:9".parse().unwrap());
    let wall = Wall::new(|| "2026-01-01T00:00:00Z".parse().unwrap());
    let outside = Outside { webhooks: Some(line.clone()), wall, ..Outside::system() };
    let actor = Actor::new(nowhere.clone(), nowhere, door, identity(), &outside);
    actor.signing(key.map(SecretString::from)).perform(&effect(verb)).await
}

fn inquiry(url: &str, insecure: bool) -> Inquiry {
    let webhook = Some(Webhook { url: Text::from(url), insecure });
    let provider = Provider { kind: ProviderKind::Webhook, webhook, ..Provider::default() };
    let (since, key) = (Stamp(0), Text::from(KEY));
    Inquiry { node: node_target(), provider, template: None, known: None, since, key, drained: false }
}

fn look(url: &str, insecure: bool) -> Verb {
    Verb::LookAtMachine(Box::new(inquiry(url, insecure)))
}

fn order() -> Verb {
    let (inquiry, machine) = (inquiry(URL, false), MachineRef::default());
    let reason = "it is silent".to_owned();
    Verb::Replace(Box::new(Order { inquiry, machine, resource_version: Text::from(""), reboot: true, reason }))
}

async fn view(status: u16, body: &'static str) -> MachineView {
    match perform(&line(status, body), Some("key"), Door::always_open(), look(URL, false)).await {
        Outcome::Done(Answer::Machine(view)) => *view,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_signed_and_names_its_key() {
    let line = line(202, "");
    let done = perform(&line, Some("canary-key"), Door::always_open(), order()).await;
    assert_eq!(done, Outcome::Done(Answer::Nothing));
    let seen = line.seen.lock().unwrap();
    let Asked { method, url, headers, body } = &seen[0];
    assert_eq!((method, url.as_str(), seen.len()), (&Method::POST, URL, 1));
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    assert_eq!((header("webhook-id"), header("idempotency-key")), (Some(KEY), Some(KEY)));
    assert_eq!(header("webhook-timestamp"), Some("1767225600"));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"canary-key");
    let signature = header("webhook-signature").and_then(|value| value.strip_prefix("v1,")).unwrap();
    let signature = BASE64_STANDARD.decode(signature).unwrap();
    ring::hmac::verify(&key, format!("{KEY}.1767225600.{body}").as_bytes(), &signature).unwrap();
    let said: Value = serde_json::from_str(body).unwrap();
    let expected = json!({"id": KEY, "action": "reboot", "node": {"name": "worker-1", "uid": "uid-worker-1"},
        "recovery": RECOVERY, "reason": "it is silent"});
    assert_eq!(said, expected);
}

#[tokio::test]
async fn what_was_ordered_before_is_done_and_a_refusal_is_told() {
    for (status, done) in [(200, true), (202, true), (409, true), (401, false), (302, false), (503, false)] {
        let outcome = perform(&line(status, ""), Some("key"), Door::always_open(), order()).await;
        assert_eq!(outcome == Outcome::Done(Answer::Nothing), done, "{status}: {outcome:?}");
    }
}

#[tokio::test]
async fn who_does_not_lead_orders_nothing() {
    let nowhere = client("127.0.0.1:9".parse().unwrap());
    let (_elector, door, _changes) = Elector::new(nowhere, "x", "me".to_owned(), Timing::default(), Wall::system());
    let line = line(202, "");
    assert_eq!(perform(&line, Some("key"), door, order()).await, Outcome::NotLeading);
    assert_eq!(line.asked(), 0);
}

#[tokio::test]
async fn answers_say_how_far_it_is() {
    assert!(matches!(view(404, "").await.state, MachineState::Ready { .. }));
    let running = view(200, r#"{"state": "running", "message": "fencing"}"#).await;
    assert_eq!(running.state, MachineState::UnderWay("fencing".to_owned()));
    let off = view(200, r#"{"state": "succeeded", "machine": "off"}"#).await;
    assert!(matches!((&off.state, &off.off), (MachineState::Done(_), Some(Off::Stated(_)))), "{off:?}");
    let assumed = view(200, r#"{"state": "succeeded", "machine": "off", "assumed": true}"#).await;
    assert!(matches!(&assumed.off, Some(Off::Assumed(_))), "{assumed:?}");
    let on = view(200, r#"{"state": "succeeded", "machine": "on"}"#).await;
    assert_eq!(on.off, None);
    let failed = view(200, r#"{"state": "failed", "message": "no power"}"#).await;
    assert_eq!(failed.state, MachineState::Failed("no power".to_owned()));
    assert!(matches!(view(401, "").await.state, MachineState::NotOffered(_)));
    for (status, body) in [(200, "no json"), (200, r#"{"state": "maybe"}"#), (503, "")] {
        let outcome = perform(&line(status, body), Some("key"), Door::always_open(), look(URL, false)).await;
        assert!(matches!(outcome, Outcome::Unknown { .. } | Outcome::TryLater { .. }), "{body}: {outcome:?}");
    }
}

#[tokio::test]
async fn only_allowed_addresses_are_asked_and_none_without_a_key() {
    for url in ["http://machines.example.com", "https://169.254.169.254/x", "https://localhost", "https://10.0.0.1"] {
        for insecure in [false, true] {
            let line = line(404, "");
            perform(&line, Some("key"), Door::always_open(), look(url, insecure)).await;
            assert_eq!(line.asked(), usize::from(insecure), "{url}");
        }
    }
    let line = line(404, "");
    let Outcome::Done(Answer::Machine(view)) = perform(&line, None, Door::always_open(), look(URL, false)).await else {
        panic!("it says why")
    };
    let MachineState::NotOffered(why) = &view.state else { panic!("{view:?}") };
    assert!(why.contains("NODE_WEBHOOK_SECRET"), "{why}");
    assert_eq!(line.asked(), 0);
}
