//! Label selectors as objects carry them.

use super::object;
use serde_json::Value;

/// Whether `labels` have all pairs of `wanted`.
pub(super) fn has_all(wanted: &Value, labels: &Value) -> bool {
    wanted.as_object().into_iter().flatten().all(|(label, value)| labels[label.as_str()] == *value)
}

/// One term of `matchExpressions`, of labels or of a node selector.
pub(super) fn fits(term: &Value, labels: &Value) -> bool {
    let value = &labels[term["key"].as_str().unwrap_or_default()];
    let values = object::list(term, "/values");
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<i64>().ok());
    let compared = || Some((number(value)?, number(values.first()?)?));
    match term["operator"].as_str() {
        Some("In") => values.contains(value),
        Some("NotIn") => !values.contains(value),
        Some("Exists") => !value.is_null(),
        Some("DoesNotExist") => value.is_null(),
        Some("Gt") => compared().is_some_and(|(value, bound)| value > bound),
        Some("Lt") => compared().is_some_and(|(value, bound)| value < bound),
        _ => false,
    }
}
