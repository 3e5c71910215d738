//! One call of a webhook, and what came back.

use super::NoAnswer;
use futures::future::BoxFuture;
use http::{Method, StatusCode};

/// Calls webhooks in place of HTTPS.
pub trait Webhooks: Send + Sync {
    /// Makes `call`. It may wait for ever: who asks has a limit.
    ///
    /// # Errors
    /// When there is no answer.
    fn call<'a>(&'a self, call: &'a WebhookCall) -> BoxFuture<'a, Result<WebhookAnswer, NoAnswer>>;
}

/// What is asked of a webhook.
pub struct WebhookCall {
    /// `GET` or `POST`.
    pub method: Method,
    /// The address, which may hold a secret.
    pub url: String,
    /// Whether plain http and private addresses are allowed.
    pub insecure: bool,
    /// Headers beside those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or empty.
    pub body: String,
}

/// What a webhook said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: StatusCode,
    /// The body, as far as it is taken.
    pub body: Vec<u8>,
}
