//! `webhook`: somebody's own service reboots and replaces machines. It is asked by `GET URL/KEY` how far it is, and told by `POST URL` what to
//! do; the key is the same for all that belongs to one Recovery, so that whatever arrives twice is one order.

mod https;

use super::plain;
use crate::act::call::Calls;
use crate::act::outcome;
use crate::outside::{NoAnswer, Outside, Wall, WebhookAnswer, WebhookCall, Webhooks};
use crate::signature;
use http::{Method, StatusCode};
use https::Https;
use secrecy::SecretString;
use self_healing_api::keys::receiver;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::Text;
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Off, Order, Replacement};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for one answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// Characters kept of what a webhook says.
const WORDS: usize = 200;

/// The way to webhooks.
pub(crate) struct Caller {
    line: Arc<dyn Webhooks>,
    key: Option<SecretString>,
    wall: Wall,
}

/// What a webhook answers about an order.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Said {
    state: String,
    message: String,
    machine: String,
    assumed: bool,
    replacement: Option<SaidNode>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SaidNode {
    node: String,
    uid: String,
    #[serde(rename = "providerID")]
    provider_id: String,
}

impl Caller {
    /// Calls over HTTPS, or as `outside` says, as soon as there is a key.
    pub(crate) fn new(outside: &Outside) -> Self {
        let line = outside.webhooks.clone().unwrap_or_else(|| Arc::new(Https::default()));
        Self { line, key: None, wall: outside.wall.clone() }
    }

    /// Signs with this key.
    pub(crate) fn sign_with(&mut self, key: Option<SecretString>) {
        self.key = key;
    }

    pub(super) async fn look(&self, inquiry: &Inquiry) -> Result<MachineView, Outcome> {
        let Some(webhook) = &inquiry.provider.webhook else {
            let why = "no HealingPolicy says which webhook to ask (spec.replacement.webhook)";
            return Ok(plain(MachineState::NotOffered(why.to_owned())));
        };
        if self.key.is_none() {
            let why = "the webhook is asked by nobody without a key that signs (environment NODE_WEBHOOK_SECRET)";
            return Ok(plain(MachineState::NotOffered(why.to_owned())));
        }
        let key = &inquiry.key;
        let url = format!("{}/{key}", webhook.url.trim_end_matches('/'));
        let answer = self.call(Method::GET, url, webhook.insecure, key, String::new()).await?;
        match answer.status {
            StatusCode::NOT_FOUND => {
                let machine =
                    MachineRef { name: Text::from(format!("webhook {key}")), uid: key.clone(), pool: Text::default() };
                Ok(plain(MachineState::Ready { machine, resource_version: Text::default() }))
            }
            StatusCode::OK => view(&answer.body),
            _ => Err(refusal(&answer)),
        }
    }

    pub(super) async fn order(&self, calls: &Calls, order: &Order, recovery: &str) -> Result<Answer, Outcome> {
        let (inquiry, node) = (&order.inquiry, &order.inquiry.node);
        let Some(webhook) = &inquiry.provider.webhook else {
            return Err(outcome::refused("no HealingPolicy says any more which webhook to ask"));
        };
        let body = json!({
            "id": &*inquiry.key,
            "action": if order.reboot { "reboot" } else { "replace" },
            "node": { "name": &*node.key.name, "uid": &*node.uid },
            "recovery": recovery,
            "reason": order.reason,
        });
        if !calls.may_write() {
            return Err(Outcome::NotLeading);
        }
        let answer =
            self.call(Method::POST, webhook.url.to_string(), webhook.insecure, &inquiry.key, body.to_string()).await?;
        match answer.status {
            // A conflict says that this key was ordered before.
            status if status.is_success() || status == StatusCode::CONFLICT => Ok(Answer::Nothing),
            _ => Err(refusal(&answer)),
        }
    }

    /// Makes one call, signed as Standard Webhooks says.
    async fn call(
        &self,
        method: Method,
        url: String,
        insecure: bool,
        id: &str,
        body: String,
    ) -> Result<WebhookAnswer, Outcome> {
        if receiver(&url, insecure).is_err() {
            return Err(outcome::refused("the webhook's address is not allowed"));
        }
        let writes = method == Method::POST;
        let key = self.key.as_ref().ok_or_else(|| outcome::refused("there is no key that signs"))?;
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(signature::headers(Some(key), id, &body, &self.wall));
        let call = WebhookCall { method, url, insecure, headers, body };
        let later = |message| Outcome::TryLater { after: None, budget: false, message };
        match timeout(DEADLINE, self.line.call(&call)).await.unwrap_or(Err(NoAnswer::TooLate)) {
            Ok(answer) => Ok(answer),
            Err(NoAnswer::Forbidden(message)) => Err(Outcome::Refused { message }),
            // Whether it was taken is not known; the next look tells.
            Err(error) if writes => Err(Outcome::Unknown { message: error.to_string() }),
            Err(error) => Err(later(error.to_string())),
        }
    }
}

/// What an answer other than the expected ones means.
fn refusal(answer: &WebhookAnswer) -> Outcome {
    let message = format!("the webhook answered {}", answer.status);
    let again = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    if answer.status.is_server_error() || again.contains(&answer.status) {
        Outcome::TryLater { after: None, budget: false, message }
    } else {
        Outcome::Refused { message }
    }
}

fn view(body: &[u8]) -> Result<MachineView, Outcome> {
    let said: Said = serde_json::from_slice(body)
        .map_err(|_| Outcome::Unknown { message: "the webhook's answer is no JSON object with a state".to_owned() })?;
    let words = crate::plain::plain(&said.message, WORDS);
    let words =
        if words.is_empty() { format!("the webhook says {}", crate::plain::plain(&said.state, 20)) } else { words };
    let off = matches!(said.machine.as_str(), "off" | "terminated").then(|| {
        let by = format!("the webhook says that the machine is {}", said.machine);
        if said.assumed { Off::Assumed(by) } else { Off::Stated(by) }
    });
    let state = match said.state.as_str() {
        "accepted" | "running" => MachineState::UnderWay(words),
        "succeeded" => MachineState::Done(words),
        "failed" => MachineState::Failed(words),
        _ => return Err(Outcome::Unknown { message: "the webhook says no known state".to_owned() }),
    };
    let replacement = said.replacement.map(|node| Replacement {
        node: Text::from(node.node),
        uid: Text::from(node.uid),
        provider_id: Text::from(node.provider_id),
    });
    Ok(MachineView { state, off, replacements: replacement.into_iter().collect() })
}
