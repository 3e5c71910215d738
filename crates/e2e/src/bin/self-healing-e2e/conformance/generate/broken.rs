//! What no client should send.

use super::Sequence;
use crate::conformance::object::object;
use crate::conformance::request::{Body, Request};
use crate::conformance::resource::RECOVERIES;
use http::Method;
use serde_json::{Value, json};

pub(super) fn broken(sequence: &mut Sequence) {
    let (resource, name) = sequence.target();
    let (all, one) = (resource.all(), resource.one(&name));
    let request = match sequence.chance.up_to(13) {
        0 => Request::new("JSON that does not parse", Method::POST, all).with(Body::Text("{\"kind\": ")),
        1 => Request::new("no body", Method::POST, all),
        2 => Request::new("a body that is no object", Method::POST, all).with(Body::Text("[1, 2]")),
        3 => return unknown_field(sequence),
        4 => Request::post("a content type that nobody reads", all, json!({})).content("text/plain"),
        5 => Request::new("a patch of the wrong type", Method::PATCH, one).with(Body::Json(json!({}))),
        6 => Request::merge("a merge patch that does not parse", one, Value::Null).with(Body::Text("{\"metadata\"")),
        7 => Request::get("a path that is not served", format!("{one}/bogus")),
        8 => Request::get("a resource that is not served", "/apis/apps/v1/namespaces/<ns>/bogus"),
        9 => Request::get("a group that is not served", "/apis/bogus.example.com/v1/bogus"),
        10 => Request::post("a method that is not served", one, json!({})),
        11 => Request::new("a method that is not served", Method::PUT, all).with(Body::Json(json!({}))),
        _ => {
            let text = Body::Text("[{\"op\": \"leap\", \"path\": \"/metadata\"}]");
            Request::new("a JSON patch of an unknown kind", Method::PATCH, one)
                .with(text)
                .content("application/json-patch+json")
        }
    };
    sequence.push(request);
}

/// A field that a custom kind does not have (built-in kinds have no schema in the embedded API): dropped, or refused where strictness is asked for.
fn unknown_field(sequence: &mut Sequence) {
    let name = sequence.chance.pick(&super::NAMES);
    let mut object = object(RECOVERIES, name, &mut sequence.chance);
    object["spec"]["bogus"] = "yes".into();
    let (label, query) = sequence.chance.pick(&[
        ("an unknown field, strictly", "?fieldValidation=Strict"),
        ("an unknown field", "?fieldValidation=Ignore"),
        ("an unknown field", ""),
    ]);
    let path = format!("{}{query}", RECOVERIES.all());
    sequence.push(Request::post(label, path, object));
}
