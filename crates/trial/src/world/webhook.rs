//! A node provider's webhook: it takes orders, carries each out once, and says how far it is.

use super::record::Record;
use super::{Shared, lock};
use crate::net::Link;
use futures::future::BoxFuture;
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use self_healing_controller::outside::{NoAnswer, WebhookAnswer, WebhookCall, Webhooks};
use self_healing_sim::actor::{Levers, Ordered, PLACE};
use self_healing_sim::hand::Hand;
use self_healing_story::Verb;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// From an order until it is carried out.
const WORK: SignedDuration = SignedDuration::from_secs(10);

/// One order.
struct Given {
    node: String,
    at: Timestamp,
    done: Option<Ordered>,
}

/// The service behind the webhook, which outlives the controller's processes.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) admin: Hand,
    pub(super) levers: Levers,
    pub(super) record: Shared<Record>,
    given: Shared<BTreeMap<String, Given>>,
}

impl Service {
    pub(super) fn new(admin: Hand, levers: Levers, record: Shared<Record>) -> Self {
        Self { admin, levers, record, given: Shared::default() }
    }

    fn answer(&self, call: &WebhookCall) -> (StatusCode, Value) {
        let signed = call.headers.iter().any(|(name, value)| *name == "webhook-signature" && value.starts_with("v1,"));
        if !signed {
            return (StatusCode::UNAUTHORIZED, Value::Null);
        }
        let mut given = lock(&self.given);
        if call.method == Method::POST {
            let body: Value = serde_json::from_str(&call.body).unwrap_or_default();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (id, node) = (text(&body["id"]), text(&body["node"]["name"]));
            if given.contains_key(&id) {
                return (StatusCode::CONFLICT, Value::Null);
            }
            lock(&self.record).machine(Verb::Replace, &node);
            given.insert(id, Given { node, at: self.admin.now(), done: None });
            return (StatusCode::ACCEPTED, Value::Null);
        }
        let id = call.url.rsplit('/').next().unwrap_or_default();
        let Some(order) = given.get_mut(id) else { return (StatusCode::NOT_FOUND, Value::Null) };
        if order.done.is_none() && self.admin.now().duration_since(order.at) >= WORK {
            order.done = self.levers.carry_out(&order.node, Ordered::Reboots).ok();
            self.note(order);
        }
        (StatusCode::OK, said(order))
    }

    /// For whoever checks what was done about the node: since when its machine is off.
    fn note(&self, order: &Given) {
        let off =
            matches!(order.done, Some(Ordered::Reboots | Ordered::PowersOff | Ordered::Replaces | Ordered::Removes));
        if off {
            let data = json!({ "off": self.admin.now().to_string() });
            let machine = json!({ "metadata": { "name": order.node }, "data": data });
            // One that is there already says so as well.
            let _ = self.admin.create("configmaps", PLACE, &machine);
        }
    }
}

fn said(order: &Given) -> Value {
    match order.done {
        None | Some(Ordered::Stalls) => json!({ "state": "running", "message": "works on it" }),
        Some(Ordered::Fails) => json!({ "state": "failed", "message": "as told" }),
        Some(Ordered::Assumes) => json!({ "state": "succeeded", "machine": "off", "assumed": true }),
        Some(_) => json!({ "state": "succeeded", "machine": "off" }),
    }
}

/// The way of one process to it.
pub(super) struct Hook {
    pub(super) link: Link,
    pub(super) service: Service,
}

impl Webhooks for Hook {
    fn call<'a>(&'a self, call: &'a WebhookCall) -> BoxFuture<'a, Result<WebhookAnswer, NoAnswer>> {
        Box::pin(async move {
            self.link.gate().await;
            let (status, body) = self.service.answer(call);
            self.link.gate().await;
            Ok(WebhookAnswer { status, body: body.to_string().into_bytes() })
        })
    }
}
