use super::{hand, said};
use self_healing_sim::api::DeleteOptions;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};

fn with_definition() -> Hand {
    let hand = hand();
    let schema = json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": {
                "type": "object",
                "required": ["mode"],
                "properties": {
                    "mode": { "type": "string", "enum": ["Observe", "Enforce"] },
                    "count": { "type": "integer", "minimum": 0, "default": 1 },
                    "when": { "type": "string", "format": "date-time" },
                    "name": { "type": "string", "minLength": 1, "maxLength": 3 },
                    "list": { "type": "array", "maxItems": 2, "items": { "type": "object", "properties": { "a": { "type": "string" } } } },
                    "limit": { "x-kubernetes-int-or-string": true },
                    "map": { "type": "object", "additionalProperties": { "type": "string" } },
                    "open": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
            },
            "fixed": {
                "type": "object",
                "properties": { "a": { "type": "integer" } },
                "x-kubernetes-validations": [{ "rule": "self == oldSelf", "message": "it is fixed" }],
            },
            "status": { "type": "object", "properties": { "phase": { "type": "string" } } },
        },
    });
    let version = json!({
        "name": "v1", "served": true, "storage": true, "subresources": { "status": {} }, "schema": { "openAPIV3Schema": schema },
    });
    let names = json!({ "plural": "things", "kind": "Thing", "shortNames": ["th"] });
    let spec = json!({ "group": "x.io", "scope": "Namespaced", "names": names, "versions": [version] });
    let definition = json!({ "metadata": { "name": "things.x.io" }, "spec": spec });
    hand.create("customresourcedefinitions.apiextensions.k8s.io", "", &definition).unwrap();
    hand
}

fn thing(spec: Value) -> Value {
    json!({ "metadata": { "name": "a" }, "spec": spec })
}

#[tokio::test(start_paused = true)]
async fn a_definition_is_established_and_serves_its_resource() {
    let hand = with_definition();
    let definition = hand.get("customresourcedefinitions.apiextensions.k8s.io", "", "things.x.io").unwrap();
    let conditions = definition["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().all(|condition| condition["status"] == "True"));
    assert_eq!(definition["status"]["acceptedNames"]["singular"], "thing");
    let thing = hand.create("things.x.io", "default", &thing(json!({ "mode": "Observe" }))).unwrap();
    assert_eq!((&thing["apiVersion"], &thing["spec"]["count"]), (&json!("x.io/v1"), &json!(1)));
    hand.delete("customresourcedefinitions.apiextensions.k8s.io", "", "things.x.io", &DeleteOptions::default())
        .unwrap();
    assert_eq!(hand.create("things.x.io", "default", &thing).unwrap_err().code, 404);
}

#[tokio::test(start_paused = true)]
async fn what_the_schema_does_not_know_is_dropped() {
    let hand = with_definition();
    let spec = json!({ "mode": "Observe", "other": 1, "list": [{ "a": "b", "c": "d" }], "map": { "x": "y" }, "open": { "z": [1] } });
    let mut sent = thing(spec);
    sent["extra"] = json!({});
    let kept = hand.create("things.x.io", "default", &sent).unwrap();
    assert_eq!(
        kept["spec"],
        json!({ "mode": "Observe", "count": 1, "list": [{ "a": "b" }], "map": { "x": "y" }, "open": { "z": [1] } })
    );
    assert!(kept.get("extra").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_schema_is_named() {
    let hand = with_definition();
    let wrong = |spec| hand.create("things.x.io", "default", &thing(spec)).unwrap_err();
    let failure =
        wrong(json!({ "mode": "x", "count": -1, "when": "now", "name": "long", "list": [{ "a": 1 }], "limit": [] }));
    let fields = vec!["<nil>", "spec.count", "spec.limit", "spec.list[0].a", "spec.mode", "spec.name", "spec.when"];
    let (code, reason, mut found) = said(&failure);
    found.sort_unstable();
    assert_eq!((code, reason, found), (422, "Invalid", fields));
    assert!(failure.message.contains(
        r#"spec.list[0].a: Invalid value: "integer": spec.list[0].a in body must be of type string: "integer""#
    ));
    assert!(failure.message.contains(r#"spec.mode: Unsupported value: "x": supported values: "Observe", "Enforce""#));
    assert_eq!(
        said(&wrong(json!({ "name": "", "list": [{}, {}, {}], "map": { "x": 1 } }))).2.len(),
        5,
        "mode, name, list, map, and that a rule was not looked at"
    );
    assert_eq!(
        said(&hand.create("things.x.io", "default", &json!({ "metadata": { "name": "a" } })).unwrap_err()).2,
        ["spec", "<nil>"]
    );
}

#[tokio::test(start_paused = true)]
async fn custom_objects_are_updated_by_version_and_by_door() {
    let hand = with_definition();
    let mut kept = (*hand.create("things.x.io", "default", &thing(json!({ "mode": "Observe" }))).unwrap()).clone();
    let failure = hand.update("things.x.io", "default", "a", &thing(json!({ "mode": "Enforce" }))).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["metadata.resourceVersion"]));
    kept["status"] = json!({ "phase": "Done" });
    kept["metadata"]["labels"] = json!({ "a": "b" });
    kept["spec"]["mode"] = "Enforce".into();
    let told = hand.update_part("things.x.io", "default", "status", &kept).unwrap();
    assert_eq!((&told["status"]["phase"], &told["spec"]["mode"]), (&json!("Done"), &json!("Observe")));
    assert!(told["metadata"]["labels"].is_null() && told["metadata"]["generation"] == 1);
    let changed = hand.patch("things.x.io", "default", "a", &json!({ "spec": { "mode": "Enforce" } })).unwrap();
    assert_eq!((&changed["metadata"]["generation"], &changed["status"]["phase"]), (&json!(2), &json!("Done")));
}

#[tokio::test(start_paused = true)]
async fn what_must_never_change_stays() {
    let hand = with_definition();
    hand.create("things.x.io", "default", &thing(json!({ "mode": "Observe" }))).unwrap();
    let patch = |spec: Value| hand.patch("things.x.io", "default", "a", &json!({ "fixed": spec }));
    patch(json!({ "a": 1 })).unwrap();
    patch(json!({ "a": 1 })).unwrap();
    let failure = patch(json!({ "a": 3 })).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["fixed"]));
    assert!(failure.message.ends_with("fixed: Invalid value: it is fixed"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_status_is_told_by_its_own_paths() {
    let hand = with_definition();
    hand.create("things.x.io", "default", &thing(json!({ "mode": "Observe" }))).unwrap();
    let failure = hand.patch_status("things.x.io", "default", "a", &json!({ "status": { "phase": 1 } })).unwrap_err();
    assert!(failure.message.contains(r#"status.phase: Invalid value: "integer": phase in body must be"#), "{failure}");
}
