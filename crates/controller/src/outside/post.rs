//! One message to one receiver, and what came back.

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::Value;

/// Takes messages in place of HTTPS.
pub trait Post: Send + Sync {
    /// Posts `body` as JSON to `url`, which is a secret. It may wait for ever: who asks has a limit.
    ///
    /// # Errors
    /// When there is no answer.
    fn post<'a>(&'a self, url: &'a str, body: &'a Value) -> BoxFuture<'a, Result<Answer, NoAnswer>>;
}

/// What a receiver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header `Retry-After`, if it is text.
    pub retry_after: Option<String>,
    /// The body's first bytes; may be empty.
    pub start: Vec<u8>,
}

/// Why there is no answer. No word of it names the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It may not be asked.
    #[error("{0}")]
    Forbidden(String),
    /// Not within the time limit.
    #[error("the receiver gave no answer in time")]
    TooLate,
    /// Anything else, such as a refused connection.
    #[error("{0}")]
    Broken(String),
}
