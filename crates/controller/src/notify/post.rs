//! One POST to one receiver at a time, and the table of what its answers mean.

use crate::notice::clean;
use crate::notify::Error;
use crate::notify::address::{PrivateAddress, PublicOnly};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use self_healing_core::effect::{Answer, Outcome};
use serde_json::Value;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

/// Slack takes one message a second per channel.
const PACE: Duration = Duration::from_secs(1);

/// Messages that wait for their turn; the next ones are to come again.
const WAITING: usize = 32;

/// A receiver that asks for a longer pause is asked again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Characters of an error in a Recovery's status.
const MESSAGE_LIMIT: usize = 300;

/// The longest error code that a receiver's answer is searched for.
const CODE_LIMIT: usize = 40;

/// One address with its queue. The address is a secret, as it alone lets anybody post.
#[derive(Debug)]
pub(super) struct Receiver {
    client: Client,
    url: SecretString,
    waiting: Semaphore,
    not_before: Mutex<Instant>,
}

impl Receiver {
    /// The receiver at a checked address; opens no connection yet.
    pub(super) fn new(url: Url, insecure: bool, timeout: Duration) -> Result<Self, Error> {
        let client = Client::builder()
            .user_agent(concat!("self-healing-controller/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(timeout);
        let guarded = |host: &str| Arc::new(PublicOnly(host.to_owned()));
        let client = match url.host_str() {
            Some(host) if !insecure => client.https_only(true).dns_resolver(guarded(host)),
            Some(_) | None => client,
        };
        Ok(Self {
            client: client.build().map_err(Error::Client)?,
            url: SecretString::from(String::from(url)),
            waiting: Semaphore::new(WAITING),
            not_before: Mutex::new(Instant::now()),
        })
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
        tokio::time::sleep(pause).await;
        let outcome = match self.client.post(self.url.expose_secret()).json(body).send().await {
            Ok(response) => self.outcome_of(response).await,
            Err(error) => outcome_of_error(error),
        };
        let pause = match &outcome {
            Outcome::TryLater { after: Some(after), .. } => PACE.max(*after),
            _ => PACE,
        };
        *not_before = Instant::now() + pause;
        outcome
    }

    async fn outcome_of(&self, response: Response) -> Outcome {
        let status = response.status();
        let after = retry_after(response.headers());
        let mut message = format!("the receiver answered {status}");
        if let Some(code) = self.error_code(response).await {
            message = format!("{message}: {code}");
        }
        match status {
            status if status.is_success() => Outcome::Done(Answer::Nothing),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                later(after, message)
            }
            status if status.is_server_error() => later(after, message),
            status if status.is_redirection() => {
                Outcome::Refused { message: format!("{message}; redirects are not followed") }
            }
            _ => Outcome::Refused { message },
        }
    }

    /// Slack explains itself in a word such as `invalid_blocks`. Nothing else of an answer is shown, and no part of the
    /// address, which a relay's error page might repeat.
    async fn error_code(&self, mut response: Response) -> Option<String> {
        let chunk = response.chunk().await.ok()??;
        let code = str::from_utf8(&chunk).ok()?.trim();
        let is_word = code.len() <= CODE_LIMIT && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_word && !code.is_empty() && !self.url.expose_secret().contains(code)).then(|| code.to_owned())
    }
}

/// Seconds; the header's other form, a date, is not used by receivers of messages.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// No answer: only an address that is not allowed is refused for good.
fn outcome_of_error(error: reqwest::Error) -> Outcome {
    let error = error.without_url();
    if let Some(private) = causes(&error).find_map(|cause| cause.downcast_ref::<PrivateAddress>()) {
        return Outcome::Refused { message: private.to_string() };
    }
    if error.is_timeout() {
        return later(None, "the receiver gave no answer in time".to_owned());
    }
    let words: Vec<String> = causes(&error).map(ToString::to_string).collect();
    later(None, clean(&words.join(": "), MESSAGE_LIMIT))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn later(after: Option<Duration>, message: String) -> Outcome {
    Outcome::TryLater { after, budget: false, message }
}

#[cfg(test)]
mod tests;
