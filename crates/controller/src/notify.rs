//! Sends notices to their channels, and says what became of each.
//!
//! Nothing is kept here: what is pending, how often it was tried and when to try again stands in the Recovery.

mod address;
mod https;
mod post;
mod slack;

use crate::notice::Notice;
use crate::outside::Post;
use post::Receiver;
use secrecy::SecretString;
use self_healing_core::effect::Outcome;
use self_healing_core::names::Channel;
use std::sync::Arc;
use std::time::Duration;

/// The time that one message may take, connection and answer included.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Where notices go, as configured. A channel without an address is off.
pub struct Receivers {
    /// `slack_channel`: low and medium.
    pub slack_channel: String,
    /// `slack_incident_channel`: high and critical.
    pub slack_incident_channel: String,
    /// `SLACK_WEBHOOK_URL`.
    pub slack_webhook_url: Option<SecretString>,
    /// `SLACK_INCIDENT_WEBHOOK_URL`; without it high and critical go to `SLACK_WEBHOOK_URL` too.
    pub slack_incident_webhook_url: Option<SecretString>,
    /// `notification_insecure`: plain http and private or loopback addresses are allowed.
    pub insecure: bool,
    /// The time that one message may take; [`TIMEOUT`] but in tests.
    pub timeout: Duration,
    /// Takes every message in place of HTTPS; `None` for HTTPS.
    pub post: Option<Arc<dyn Post>>,
}

/// Why the receivers cannot be used. No address is shown: it is the secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not parse.
    #[error("{key} is no URL ({problem}); expected is https://HOST/PATH as the receiver's page shows it")]
    NotUrl {
        /// Environment variable.
        key: &'static str,
        /// What the parser says.
        problem: String,
    },
    /// Another scheme than https.
    #[error("{key} must start with https:// (notification_insecure=true allows http:// as well)")]
    NotHttps {
        /// Environment variable.
        key: &'static str,
    },
    /// An address that the internet does not route.
    #[error("{key} is a private or loopback address; expected is a public one (notification_insecure=true allows it)")]
    Private {
        /// Environment variable.
        key: &'static str,
    },
    /// No HTTP client, as when the system has no CA certificates.
    #[error("no HTTPS client for notifications; are CA certificates installed?")]
    Client(#[source] reqwest::Error),
}

/// All channels that have an address.
#[derive(Debug)]
pub struct Notifier {
    slack: slack::Names,
    monitoring: Option<Arc<Receiver>>,
    incident: Option<Arc<Receiver>>,
}

impl Notifier {
    /// Checks the addresses and opens no connection. HTTPS needs the process's TLS provider to be installed.
    ///
    /// # Errors
    /// When an address is no https URL or private (unless insecure), or the system has no CA certificates.
    pub fn new(receivers: Receivers) -> Result<Self, Error> {
        let Receivers { slack_channel, slack_incident_channel, slack_webhook_url, .. } = receivers;
        let Receivers { slack_incident_webhook_url, insecure, timeout, post, .. } = receivers;
        let open = |key, url: Option<SecretString>| {
            let receiver = |url: SecretString| {
                let url = address::check(key, &url, insecure)?;
                let receiver = match &post {
                    Some(post) => Receiver::embedded(url, post.clone(), timeout),
                    None => Receiver::new(url, insecure, timeout)?,
                };
                Ok(Arc::new(receiver))
            };
            url.map(receiver).transpose()
        };
        let monitoring = open("SLACK_WEBHOOK_URL", slack_webhook_url)?;
        let incident = open("SLACK_INCIDENT_WEBHOOK_URL", slack_incident_webhook_url)?.or_else(|| monitoring.clone());
        let slack = slack::Names { monitoring: slack_channel, incident: slack_incident_channel };
        Ok(Self { slack, monitoring, incident })
    }

    /// The channels that have an address.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        Channel::ALL.iter().copied().filter(|channel| self.receiver(*channel).is_some()).collect()
    }

    /// Sends one message. It waits for its turn: one at a time and one a second for each address, as Slack asks.
    ///
    /// `Done` when accepted; `TryLater` when the receiver is busy, failing, slow or not there; `Refused` for good,
    /// when it says that the message, the address or the right is wrong, or the channel has no address.
    pub async fn tell(&self, channel: Channel, notice: &Notice) -> Outcome {
        let Some(receiver) = self.receiver(channel) else {
            return Outcome::Refused { message: format!("channel {channel} is off: SLACK_WEBHOOK_URL is not set") };
        };
        let message = match channel {
            Channel::SlackMonitoring => slack::message(&self.slack.monitoring, notice),
            Channel::SlackIncident => slack::message(&self.slack.incident, notice),
        };
        receiver.send(&message).await
    }

    fn receiver(&self, channel: Channel) -> Option<&Arc<Receiver>> {
        match channel {
            Channel::SlackMonitoring => self.monitoring.as_ref(),
            Channel::SlackIncident => self.incident.as_ref(),
        }
    }
}
