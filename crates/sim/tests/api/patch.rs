use super::{hand, pod};
use self_healing_sim::api::Patch;
use self_healing_sim::failure::Failure;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};
use std::sync::Arc;

fn node(hand: &Hand) {
    hand.create("nodes", "", &json!({ "metadata": { "name": "n", "labels": { "a": "b" } } })).unwrap();
}

fn json_patch(hand: &Hand, patch: Value) -> Result<Arc<Value>, Failure> {
    hand.patch_with(("nodes", "", "n"), "", &Patch::Json(patch))
}

#[tokio::test(start_paused = true)]
async fn a_json_patch_tests_before_it_changes() {
    let hand = hand();
    node(&hand);
    let patch = json!([
        { "op": "test", "path": "/metadata/labels/a", "value": "b" },
        { "op": "add", "path": "/spec/taints/-", "value": { "key": "k", "effect": "NoSchedule" } },
        { "op": "add", "path": "/metadata/labels/x~1y", "value": "z" },
        { "op": "replace", "path": "/metadata/labels/a", "value": "c" },
    ]);
    let object = json_patch(&hand, patch.clone()).unwrap();
    assert_eq!(object["spec"]["taints"][1]["key"], "k");
    assert_eq!(object["metadata"]["labels"], json!({ "a": "c", "x/y": "z" }));
    let failure = json_patch(&hand, patch).unwrap_err();
    assert_eq!((failure.code, failure.reason), (422, "Invalid"));
    assert_eq!(failure.message, "the server rejected our request due to an error in our request");
}

#[tokio::test(start_paused = true)]
async fn a_json_patch_does_all_or_nothing() {
    let hand = hand();
    node(&hand);
    let failure = json_patch(
        &hand,
        json!([{ "op": "remove", "path": "/metadata/labels/a" }, { "op": "remove", "path": "/metadata/labels/none" }]),
    );
    assert_eq!(failure.unwrap_err().code, 422);
    assert_eq!(hand.get("nodes", "", "n").unwrap()["metadata"]["labels"]["a"], "b");
    let object = json_patch(
        &hand,
        json!([
            { "op": "copy", "from": "/metadata/labels/a", "path": "/metadata/labels/copied" },
            { "op": "move", "from": "/metadata/labels/a", "path": "/metadata/labels/moved" },
        ]),
    );
    assert_eq!(object.unwrap()["metadata"]["labels"], json!({ "copied": "b", "moved": "b" }));
}

#[tokio::test(start_paused = true)]
async fn a_patch_may_name_the_version_that_it_means() {
    let hand = hand();
    node(&hand);
    let old = hand.get("nodes", "", "n").unwrap();
    let cordon = json!({ "metadata": { "resourceVersion": old["metadata"]["resourceVersion"] }, "spec": { "unschedulable": true } });
    hand.patch("nodes", "", "n", &cordon).unwrap();
    assert_eq!(hand.patch("nodes", "", "n", &cordon).unwrap_err().code, 409);
}

#[tokio::test(start_paused = true)]
async fn a_strategic_patch_knows_which_lists_are_maps() {
    let hand = hand();
    hand.create("pods", "default", &pod("a")).unwrap();
    let patch = Patch::Strategic(json!({ "spec": { "containers": [{ "name": "c", "image": "i:2" }] } }));
    let object = hand.patch_with(("pods", "default", "a"), "", &patch).unwrap();
    assert_eq!(object["spec"]["containers"][0]["image"], "i:2");
    assert_eq!(object["spec"]["containers"][0]["terminationMessagePolicy"], "File");
    let condition = |kind: &str| json!({ "status": { "conditions": [{ "type": kind, "status": "True" }] } });
    for kind in ["Ready", "Initialized", "Ready"] {
        hand.patch_with(("pods", "default", "a"), "status", &Patch::Strategic(condition(kind))).unwrap();
    }
    let object = hand.get("pods", "default", "a").unwrap();
    let kinds: Vec<_> = object["status"]["conditions"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["Initialized", "Ready"], "what is new comes first");
    let gone = json!({ "status": { "conditions": [{ "type": "Ready", "$patch": "delete" }] } });
    let object = hand.patch_with(("pods", "default", "a"), "status", &Patch::Strategic(gone)).unwrap();
    assert_eq!(object["status"]["conditions"], json!([{ "type": "Initialized", "status": "True" }]));
}

#[tokio::test(start_paused = true)]
async fn to_apply_is_to_create_or_to_merge() {
    let hand = hand();
    let wanted = Patch::Apply(json!({ "metadata": { "name": "c" }, "data": { "a": "b" } }));
    hand.patch_with(("configmaps", "default", "c"), "", &wanted).unwrap();
    let more = Patch::Apply(json!({ "metadata": { "name": "c" }, "data": { "c": "d" } }));
    let object = hand.patch_with(("configmaps", "default", "c"), "", &more).unwrap();
    assert_eq!(object["data"], json!({ "a": "b", "c": "d" }));
}

#[tokio::test(start_paused = true)]
async fn a_json_patch_need_not_find_the_field_that_it_replaces_or_copies() {
    let hand = hand();
    node(&hand);
    let object =
        json_patch(&hand, json!([{ "op": "replace", "path": "/metadata/labels/none", "value": "z" }])).unwrap();
    assert_eq!(object["metadata"]["labels"]["none"], "z");
    let nowhere = json!([{ "op": "replace", "path": "/metadata/nothing/none", "value": "z" }]);
    assert_eq!(json_patch(&hand, nowhere).unwrap_err().code, 422);
    let copy = json!([{ "op": "copy", "from": "/spec/none", "path": "/spec/copied" }]);
    assert!(json_patch(&hand, copy).unwrap()["spec"]["copied"].is_null());
}
