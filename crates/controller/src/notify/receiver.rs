//! One message to one receiver at a time, and the table of what its answers mean.

use super::Way;
use crate::outside::{Answer, NoAnswer, Parcel};
use http::StatusCode;
use reqwest::Url;
use secrecy::ExposeSecret;
use self_healing_core::effect::{Answer as Done, Outcome};
use std::fmt;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep, timeout};

/// Messages that wait for their turn; the next ones are to come again, later.
const WAITING: usize = 32;

/// A receiver that asks for a longer pause is asked again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The longest error code that a receiver's answer is searched for.
const CODE_LIMIT: usize = 40;

/// One address with its queue. The address is a secret, as it alone lets anybody post.
pub(super) struct Receiver {
    way: Way,
    /// Between two messages.
    pace: Duration,
    waiting: Semaphore,
    not_before: Mutex<Instant>,
}

impl Receiver {
    /// The receiver to which `way` leads; opens no connection yet.
    pub(super) fn new(way: Way, pace: Duration) -> Self {
        let (waiting, not_before) = (Semaphore::new(WAITING), Mutex::new(Instant::now()));
        Self { way, pace, waiting, not_before }
    }

    /// Why nothing may be sent there.
    pub(super) fn barred(&self) -> Option<&str> {
        self.way.barred.as_deref()
    }

    /// Whether both lead to one address.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        self.way.url.expose_secret() == other.way.url.expose_secret()
    }

    /// Connects, and sends nothing. The host is shown: it is no secret, only the path is.
    pub(super) async fn reach(&self) -> Result<String, String> {
        if let Some(why) = self.barred() {
            return Err(why.to_owned());
        }
        let url = Url::parse(self.way.url.expose_secret()).map_err(|_| "its address is no URL".to_owned())?;
        let (host, port) = (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or(0));
        let connecting = TcpStream::connect((host.trim_matches(['[', ']']), port));
        match timeout(self.way.timeout, connecting).await {
            Ok(Ok(_)) => {
                Ok(format!("{host}:{port} takes connections; nothing was sent (--notify sends a test message)"))
            }
            Ok(Err(error)) => Err(format!("{host}:{port}: {error}")),
            Err(_late) => Err(format!("{host}:{port} does not answer")),
        }
    }

    /// Posts when it is its turn. Held back by the receiver's own Retry-After, it does not wait but says until when.
    pub(super) async fn send(&self, parcel: &Parcel) -> Outcome {
        if let Some(why) = self.barred() {
            return Outcome::Refused { message: why.to_owned() };
        }
        let Ok(_place) = self.waiting.try_acquire() else {
            let after = Duration::from_secs(1).saturating_mul(u32::try_from(WAITING).unwrap_or(u32::MAX));
            return later(Some(after), format!("{WAITING} messages are waiting already"));
        };
        let mut not_before = self.not_before.lock().await;
        let pause = not_before.saturating_duration_since(Instant::now());
        if pause > self.pace {
            return later(Some(pause), "the receiver asked for a pause".to_owned());
        }
        sleep(pause).await;
        let outcome = match self.post(parcel).await {
            Ok(answer) => self.outcome_of(&answer),
            Err(NoAnswer::Forbidden(message)) => Outcome::Refused { message },
            Err(error @ (NoAnswer::TooLate | NoAnswer::Broken(_))) => later(None, error.to_string()),
        };
        let pause = match &outcome {
            Outcome::TryLater { after: Some(after), .. } => self.pace.max(*after),
            _ => self.pace,
        };
        *not_before = Instant::now() + pause;
        outcome
    }

    async fn post(&self, parcel: &Parcel) -> Result<Answer, NoAnswer> {
        let Way { post, url, timeout: limit, .. } = &self.way;
        let posted = timeout(*limit, post.post(url.expose_secret(), parcel)).await;
        posted.unwrap_or(Err(NoAnswer::TooLate))
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
        (is_word && !code.is_empty() && !self.way.url.expose_secret().contains(code)).then_some(code)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("url", &self.way.url).finish_non_exhaustive()
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
