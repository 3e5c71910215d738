//! One message to a receiver, and what it said.

use futures::future::BoxFuture;
use http::StatusCode;

/// Takes messages in place of HTTPS and SMTP.
pub trait Post: Send + Sync {
    /// Brings `parcel` to `url`, which is a secret. It may wait for ever: who asks has a limit.
    ///
    /// # Errors
    /// When there is no answer.
    fn post<'a>(&'a self, url: &'a str, parcel: &'a Parcel) -> BoxFuture<'a, Result<Answer, NoAnswer>>;
}

/// What is brought. Its headers may hold a signature, and its body a key.
pub struct Parcel {
    /// Headers, with that of the content's type first.
    pub headers: Vec<(&'static str, String)>,
    /// The content: JSON, or a whole mail.
    pub body: Vec<u8>,
}

impl Parcel {
    /// A parcel with JSON in it.
    #[must_use]
    pub fn json(body: &serde_json::Value) -> Self {
        Self { headers: vec![("content-type", "application/json".to_owned())], body: body.to_string().into_bytes() }
    }
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
    /// It may not be asked, or will never take this.
    #[error("{0}")]
    Forbidden(String),
    /// Not within the time limit.
    #[error("the receiver gave no answer in time")]
    TooLate,
    /// Anything else, such as a refused connection.
    #[error("{0}")]
    Broken(String),
}
