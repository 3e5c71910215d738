//! Alertmanager's API v2: one alert per incident, which fires until it is told that the failure is over.

use super::letter::{Letter, Stands};
use super::words::Words;
use super::{Error, Form, Line, Receivers};
use crate::outside::Parcel;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

/// Below the address.
const PATH: &str = "api/v2/alerts";
/// How long an alert fires of which nobody tells the end: then its Recovery is gone as well (`recovery_ttl`).
const LONGEST: SignedDuration = SignedDuration::from_hours(48);

struct Alertmanager;

/// With an address.
pub(super) fn open(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let below =
        |url: &SecretString| SecretString::from(format!("{}/{PATH}", url.expose_secret().trim_end_matches('/')));
    let url = receivers.secrets.alertmanager_url.as_ref().map(below);
    let way = receivers.way("ALERTMANAGER_URL", url.as_ref())?;
    Ok(way.map(|way| way.line(Alertmanager, Duration::ZERO)))
}

impl Form for Alertmanager {
    fn parcel(&self, letter: &Letter<'_>, words: &Words) -> Parcel {
        let (spec, notice) = (&letter.about.spec, &words.notice);
        let cause = spec.cause.map_or("Unknown", |cause| cause.as_str());
        // They name the alert, so nothing that changes may be among them.
        let labels = [
            ("alertname", format!("SelfHealing{cause}")),
            ("severity", spec.severity.to_string()),
            ("cluster", letter.cluster.to_owned()),
            ("namespace", spec.target.key.namespace.to_string()),
            ("kind", spec.target.kind.as_str().to_owned()),
            ("name", spec.target.key.name.to_string()),
            ("uid", spec.target.uid.to_string()),
        ];
        let annotations = [
            ("runbook_url", words.runbook.clone().unwrap_or_default()),
            ("summary", letter.summary()),
            ("recovery", letter.about.name.to_string()),
            ("result", notice.value("Result").unwrap_or_default().to_owned()),
        ];
        Parcel::json(&json!([{
            "labels": object(labels),
            "annotations": object(annotations),
            "startsAt": moment(spec.detected_at.0),
            "endsAt": ends(letter),
        }]))
    }
}

/// Without what is empty.
fn object(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Value {
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>().into()
}

/// When the failure was over; while it is not, a time at which nobody asks any more.
fn ends(letter: &Letter<'_>) -> String {
    let (spec, status) = (&letter.about.spec, &letter.about.status);
    let over = (letter.stands() == Stands::Resolved).then(|| status.finished_at.unwrap_or(spec.detected_at).0);
    match over {
        // An alert has to end after it began.
        Some(over) => moment(over.max(spec.detected_at.0.saturating_add(1))),
        None => moment(spec.detected_at.0.saturating_add(i64::try_from(LONGEST.as_millis()).unwrap_or(i64::MAX))),
    }
}

fn moment(millis: i64) -> String {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
}
