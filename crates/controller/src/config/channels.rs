//! Which channels are on: those that are configured, have their secret, and may be sent to.

use super::Secrets;
use secrecy::{ExposeSecret, SecretString};
use self_healing_api::keys::{Config, receiver};
use self_healing_core::names::Channel;

/// The channels that are on, and one warning for each that is off though it seems wanted.
///
/// Slack is wanted unless notifications are off; e-mail when it has recipients, PagerDuty when it is enabled, all others when they
/// have an address.
#[must_use]
pub fn active_channels(config: &Config, secrets: &Secrets) -> (Vec<Channel>, Vec<String>) {
    if !config.notification_enabled {
        return (Vec::new(), Vec::new());
    }
    let mut warnings = Vec::new();
    let mut channels = slack(config, secrets, &mut warnings);
    let others = [
        (Channel::Email, email(config, secrets)),
        (Channel::PagerDuty, pagerduty(config, secrets)),
        (Channel::Webhook, address("webhook", "WEBHOOK_URL", &secrets.webhook_url, config)),
        (Channel::Teams, address("Teams", "TEAMS_WEBHOOK_URL", &secrets.teams_webhook_url, config)),
        (Channel::Alertmanager, address("Alertmanager", "ALERTMANAGER_URL", &secrets.alertmanager_url, config)),
    ];
    for (channel, wanted) in others {
        match wanted {
            Some(Ok(())) => channels.push(channel),
            Some(Err(off)) => warnings.push(off),
            None => {}
        }
    }
    channels.sort_unstable();
    (channels, warnings)
}

fn slack(config: &Config, secrets: &Secrets, warnings: &mut Vec<String>) -> Vec<Channel> {
    let mut usable = |variable: &str, url: &Option<SecretString>, off: &str| {
        let bad = receiver(url.as_ref()?.expose_secret(), config.notification_insecure).err();
        warnings.extend(bad.map(|bad| format!("{off}: environment: {variable}: {bad}")));
        Some(bad.is_none())
    };
    let own =
        usable("SLACK_INCIDENT_WEBHOOK_URL", &secrets.slack_incident_webhook_url, "Slack incident channel is off");
    let off = if own.is_some() { "Slack monitoring channel is off" } else { "Slack is off" };
    let shared = usable("SLACK_WEBHOOK_URL", &secrets.slack_webhook_url, off);
    if shared.is_none() {
        warnings.push(format!("{off}: SLACK_WEBHOOK_URL is not set"));
    }
    let on = [(Channel::SlackMonitoring, shared), (Channel::SlackIncident, own.or(shared))];
    on.into_iter().filter(|(_, usable)| *usable == Some(true)).map(|(channel, _)| channel).collect()
}

/// `None` when the channel is not wanted, else whether it can be had.
type Wanted = Option<Result<(), String>>;

fn email(config: &Config, secrets: &Secrets) -> Wanted {
    if config.email_recipients.is_empty() {
        return None;
    }
    Some(complete(
        "e-mail",
        &[
            ("EMAIL_USERNAME", secrets.email_username.is_none()),
            ("EMAIL_PASSWORD", secrets.email_password.is_none()),
            ("email_smtp_server", config.email_smtp_server.is_none()),
        ],
    ))
}

fn pagerduty(config: &Config, secrets: &Secrets) -> Wanted {
    let unset = secrets.pagerduty_routing_key.is_none();
    config.pagerduty_enabled.then(|| complete("PagerDuty", &[("PAGERDUTY_ROUTING_KEY", unset)]))
}

fn address(channel: &str, variable: &str, url: &Option<SecretString>, config: &Config) -> Wanted {
    let checked = receiver(url.as_ref()?.expose_secret(), config.notification_insecure);
    Some(checked.map(drop).map_err(|bad| format!("{channel} is off: environment: {variable}: {bad}")))
}

fn complete(channel: &str, unset: &[(&str, bool)]) -> Result<(), String> {
    let missing: Vec<&str> = unset.iter().filter(|(_, unset)| *unset).map(|(name, _)| *name).collect();
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("{channel} is off: {one} is not set")),
        [..] => Err(format!("{channel} is off: {} are not set", missing.join(", "))),
    }
}
