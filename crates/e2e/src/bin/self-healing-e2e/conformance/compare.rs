//! Two answers, and where they differ.

use super::tolerated;
use serde_json::Value;

/// Where the answers differ, one line each; empty if they are the same as far as the controller can tell.
pub(super) fn differences(sim: &Value, real: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk("", sim, real, &mut |path, sim, real| {
        if !tolerated::is(path, sim, real) {
            found.push(format!("{path}: embedded {sim}, real {real}"));
        }
    });
    found
}

/// Calls `differ` with the path of everything that is not the same.
fn walk(path: &str, sim: &Value, real: &Value, differ: &mut impl FnMut(&str, &Value, &Value)) {
    match (sim, real) {
        (Value::Object(left), Value::Object(right)) => {
            let all: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
            for name in all {
                let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                walk(
                    &below,
                    &left.get(name).cloned().unwrap_or_default(),
                    &right.get(name).cloned().unwrap_or_default(),
                    differ,
                );
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                walk(&format!("{path}/{index}"), left, right, differ);
            }
        }
        _ if sim == real => {}
        _ => differ(path, sim, real),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_difference_is_told_with_its_place() {
        let (sim, real) =
            (json!({ "code": 409, "body": { "a": [1, 2] } }), json!({ "code": 404, "body": { "a": [1, 3], "b": 1 } }));
        let found = differences(&sim, &real);
        assert_eq!(
            found,
            ["body/a/1: embedded 2, real 3", "body/b: embedded null, real 1", "code: embedded 409, real 404"]
        );
        assert!(differences(&sim, &sim).is_empty());
    }
}
