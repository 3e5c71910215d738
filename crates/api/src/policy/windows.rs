//! `spec.windows`: when something may be done.

use super::BadPolicy;
use super::read::{list, word};
use super::zone::zone;
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use self_healing_core::names::WindowKind;
use self_healing_core::settings::{DAY, Weekdays, Window};
use serde::{Deserialize, Serialize};

/// Windows of one policy.
pub(super) const MAX_WINDOWS: u32 = 32;
/// The days as people write them.
const DAYS: [&str; 14] = [
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "Sun",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// Whose local time, if the window does not say.
const UTC: &str = "UTC";

/// A span of time that comes again, by the local time of a place.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct WindowSpec {
    /// Allow: something may be done only inside a window of this kind. Deny: nothing may be done inside; Deny wins. Allow when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kinds")]
    pub kind: Option<String>,
    /// Days of the week on which it opens, as Mon or Monday; every day when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "days")]
    pub days: Option<Vec<String>>,
    /// When it opens, as 22:00; 00:00 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 5), regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start: Option<String>,
    /// When it closes, as 06:00; on the next day when that is not after start. 24:00 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 5), regex(pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    pub end: Option<String>,
    /// Whose local time, as Europe/Berlin; UTC when absent. Changes of the clocks are followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[A-Za-z][A-Za-z0-9_+/-]*$"))]
    pub time_zone: Option<String>,
}

/// The windows that `said` describes.
pub(super) fn windows(field: &str, said: &[WindowSpec]) -> Result<Vec<Window>, BadPolicy> {
    if said.len() > MAX_WINDOWS as usize {
        let expected = format!("at most {MAX_WINDOWS} windows");
        return Err(BadPolicy::new(field, format!("{} windows", said.len()), expected));
    }
    said.iter().enumerate().map(|(at, said)| window(&format!("{field}[{at}]"), said)).collect()
}

fn window(field: &str, said: &WindowSpec) -> Result<Window, BadPolicy> {
    let kind = word(&format!("{field}.kind"), said.kind.as_deref(), WindowKind::parse, WindowKind::ALL)?;
    let day = |text: &str| DAYS.contains(&text).then(|| text.to_owned());
    let days = list(&format!("{field}.days"), said.days.as_deref(), day, &format!("one of {}", DAYS.join(", ")))?;
    let name = said.time_zone.as_deref().unwrap_or(UTC);
    let unknown = || {
        let expected = "a time zone's IANA name, as Europe/Berlin";
        BadPolicy::new(format!("{field}.timeZone"), format!("{name:?}"), expected)
    };
    Ok(Window {
        days: match days.as_slice() {
            [] => Weekdays::ALL,
            days => days.iter().fold(Weekdays::default(), |all, day| all.with(day).unwrap_or(all)),
        },
        start: time(&format!("{field}.start"), said.start.as_deref(), 0, DAY - 1)?,
        end: time(&format!("{field}.end"), said.end.as_deref(), DAY, DAY)?,
        zone: zone(name).ok_or_else(unknown)?,
        kind: kind.unwrap_or(WindowKind::Allow),
    })
}

/// Seconds after midnight, at most `last`.
fn time(field: &str, said: Option<&str>, default: u32, last: u32) -> Result<u32, BadPolicy> {
    let Some(text) = said else { return Ok(default) };
    let number =
        |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?;
    let read = || -> Option<u32> {
        let (hour, minute): (u32, u32) = text.split_once(':').and_then(|(h, m)| Some((number(h)?, number(m)?)))?;
        let second = hour * 3600 + minute * 60;
        (minute < 60 && second <= last).then_some(second)
    };
    read().ok_or_else(|| BadPolicy::new(field, format!("{text:?}"), "a time of day, as 22:00"))
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    crate::schema::one_of(WindowKind::ALL.iter().map(|word| word.as_str()))
}

fn days(_: &mut SchemaGenerator) -> Schema {
    let day = crate::schema::one_of(DAYS.into_iter());
    json_schema!({ "type": "array", "minItems": 1, "maxItems": DAYS.len(), "items": day })
}
