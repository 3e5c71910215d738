//! What the first release has stored is read by the newest, and nothing of it is lost when it is written again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use self_healing_api::recovery::{Recovery as Resource, from_resource, to_resource};
use self_healing_core::names::Phase;
use serde_json::Value;

fn file(name: &str) -> Value {
    let path = format!("{}/first-release/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn stored() -> Vec<Value> {
    let mut all = file("recoveries.json").as_array().unwrap().clone();
    all.push(file("killed-during-a-drain.json")["recovery"].clone());
    all
}

/// Every value of `before` that `after` does not have at the same place.
fn lost(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match before {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| lost(&format!("{path}.{key}"), value, &after[key], found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| lost(&format!("{path}[{at}]"), item, &after[at], found));
        }
        value if value == after => {}
        value => found.push(format!("{path} was {value} and is {after}")),
    }
}

#[test]
fn every_word_is_known() {
    for object in stored() {
        let record = from_resource(&serde_json::from_value::<Resource>(object).unwrap()).unwrap();
        let (name, spec) = (&record.name, &record.spec);
        assert!(spec.action.is_some() && spec.cause.is_some() && spec.strategy.is_some(), "{name}: {spec:?}");
        assert!(record.status.phase.is_some(), "{name}: {:?}", record.status);
        assert!(record.created.0 > 0 && spec.first_seen.0 > 0 && spec.detected_at.0 > 0, "{name} has no times");
    }
}

#[test]
fn what_was_stored_is_still_there_when_it_is_written_again() {
    for object in stored() {
        let record = from_resource(&serde_json::from_value::<Resource>(object.clone()).unwrap()).unwrap();
        let again = serde_json::to_value(to_resource(&record, "self-healing")).unwrap();
        let mut found = Vec::new();
        lost("spec", &object["spec"], &again["spec"], &mut found);
        lost("status", &object["status"], &again["status"], &mut found);
        assert!(found.is_empty(), "{}:\n{}", record.name, found.join("\n"));
    }
}

#[test]
fn what_goes_on_can_go_on() {
    let record = |phase| {
        let records = stored()
            .into_iter()
            .map(|object| from_resource(&serde_json::from_value::<Resource>(object).unwrap()).unwrap());
        records.filter(|record| record.status.phase == Some(phase)).collect::<Vec<_>>()
    };
    let running = record(Phase::Running);
    assert!(running.iter().all(|record| record.status.attempts.iter().any(|attempt| attempt.finished_at.is_none())));
    assert!(running.iter().any(|record| record.status.saved_manifest.is_some()), "no manifest of a bare pod");
    assert_eq!((running.len(), record(Phase::Succeeded).len(), record(Phase::AwaitingApproval).len()), (2, 3, 1));
    assert!(record(Phase::Succeeded).iter().all(|record| record.status.finished_at.is_some()));
}
