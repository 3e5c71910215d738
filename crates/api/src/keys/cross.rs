//! Checks of values against each other.

use super::given::{Given, Problem, Source};
use super::read::Effective;
use super::{Config, key, receiver};
use self_healing_core::settings::Share;

/// Problems that only two values together make; doubtful combinations are added to `warnings`.
pub(super) fn cross_checks(config: &Config, effective: &[Effective], warnings: &mut Vec<String>) -> Vec<Problem> {
    warnings.extend(without_effect(effective));
    warnings.extend(short_history(config));
    warnings.extend(idle_breaker(config));
    pagerduty(config, effective).into_iter().collect()
}

/// Keys that somebody set and this version does not read. The keys of a channel are left to the channel's own warning.
fn without_effect(effective: &[Effective]) -> Option<String> {
    let of_channel = |key: &str| key.starts_with("email_") || key.starts_with("pagerduty_");
    let idle = |value: &&Effective| {
        let read = key(value.key).is_none_or(|key| key.has_effect || key.default == value.value);
        value.source != Source::Default && !of_channel(value.key) && !read
    };
    let keys: Vec<&str> = effective.iter().filter(idle).map(|value| value.key).collect();
    (!keys.is_empty()).then(|| format!("{}: checked, but without effect in this version", keys.join(", ")))
}

/// Similar failures are counted from the Recoveries that still exist.
fn short_history(config: &Config) -> Option<String> {
    let (ttl, window) = (config.recovery_ttl.as_secs_f64(), config.history_window.as_secs_f64());
    (ttl < window).then(|| {
        format!("recovery_ttl {ttl} is shorter than history_window {window}: similar failures count only {ttl} s back")
    })
}

/// Above `max_unhealthy_nodes` nothing is done, so a larger `node_concurrency` can never be reached.
fn idle_breaker(config: &Config) -> Option<String> {
    let unreachable = match (config.node_concurrency, config.max_unhealthy_nodes) {
        (Share::Count(concurrent), Share::Count(sick)) => concurrent > sick,
        (Share::Percent(concurrent), Share::Percent(sick)) => concurrent > sick,
        (Share::Count(_), Share::Percent(_)) | (Share::Percent(_), Share::Count(_)) => false,
    };
    unreachable.then(|| "node_concurrency is above max_unhealthy_nodes: it can never be reached".to_owned())
}

fn pagerduty(config: &Config, effective: &[Effective]) -> Option<Problem> {
    let bad = receiver(config.pagerduty_url.as_str(), config.notification_insecure).err()?;
    let value = effective.iter().find(|value| value.key == "pagerduty_url")?;
    let given = Given { source: value.source.clone(), key: value.key.to_owned(), value: String::new() };
    Some(Problem::hiding(&given, bad.to_string()))
}
