//! On Services: the selector that leads to a standby and back, and the marks beside it.

use super::{NAME, Policy, metadata, nothing, only_in_spec, rule, ties};
use self_healing_api::marks::{ORIGINAL_SELECTOR, OWNER, SWITCHED_SELECTOR};

pub(super) fn policy() -> Policy {
    let selector = |object: &str| format!("{object}.spec.?selector.orValue({{}})");
    Policy {
        name: "self-healing-services",
        group: "",
        resources: &["services"],
        operation: "UPDATE",
        variables: metadata(&[OWNER, ORIGINAL_SELECTOR, SWITCHED_SELECTOR], &[]),
        rules: vec![
            rule(
                format!(
                    "{} == {} || '{ORIGINAL_SELECTOR}' in variables.annotations || '{ORIGINAL_SELECTOR}' in variables.oldAnnotations",
                    selector("object"),
                    selector("oldObject"),
                ),
                format!(
                    "{NAME} may change the selector of a Service only with the original one beside it, in the annotation {ORIGINAL_SELECTOR}"
                ),
            ),
            rule(only_in_spec(&["selector"]), format!("{NAME} may change in the spec of a Service only the selector")),
            nothing(
                "foreignAnnotations",
                format!("{NAME} may change no annotation of a Service but the marks beside its own changes"),
            ),
            nothing("foreignLabels", format!("{NAME} may change no label of a Service")),
            ties("Service"),
        ],
    }
}
