//! What must hold of Events: more through `events.k8s.io` than through the core API, for old clients.

use super::validate::{immutable, qualified};
use crate::event::NEWER;
use crate::failure::Cause;
use serde_json::Value;

/// Fields with their names in answers and their greatest lengths.
const TEXTS: [(&str, &str, usize); 4] = [
    ("reportingInstance", "reportingInstance", 128),
    ("action", "action", 128),
    ("reason", "reason", 128),
    ("message", "message", 1024),
];

/// What is wrong with a new Event.
pub(super) fn on_create(called: &str, event: &Value) -> Vec<Cause> {
    let mut causes = on_every_write(event);
    if called != NEWER {
        return causes;
    }
    if event["eventTime"].is_null() {
        causes.push(Cause::required("eventTime", ""));
    }
    let kind = event["type"].as_str().unwrap_or_default();
    if !matches!(kind, "Normal" | "Warning") {
        causes.push(Cause::invalid("type", &"".into(), &format!("has invalid value: {kind}")));
    }
    for field in ["firstTimestamp", "lastTimestamp", "count", "source"] {
        let value = &event[field];
        if !value.is_null() && *value != 0 && value.as_object().is_none_or(|source| !source.is_empty()) {
            causes.push(Cause::invalid(field, &"".into(), "needs to be unset"));
        }
    }
    causes
}

/// What is wrong with a change of one: through the newer API only its series and metadata change.
pub(super) fn on_update(called: &str, old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = on_every_write(new);
    if called == NEWER {
        let fixed = [
            "/involvedObject",
            "/reason",
            "/message",
            "/source",
            "/firstTimestamp",
            "/lastTimestamp",
            "/count",
            "/reason",
            "/type",
            "/eventTime",
            "/action",
            "/related",
            "/reportingComponent",
            "/reportingInstance",
        ];
        causes.extend(fixed.into_iter().filter_map(|field| immutable(old, new, field)));
    }
    causes
}

fn on_every_write(event: &Value) -> Vec<Cause> {
    let text = |field: &str| event[field].as_str().unwrap_or_default();
    let (own, about) = (&event["metadata"]["namespace"], &event["involvedObject"]["namespace"]);
    let (own, about) = (own.as_str().unwrap_or_default(), about.as_str().unwrap_or_default());
    let elsewhere = || Cause::invalid("involvedObject.namespace", &about.into(), "does not match event.namespace");
    if event["eventTime"].is_null() {
        let same = if about.is_empty() { matches!(own, "" | "default") } else { own == about };
        return if same { Vec::new() } else { vec![elsewhere()] };
    }
    let mut causes = Vec::new();
    if about.is_empty() && !matches!(own, "default" | "kube-system") {
        causes.push(elsewhere());
    }
    let controller = text("reportingComponent");
    if controller.is_empty() {
        causes.push(Cause::required("reportingController", ""));
    }
    let faults = qualified(controller).into_iter();
    causes.extend(faults.map(|why| Cause::invalid("reportingController", &controller.into(), why)));
    for (field, name, most) in TEXTS {
        if text(field).is_empty() && field != "message" {
            causes.push(Cause::required(name, ""));
        }
        if text(field).len() > most {
            causes.push(Cause::invalid(name, &"".into(), &format!("can have at most {most} characters")));
        }
    }
    causes
}
