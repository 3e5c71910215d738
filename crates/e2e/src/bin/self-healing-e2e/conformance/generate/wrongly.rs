//! Creates that are refused.

use super::Sequence;
use crate::conformance::object::object;
use crate::conformance::request::Request;
use crate::conformance::resource::{
    BUDGETS, CONFIG_MAPS, DEPLOYMENTS, EVENTS, LEASES, Name, PODS, RECOVERIES, Resource,
};
use serde_json::{Value, json};

pub(super) fn create_wrongly(sequence: &mut Sequence) {
    let resource = sequence.resource();
    let name = Name::plain(sequence.chance.pick(&super::NAMES)).shown(resource);
    let mut new = object(resource, &name, &mut sequence.chance);
    let namespaced = sequence.among(&[PODS, CONFIG_MAPS, DEPLOYMENTS, LEASES, BUDGETS, RECOVERIES, EVENTS]);
    let elsewhere = |label, place: &str, chance: &mut _| {
        let object = object(namespaced, "a", chance);
        Request::post(label, namespaced.within(place), object)
    };
    let request = match sequence.chance.up_to(11) {
        0 => elsewhere("create in a missing namespace", "nowhere", &mut sequence.chance),
        1 => elsewhere("create in a terminating namespace", "ending", &mut sequence.chance),
        2 => {
            new["kind"] = "Secret".into();
            Request::post("create with the wrong kind", resource.all(), new)
        }
        3 => {
            new["apiVersion"] = "v9".into();
            Request::post("create with the wrong apiVersion", resource.all(), new)
        }
        4 => {
            new["metadata"]["name"] = Value::Null;
            Request::post("create without a name", resource.all(), new)
        }
        5 => {
            new["metadata"]["name"] = "Not_A_Name".into();
            Request::post("create with a name that cannot be", resource.all(), new)
        }
        6 => {
            let mut new = object(namespaced, "a", &mut sequence.chance);
            new["metadata"]["namespace"] = "another".into();
            Request::post("create for another namespace", namespaced.all(), new)
        }
        7 => {
            new["metadata"]["resourceVersion"] = "1".into();
            Request::post("create with a resourceVersion", resource.all(), new)
        }
        8 => {
            new["metadata"]["labels"]["app"] = "not a value".into();
            Request::post("create with a label that cannot be", resource.all(), new)
        }
        _ => lacking(sequence),
    };
    sequence.push(request);
}

/// A create that lacks, or has wrong, what its kind demands.
fn lacking(sequence: &mut Sequence) -> Request {
    let (resource, path, value): (&Resource, &[&str], Value) = match sequence.chance.up_to(12) {
        0 => (PODS, &["spec", "containers"], Value::Null),
        1 => (PODS, &["spec", "containers"], json!([{ "name": "app" }])),
        2 => (PODS, &["spec", "containers"], json!([{ "image": "shop/web:1" }])),
        3 => (PODS, &["spec", "restartPolicy"], "Sometimes".into()),
        4 => (EVENTS, &["reportingController"], Value::Null),
        5 => (EVENTS, &["action"], Value::Null),
        6 => (EVENTS, &["type"], "Odd".into()),
        7 => (RECOVERIES, &["spec", "cause"], Value::Null),
        8 => (RECOVERIES, &["spec", "severity"], "terrible".into()),
        9 => (RECOVERIES, &["spec"], Value::Null),
        10 => (LEASES, &["spec", "leaseDurationSeconds"], 0.into()),
        _ => (DEPLOYMENTS, &["spec", "selector"], Value::Null),
    };
    let mut object = object(resource, "a", &mut sequence.chance);
    *path.iter().fold(&mut object, |value, part| &mut value[*part]) = value;
    Request::post("create without a required field", resource.all(), object)
}
