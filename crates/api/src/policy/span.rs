//! Lengths of time, as people write them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What is expected where a span is read.
pub(super) const EXPECTED: &str = "seconds as a whole number, or a text such as 30s, 5m or 1h30m";

/// A length of time: whole seconds as a number, or a text such as `30s`, `5m`, `1h30m`, `0.5s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Span {
    /// Seconds.
    Seconds(i64),
    /// Numbers with the units ms, s, m, h; without a unit, seconds.
    Text(String),
}

impl Span {
    /// The time that is meant, down to the millisecond; `None` when it is none.
    #[must_use]
    pub fn read(&self) -> Option<Duration> {
        let text = match self {
            Self::Seconds(seconds) => return u64::try_from(*seconds).ok().map(Duration::from_secs),
            Self::Text(text) => text,
        };
        let mut rest = text.as_str();
        let mut sum = Duration::ZERO;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, unit) = rest.split_at(digits);
            let letters = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
            let (unit, left) = unit.split_at(letters);
            let millis = match unit {
                "ms" => 1.0,
                "s" => 1000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                "" if number.len() == text.len() => 1000.0,
                _ => return None,
            };
            let plain = number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.');
            let number: f64 = plain.then(|| number.parse().ok())??;
            sum = sum.checked_add(Duration::try_from_secs_f64(number * millis / 1000.0).ok()?)?;
            rest = left;
        }
        let millis = u64::try_from(sum.as_micros().div_ceil(1000)).ok()?;
        (!text.is_empty()).then(|| Duration::from_millis(millis))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "nullable": false,
            "maxLength": 32,
            "minimum": 0,
            "pattern": "^([0-9]+([.][0-9]+)?|([0-9]+([.][0-9]+)?(ms|s|m|h))+)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Span;
    use std::time::Duration;

    #[test]
    fn numbers_are_seconds_and_texts_have_units() {
        let text = |text: &str| Span::Text(text.to_owned()).read();
        assert_eq!(Span::Seconds(90).read(), Some(Duration::from_secs(90)));
        assert_eq!(text("90"), Some(Duration::from_secs(90)));
        assert_eq!(text("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(text("0.5s"), Some(Duration::from_millis(500)));
        assert_eq!(text("250ms"), Some(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_no_length_of_time_is_none() {
        for wrong in ["", "5x", "m", "-5s", "5m30", ".5s", "1.s", "1e9h", "99999999999999999999h", "5 m", "ä"] {
            assert_eq!(Span::Text(wrong.to_owned()).read(), None, "{wrong}");
        }
        assert_eq!(Span::Seconds(-1).read(), None);
    }
}
