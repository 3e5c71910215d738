//! On pods: none is taken away by force.

use super::{NAME, Policy, rule};
use self_healing_api::marks::OUT_OF_SERVICE;

/// A period of 0 is also what the API server itself makes of a delete of a pod that has ended, that no node has, or whose author wants
/// no time for it.
pub(super) fn deletes() -> Policy {
    let none = "!has(request.options.gracePeriodSeconds) || request.options.gracePeriodSeconds != 0";
    let harmless = "oldObject.?status.?phase.orValue('') in ['Succeeded', 'Failed'] \
                    || oldObject.spec.?nodeName.orValue('') == '' \
                    || oldObject.spec.?terminationGracePeriodSeconds.orValue(30) == 0";
    let message = format!(
        "{NAME} may delete no pod by force (gracePeriodSeconds 0): a pod on a machine that is proven to be off is freed by the taint \
         {OUT_OF_SERVICE}"
    );
    Policy {
        name: "self-healing-pods",
        group: "",
        resources: &["pods"],
        operation: "DELETE",
        variables: Vec::new(),
        rules: vec![rule(format!("{none} || {harmless}"), message)],
    }
}

/// The Eviction API deletes by itself, so that what is asked for is not seen as a delete.
pub(super) fn evictions() -> Policy {
    let holds = "!has(object.deleteOptions) || !has(object.deleteOptions.gracePeriodSeconds) \
                 || object.deleteOptions.gracePeriodSeconds != 0";
    let message = format!("{NAME} may evict no pod by force (gracePeriodSeconds 0)");
    Policy {
        name: "self-healing-evictions",
        group: "",
        resources: &["pods/eviction"],
        operation: "CREATE",
        variables: Vec::new(),
        rules: vec![rule(holds, message)],
    }
}
