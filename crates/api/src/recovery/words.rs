//! The closed words that only the record has.

use self_healing_core::recovery::{Delivery, StepResult};

/// A guard that lets the Recovery pass.
pub(crate) const PASS: &str = "Pass";
/// A guard that holds it.
pub(crate) const HOLD: &str = "Hold";

/// How a step or an attempt ended, in the record's word.
pub(crate) const fn result_word(result: StepResult) -> &'static str {
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
        Delivery::Grouped => "Grouped",
    }
}

/// What the record's word means; an unknown one is sent again, because delivery is at least once.
pub(super) fn delivery_of(word: &str) -> Delivery {
    match word {
        "Sent" => Delivery::Sent,
        "Failed" => Delivery::Failed,
        "Grouped" => Delivery::Grouped,
        _ => Delivery::Pending,
    }
}
