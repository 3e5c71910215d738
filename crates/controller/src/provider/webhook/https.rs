//! Calls over HTTPS: no redirect is followed, no address that is not allowed is asked, and little is taken of an answer.

use crate::outside::{NoAnswer, PrivateAddress, PublicOnly, WebhookAnswer, WebhookCall, Webhooks};
use crate::plain::plain;
use futures::future::BoxFuture;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes of an answer that are taken.
const BODY: usize = 64 * 1024;
/// Longest exchange.
const DEADLINE: Duration = Duration::from_secs(10);
/// Characters of an error.
const WORDS: usize = 300;

/// A client per host.
#[derive(Default)]
pub(super) struct Https(Mutex<BTreeMap<(String, bool), Client>>);

impl Https {
    fn client(&self, url: &Url, insecure: bool) -> Result<Client, NoAnswer> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&(host.clone(), insecure)) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .user_agent(concat!("self-healing-controller/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(DEADLINE);
        let public = PublicOnly { name: host.clone(), allowed_by: "spec.replacement.webhook.insecure" };
        let client = if insecure { client } else { client.https_only(true).dns_resolver(Arc::new(public)) };
        let client = client.build().map_err(|error| broken(&error))?;
        clients.insert((host, insecure), client.clone());
        Ok(client)
    }

    async fn exchange(&self, call: &WebhookCall) -> Result<WebhookAnswer, NoAnswer> {
        let url =
            Url::parse(&call.url).map_err(|_| NoAnswer::Forbidden("the webhook's address is no URL".to_owned()))?;
        let mut request = self.client(&url, call.insecure)?.request(call.method.clone(), url).body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let mut response = request.send().await.map_err(|error| no_answer(error.without_url()))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(error.without_url()))? {
            if body.len() + chunk.len() > BODY {
                return Err(NoAnswer::Broken(format!("the webhook's answer is longer than {BODY} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WebhookAnswer { status, body })
    }
}

impl Webhooks for Https {
    fn call<'a>(&'a self, call: &'a WebhookCall) -> BoxFuture<'a, Result<WebhookAnswer, NoAnswer>> {
        Box::pin(self.exchange(call))
    }
}

fn no_answer(error: reqwest::Error) -> NoAnswer {
    if let Some(private) = causes(&error).find_map(|cause| cause.downcast_ref::<PrivateAddress>()) {
        return NoAnswer::Forbidden(private.to_string());
    }
    if error.is_timeout() { NoAnswer::TooLate } else { broken(&error) }
}

fn broken(error: &reqwest::Error) -> NoAnswer {
    let words: Vec<String> = causes(error).map(ToString::to_string).collect();
    NoAnswer::Broken(plain(&words.join(": "), WORDS))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
