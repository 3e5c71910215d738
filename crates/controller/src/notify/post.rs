//! One POST to one receiver at a time, and the table of what its answers mean.

use super::Error;
use super::https::Https;
use crate::outside::{Answer, NoAnswer, Post};
use http::StatusCode;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use self_healing_core::effect::{Answer as Done, Outcome};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout};

/// Slack takes one message a second per channel.
const PACE: Duration = Duration::from_secs(1);

/// Messages that wait for their turn; the next ones are to come again.
const WAITING: usize = 32;

/// A receiver that asks for a longer pause is asked again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The longest error code that a receiver's answer is searched for.
const CODE_LIMIT: usize = 40;

/// How messages leave.
enum Line {
    /// It keeps the time limit itself.
    Https(Https),
    /// In this process, within a time limit.
    Embedded(Arc<dyn Post>, Duration),
}

/// One address with its queue. The address is a secret, as it alone lets anybody post.
pub(super) struct Receiver {
    line: Line,
    url: SecretString,
    waiting: Semaphore,
    not_before: Mutex<Instant>,
}

impl Receiver {
    /// The receiver at a checked address; opens no connection yet.
    pub(super) fn new(url: Url, insecure: bool, timeout: Duration) -> Result<Self, Error> {
        let line = Line::Https(Https::new(&url, insecure, timeout)?);
        Ok(Self::at(url, line))
    }

    /// The same, but `post` takes its messages.
    pub(super) fn embedded(url: Url, post: Arc<dyn Post>, timeout: Duration) -> Self {
        Self::at(url, Line::Embedded(post, timeout))
    }

    fn at(url: Url, line: Line) -> Self {
        Self {
            line,
            url: SecretString::from(String::from(url)),
            waiting: Semaphore::new(WAITING),
            not_before: Mutex::new(Instant::now()),
        }
    }

    /// Posts when it is its turn. Held back by the receiver's own Retry-After, it does not wait but says until when.
    pub(super) async fn send(&self, body: &Value) -> Outcome {
        let Ok(_place) = self.waiting.try_acquire() else {
            let after = PACE.saturating_mul(u32::try_from(WAITING).unwrap_or(u32::MAX));
            return later(Some(after), format!("{WAITING} messages are waiting already"));
        };
        let mut not_before = self.not_before.lock().await;
        let pause = not_before.saturating_duration_since(Instant::now());
        if pause > PACE {
            return later(Some(pause), "the receiver asked for a pause".to_owned());
        }
        sleep(pause).await;
        let outcome = match self.post(body).await {
            Ok(answer) => self.outcome_of(&answer),
            Err(NoAnswer::Forbidden(message)) => Outcome::Refused { message },
            Err(error @ (NoAnswer::TooLate | NoAnswer::Broken(_))) => later(None, error.to_string()),
        };
        let pause = match &outcome {
            Outcome::TryLater { after: Some(after), .. } => PACE.max(*after),
            _ => PACE,
        };
        *not_before = Instant::now() + pause;
        outcome
    }

    async fn post(&self, body: &Value) -> Result<Answer, NoAnswer> {
        let url = self.url.expose_secret();
        match &self.line {
            Line::Https(https) => https.post(url, body).await,
            Line::Embedded(post, within) => {
                timeout(*within, post.post(url, body)).await.unwrap_or(Err(NoAnswer::TooLate))
            }
        }
    }

    fn outcome_of(&self, answer: &Answer) -> Outcome {
        let status = answer.status;
        let mut message = format!("the receiver answered {status}");
        if let Some(code) = self.error_code(&answer.start) {
            message = format!("{message}: {code}");
        }
        match status {
            status if status.is_success() => Outcome::Done(Done::Nothing),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                later(pause(answer), message)
            }
            status if status.is_server_error() => later(pause(answer), message),
            status if status.is_redirection() => {
                Outcome::Refused { message: format!("{message}; redirects are not followed") }
            }
            _ => Outcome::Refused { message },
        }
    }

    /// Slack explains itself in a word such as `invalid_blocks`. Nothing else of an answer is shown, and no part of the
    /// address, which a relay's error page might repeat.
    fn error_code<'a>(&self, start: &'a [u8]) -> Option<&'a str> {
        let code = str::from_utf8(start).ok()?.trim();
        let is_word = code.len() <= CODE_LIMIT && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_word && !code.is_empty() && !self.url.expose_secret().contains(code)).then_some(code)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Seconds; the header's other form, a date, is not used by receivers of messages.
fn pause(answer: &Answer) -> Option<Duration> {
    let seconds = answer.retry_after.as_ref()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

fn later(after: Option<Duration>, message: String) -> Outcome {
    Outcome::TryLater { after, budget: false, message }
}

#[cfg(test)]
mod tests;
