//! ControllerRevisions: the templates of StatefulSets and DaemonSets, old and new.

use crate::actor::object::{name, number, reference};
use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

/// The label that says which revision a pod is of.
pub(super) const CONTROLLER_HASH: &str = "controller-revision-hash";
const RESOURCE: &str = "controllerrevisions.apps";

/// Makes the newest revision of `owner`, called `wanted`, or makes an older one the newest again.
pub(super) fn ensure(
    hand: &Hand,
    key: &Key,
    owner: &Value,
    wanted: &str,
    known: &[&Arc<Value>],
) -> Result<(), Failure> {
    let highest = known.iter().filter_map(|one| number(one, "/revision")).max().unwrap_or(0);
    match known.iter().find(|one| name(one) == wanted) {
        Some(one) if number(one, "/revision") == Some(highest) => Ok(()),
        Some(_) => hand.patch(RESOURCE, &key.namespace, wanted, &json!({ "revision": highest + 1 })).map(drop),
        None => {
            let revision = json!({
                "metadata": {
                    "name": wanted, "labels": owner["spec"]["template"]["metadata"]["labels"],
                    "ownerReferences": [reference(owner)],
                },
                "data": { "spec": { "template": owner["spec"]["template"] } },
                "revision": highest + 1,
            });
            hand.create(RESOURCE, &key.namespace, &revision).map(drop)
        }
    }
}
