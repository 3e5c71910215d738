//! The closed words that only the record has, and the schemas of those that the API server checks.

use schemars::{Schema, SchemaGenerator, json_schema};
use self_healing_core::names::{FailureType, Mode, Severity};
use self_healing_core::recovery::{Delivery, StepResult};

/// A guard that lets the Recovery pass.
pub(super) const PASS: &str = "Pass";
/// A guard that holds it.
pub(super) const HOLD: &str = "Hold";

/// How a step or an attempt ended, in the record's word.
pub(super) const fn result_word(result: StepResult) -> &'static str {
    match result {
        StepResult::InProgress => "InProgress",
        StepResult::Succeeded => "Succeeded",
        StepResult::Failed => "Failed",
    }
}

/// What the record's word means; an unknown one of something that has ended cannot be claimed as success.
pub(super) fn result_of(word: &str, ended: bool) -> StepResult {
    match (word, ended) {
        ("Succeeded", _) => StepResult::Succeeded,
        ("Failed", _) => StepResult::Failed,
        ("InProgress", _) | (_, false) => StepResult::InProgress,
        (_, true) => StepResult::Failed,
    }
}

/// How far a message got, in the record's word.
pub(super) const fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Pending => "Pending",
        Delivery::Sent => "Sent",
        Delivery::Failed => "Failed",
    }
}

/// What the record's word means; an unknown one is sent again, because delivery is at least once.
pub(super) fn delivery_of(word: &str) -> Delivery {
    match word {
        "Sent" => Delivery::Sent,
        "Failed" => Delivery::Failed,
        _ => Delivery::Pending,
    }
}

pub(super) fn failure_types(_: &mut SchemaGenerator) -> Schema {
    one_of(FailureType::ALL.iter().map(|word| word.as_str()).collect())
}

pub(super) fn severities(_: &mut SchemaGenerator) -> Schema {
    one_of(Severity::ALL.iter().map(|word| word.as_str()).collect())
}

pub(super) fn modes(_: &mut SchemaGenerator) -> Schema {
    one_of(Mode::ALL.iter().map(|word| word.as_str()).collect())
}

fn one_of(words: Vec<&str>) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}
