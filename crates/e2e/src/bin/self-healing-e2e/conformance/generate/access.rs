//! What the controller's ServiceAccount may do, and what not.

use super::{RECIPES, Sequence, reads};
use crate::conformance::object::object;
use crate::conformance::request::{Request, User};
use crate::conformance::resource::{CONFIG_MAPS, LEASES, PODS, RECOVERIES};
use serde_json::json;

/// The namespace of the shipped roles.
const OWN: &str = "self-healing";

pub(super) fn review(sequence: &mut Sequence) {
    let chance = &mut sequence.chance;
    let (group, resource) = chance.pick(&[
        ("", "pods"),
        ("", "nodes"),
        ("", "secrets"),
        ("", "configmaps"),
        ("apps", "deployments"),
        ("batch", "jobs"),
        ("self-healing.dev", "recoveries"),
        ("coordination.k8s.io", "leases"),
        ("policy", "poddisruptionbudgets"),
        ("events.k8s.io", "events"),
    ]);
    let verb = chance.pick(&["get", "list", "watch", "create", "update", "patch", "delete", "*"]);
    let namespace = chance.pick(&["", "<ns>", OWN, OWN, "kube-node-lease"]);
    let name = chance.pick(&["", "", "self-healing-controller", "self-healing-config"]);
    let subresource = chance.pick(&["", "", "", "status", "eviction", "scale"]);
    let attributes = json!({
        "group": group, "resource": resource, "verb": verb, "namespace": namespace, "name": name, "subresource": subresource,
    });
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    let user = if chance.one_in(6) { User::Admin } else { User::Account };
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    sequence.push(Request { user, ..Request::post("ask for a right", path, review) });
}

/// What it may do in its own namespace, or any other request in its name.
pub(super) fn as_account(sequence: &mut Sequence) {
    let request = match sequence.chance.up_to(9) {
        0 => Request::get("its own ConfigMap", format!("{}/self-healing-config", CONFIG_MAPS.within(OWN))),
        1 => {
            let by_name = "fieldSelector=metadata.name%3Dself-healing-config";
            Request::get("its own ConfigMap", format!("{}?{by_name}", CONFIG_MAPS.within(OWN)))
        }
        2 => Request::get("a Lease that it may read", format!("{}/self-healing-controller", LEASES.within(OWN))),
        3 => Request::get("a Lease that it may not read", format!("{}/<ns>", LEASES.within(OWN))),
        4 => {
            // Named by the sequence: others write there too.
            let record = object(RECOVERIES, "<ns>", &mut sequence.chance);
            Request::post("its own record", RECOVERIES.within(OWN), record)
        }
        5 => Request::get("its own record", format!("{}/<ns>", RECOVERIES.within(OWN))),
        6 => Request::get("list as the ServiceAccount", format!("{}?{}", PODS.everywhere(), reads::OWN)),
        _ => return any(sequence),
    };
    sequence.push(request.by_account());
}

/// What the next idea asks for, but in the name of the ServiceAccount.
fn any(sequence: &mut Sequence) {
    let begin = sequence.requests.len();
    let recipe = sequence.recipe();
    // Not this one again, which would go round and round.
    if RECIPES.iter().any(|(_, known)| std::ptr::fn_addr_eq(*known, recipe))
        && !std::ptr::fn_addr_eq(recipe, as_account as super::Recipe)
    {
        recipe(sequence);
    }
    for request in sequence.requests.iter_mut().skip(begin) {
        request.user = User::Account;
    }
}
