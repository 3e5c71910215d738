//! Events are one thing under two names: the older API calls their fields in other words.

use serde_json::{Map, Value};

/// The resource of the newer API.
pub(crate) const NEWER: &str = "events.events.k8s.io";

/// The word of `events.k8s.io` and that of the core API, in which Events are kept.
const WORDS: &[(&str, &str)] = &[
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

/// As it is kept.
pub(crate) fn to_core(event: Value) -> Value {
    reword(event, "v1", |(new, old)| (*new, *old))
}

/// As `events.k8s.io` shows it.
pub(crate) fn from_core(event: &Value) -> Value {
    reword(event.clone(), "events.k8s.io/v1", |(new, old)| (*old, *new))
}

fn reword<'a>(event: Value, version: &str, way: impl Fn(&'a (&'a str, &'a str)) -> (&'a str, &'a str)) -> Value {
    let Value::Object(fields) = event else { return event };
    let renamed = |(name, value): (String, Value)| {
        let other = WORDS.iter().map(&way).find(|(from, _)| *from == name);
        (other.map_or(name, |(_, to)| to.to_owned()), value)
    };
    let mut fields: Map<String, Value> = fields.into_iter().map(renamed).collect();
    fields.insert("apiVersion".to_owned(), version.into());
    Value::Object(fields)
}
