//! Sends messages to their channels, and says what became of each.
//!
//! Nothing is kept here: what is pending, how often it was tried and when to try again stands in the Recovery. A further channel is a
//! [`Form`] in a file of its own, and a line in [`open`].

mod alertmanager;
mod email;
mod https;
mod letter;
mod pagerduty;
mod receiver;
mod sample;
mod slack;
mod smtp;
mod teams;
mod webhook;
mod words;

pub use letter::Letter;
pub use sample::sample;

use crate::config::Secrets;
use crate::outside::{Outside, Parcel, Post};
use https::Https;
use receiver::Receiver;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use self_healing_api::keys::{BadReceiver, Config, receiver as checked};
use self_healing_core::effect::Outcome;
use self_healing_core::names::Channel;
use self_healing_core::time::Stamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use words::{Template, Words};

/// The time that one message may take, connection and answer included.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Where messages go, as configured. A channel without its secret is off.
pub struct Receivers<'a> {
    /// The channels that may be used.
    pub on: &'a [Channel],
    /// The configuration.
    pub config: &'a Config,
    /// Addresses and keys.
    pub secrets: &'a Secrets,
    /// The controller's namespace.
    pub namespace: &'a str,
    /// The time that one message may take; [`TIMEOUT`] but in tests.
    pub timeout: Duration,
    /// The clock, and who takes messages in place of HTTPS and SMTP.
    pub outside: &'a Outside,
}

/// Why the receivers cannot be used. No address is shown: it is the secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It may not be used.
    #[error("{key}: {problem}")]
    Address {
        /// Environment variable or key.
        key: &'static str,
        /// What is expected.
        problem: BadReceiver,
    },
    /// No mail address.
    #[error("{key} is no mail address that can be sent to; expected one such as team@example.com")]
    Mailbox {
        /// Key.
        key: &'static str,
    },
    /// No certificates of authorities.
    #[error("NOTIFICATION_CA: expected certificates in PEM")]
    CaPem,
    /// No HTTP client, as when the system has no CA certificates.
    #[error("no HTTPS client for notifications; are CA certificates installed?")]
    Client(#[source] reqwest::Error),
}

/// How a channel puts a message.
trait Form: Send + Sync {
    /// What is brought to the receiver; the same letter makes the same parcel.
    fn parcel(&self, letter: &Letter<'_>, words: &Words) -> Parcel;
}

/// One channel that is on.
#[derive(Clone)]
struct Line {
    form: Arc<dyn Form>,
    receiver: Arc<Receiver>,
}

/// All channels that are on.
pub struct Notifier {
    lines: BTreeMap<Channel, Line>,
    template: Option<Template>,
    /// Where people read what to do; the cause is its anchor.
    runbook: Option<Url>,
}

impl Notifier {
    /// Checks the addresses and opens no connection. HTTPS needs the process's TLS provider to be installed.
    ///
    /// # Errors
    /// When an address is no https URL or private (unless insecure), or the system has no CA certificates.
    pub fn new(receivers: &Receivers<'_>) -> Result<Self, Error> {
        let mut lines: BTreeMap<Channel, Line> = BTreeMap::new();
        for channel in receivers.on {
            let Some(mut line) = open(*channel, receivers)? else { continue };
            if let Some(why) = line.receiver.barred() {
                tracing::error!("nothing is sent to channel {channel}: {why}");
            }
            // Both channels of Slack may lead to one address, which keeps one pace.
            if let Some(known) = lines.values().find(|known| known.receiver.is_at(&line.receiver)) {
                line.receiver = known.receiver.clone();
            }
            lines.insert(*channel, line);
        }
        Ok(Self { lines, template: receivers.template(), runbook: receivers.runbook() })
    }

    /// The channels that are on.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        self.lines.keys().copied().collect()
    }

    /// Whether the receiver of a channel takes a connection; the sentence that says so.
    ///
    /// # Errors
    /// Why it does not, or that the channel is off.
    pub async fn reach(&self, channel: Channel) -> Result<String, String> {
        let line = self.lines.get(&channel).ok_or_else(|| format!("channel {channel} is off"))?;
        line.receiver.reach().await
    }

    /// Sends one message. It waits for its turn: one at a time for each address, at the pace that the receiver asks for.
    ///
    /// `Done` when accepted; `TryLater` when the receiver is busy, failing, slow or not there; `Refused` for good,
    /// when it says that the message, the address or the right is wrong, or the channel is off.
    pub async fn tell(&self, channel: Channel, letter: &Letter<'_>) -> Outcome {
        let Some(line) = self.lines.get(&channel) else {
            return Outcome::Refused { message: format!("channel {channel} is off") };
        };
        let words = Words::of(letter, self.template.as_ref(), self.runbook.as_ref());
        line.receiver.send(&line.form.parcel(letter, &words)).await
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lines.keys()).finish()
    }
}

/// The channel, if its secrets are there.
fn open(channel: Channel, receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    match channel {
        Channel::SlackMonitoring => slack::monitoring(receivers),
        Channel::SlackIncident => slack::incident(receivers),
        Channel::Email => email::open(receivers),
        Channel::PagerDuty => pagerduty::open(receivers),
        Channel::Webhook => webhook::open(receivers),
        Channel::Teams => teams::open(receivers),
        Channel::Alertmanager => alertmanager::open(receivers),
    }
}

/// The way to one receiver.
struct Way {
    post: Arc<dyn Post>,
    url: SecretString,
    timeout: Duration,
    /// Why nothing may be sent there.
    barred: Option<String>,
}

impl Way {
    /// A channel whose messages have this form and keep this time between them.
    fn line(self, form: impl Form + 'static, pace: Duration) -> Line {
        let receiver = Receiver::new(self, pace);
        Line { form: Arc::new(form), receiver: Arc::new(receiver) }
    }
}

impl Receivers<'_> {
    /// The way to the address that `key` gives, once it is checked; `None` where there is none.
    fn way(&self, key: &'static str, url: Option<&SecretString>) -> Result<Option<Way>, Error> {
        let Some(url) = url else { return Ok(None) };
        let insecure = self.config.notification_insecure;
        let url = checked(url.expose_secret(), insecure).map_err(|problem| Error::Address { key, problem })?;
        let https = || Https::new(&url, insecure, self.roots()).map(|https| Arc::new(https) as Arc<dyn Post>);
        let post = self.outside.receiver.clone().map_or_else(https, Ok)?;
        let barred = self.barred(key, url.host_str().unwrap_or_default());
        Ok(Some(Way { post, url: SecretString::from(String::from(url)), timeout: self.timeout, barred }))
    }

    /// Why nothing may be sent to `host`, which `key` names; `None` where it may.
    fn barred(&self, key: &str, host: &str) -> Option<String> {
        let list = "NOTIFICATION_ALLOWED_HOSTS";
        let words = || format!("{host}, the host of {key}, is not in {list}; add it there, or change {key}");
        (!self.secrets.allowed_hosts.allows(host)).then(words)
    }

    /// The user's template; one that is wrong is said and not used.
    fn template(&self) -> Option<Template> {
        let source = self.secrets.notification_template.as_ref()?.expose_secret();
        let about = sample(Stamp(self.outside.wall.now().as_millisecond()));
        let letter = Letter { about: &about, key: "opened", cluster: &self.config.cluster_name };
        Template::new(source, &letter).inspect_err(|bad| tracing::error!("{bad}")).ok()
    }

    /// The page that the user has for people.
    fn runbook(&self) -> Option<Url> {
        Url::parse(self.secrets.runbook_url.as_ref()?.expose_secret()).ok()
    }

    /// Certificates of authorities in PEM, in one text.
    fn roots(&self) -> &[u8] {
        self.secrets.notification_ca.as_ref().map_or(&[], |pem| pem.expose_secret().as_bytes())
    }
}
