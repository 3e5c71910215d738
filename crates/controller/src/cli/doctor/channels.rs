//! The receivers of messages: which are on, whether they can be reached, and what they answer to a test message.

use super::check::{Area, Check, State};
use crate::config::{Layers, Secrets, active_channels};
use crate::notify::{Letter, Notifier, Receivers, TIMEOUT, sample};
use crate::outside::{Outside, Wall};
use crate::plain::plain;
use self_healing_core::effect::Outcome;
use self_healing_core::names::Channel;
use self_healing_core::time::Stamp;

/// One line for each channel, and for what keeps one off that seems wanted.
pub(super) async fn checks(layers: &Layers, secrets: &Secrets, namespace: &str, notify: bool) -> Vec<Check> {
    let config = layers.config();
    if !config.notification_enabled {
        return vec![Check::of(Area::Channels, State::Off, "notification_enabled is false: nobody is told anything")];
    }
    let (on, warnings) = active_channels(config, secrets);
    let off = warnings.into_iter().map(|message| Check::of(Area::Channels, State::Off, message));
    let mut checks: Vec<Check> = off.collect();
    let outside = Outside::system();
    let receivers = Receivers { on: &on, config, secrets, namespace, timeout: TIMEOUT, outside: &outside };
    let notifier = match Notifier::new(&receivers) {
        Ok(notifier) => notifier,
        Err(error) => {
            checks.push(Check::of(Area::Channels, State::Failed, error.to_string()));
            return checks;
        }
    };
    for channel in notifier.channels() {
        let found = match notify {
            true => test(&notifier, channel, &config.cluster_name).await,
            false => notifier.reach(channel).await,
        };
        let (state, message) = match found {
            Ok(message) => (State::Ok, message),
            Err(message) => (State::Failed, message),
        };
        checks.push(Check::new(Area::Channels, format!("channel {channel}"), state, message));
    }
    checks
}

/// Sends a message that says of itself that it is a test; what it opens is resolved.
async fn test(notifier: &Notifier, channel: Channel, cluster: &str) -> Result<String, String> {
    let about = sample(Stamp(Wall::system().now().as_millisecond()));
    let keys: &[&str] = if channel.keeps_incidents() { &["opened", "resolved"] } else { &["opened"] };
    for key in keys {
        let told = notifier.tell(channel, &Letter { about: &about, key, cluster }).await;
        if !matches!(told, Outcome::Done(_)) {
            return Err(plain(told.trouble(), 300));
        }
    }
    Ok("took a test message".to_owned())
}
