//! PagerDuty's Events API v2: one alert per incident, triggered, updated and resolved under one `dedup_key`.
//!
//! Limits and words are those of PagerDuty's published schema of the API (`reference/events-v2/openapiv3.json`).

use super::letter::{Letter, Stands};
use super::words::Words;
use super::{Error, Form, Line, Receivers};
use crate::notice::Notice;
use crate::outside::Parcel;
use secrecy::{ExposeSecret, SecretString};
use self_healing_core::names::Severity;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// 120 events a minute for each key.
const PACE: Duration = Duration::from_millis(500);
/// Characters of a `dedup_key`.
const KEY_LIMIT: usize = 255;

struct PagerDuty {
    routing_key: SecretString,
}

/// With a routing key.
pub(super) fn open(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let Some(routing_key) = receivers.secrets.pagerduty_routing_key.clone() else { return Ok(None) };
    let url = SecretString::from(receivers.config.pagerduty_url.as_str());
    let way = receivers.way("pagerduty_url", Some(&url))?;
    Ok(way.map(|way| way.line(PagerDuty { routing_key }, PACE)))
}

impl Form for PagerDuty {
    fn parcel(&self, letter: &Letter<'_>, words: &Words) -> Parcel {
        let dedup_key: String = letter.incident().chars().take(KEY_LIMIT).collect();
        let mut event = json!({
            "routing_key": self.routing_key.expose_secret(),
            "dedup_key": dedup_key,
            "event_action": if letter.stands() == Stands::Resolved { "resolve" } else { "trigger" },
        });
        if letter.stands() != Stands::Resolved {
            event["client"] = json!("self-healing-controller");
            event["payload"] = payload(letter, &words.notice);
            if let Some(runbook) = &words.runbook {
                event["links"] = json!([{ "href": runbook, "text": "Runbook" }]);
            }
        }
        Parcel::json(&event)
    }
}

fn payload(letter: &Letter<'_>, notice: &Notice) -> Value {
    let spec = &letter.about.spec;
    let details: Map<String, Value> =
        notice.fields.iter().map(|(label, value)| ((*label).to_owned(), json!(value))).collect();
    json!({
        "summary": letter.summary(),
        "source": if letter.cluster.is_empty() { "kubernetes" } else { letter.cluster },
        "severity": severity(spec.severity),
        "timestamp": notice.value("Timestamp"),
        "component": notice.value("Resource"),
        "group": notice.value("Namespace"),
        "class": spec.cause.map_or("unknown", |cause| cause.as_str()),
        "custom_details": details,
    })
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    }
}
