use super::{Events, get, ground, request, send};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower_service::Service;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test(start_paused = true)]
async fn an_object_lives_its_life_over_paths() {
    let api = ground().api;
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": { "a": "b" } });
    assert_eq!(send(&api, "POST", MAPS, map.clone()).await.0, 201);
    assert_eq!(send(&api, "POST", MAPS, map).await.0, 409);
    let path = format!("{MAPS}/c");
    let (status, mut map) = get(&api, &path).await;
    assert_eq!((status, &map["data"]["a"]), (200, &json!("b")));
    map["data"]["a"] = "c".into();
    assert_eq!(send(&api, "PUT", &path, map).await.0, 200);
    let (status, map) = send(&api, "PATCH", &path, json!({ "data": { "d": "e" } })).await;
    assert_eq!((status, &map["data"]), (200, &json!({ "a": "c", "d": "e" })));
    let (status, gone) = send(&api, "DELETE", &path, Value::Null).await;
    assert_eq!((status, &gone["status"], &gone["details"]["kind"]), (200, &json!("Success"), &json!("configmaps")));
    assert_eq!(get(&api, &path).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn subresources_have_paths_of_their_own() {
    let ground = ground();
    let pod = json!({ "metadata": { "name": "a" }, "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    let pods = "/api/v1/namespaces/default/pods";
    assert_eq!(send(&ground.api, "POST", pods, pod).await.0, 201);
    let binding =
        json!({ "kind": "Binding", "apiVersion": "v1", "metadata": { "name": "a" }, "target": { "name": "n" } });
    assert_eq!(send(&ground.api, "POST", &format!("{pods}/a/binding"), binding).await.0, 201);
    let status = json!({ "status": { "phase": "Running" } });
    assert_eq!(send(&ground.api, "PATCH", &format!("{pods}/a/status"), status).await.1["status"]["phase"], "Running");
    let eviction = json!({ "kind": "Eviction", "apiVersion": "policy/v1", "metadata": { "name": "a" } });
    let (status, success) = send(&ground.api, "POST", &format!("{pods}/a/eviction"), eviction).await;
    assert_eq!((status, &success["status"]), (201, &json!("Success")));
    assert!(!get(&ground.api, &format!("{pods}/a")).await.1["metadata"]["deletionTimestamp"].is_null());
    assert_eq!(
        send(&ground.api, "DELETE", &format!("{pods}/a"), json!({ "gracePeriodSeconds": 0 })).await.1["kind"],
        "Pod"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_served_is_told_apart() {
    let api = ground().api;
    assert_eq!(get(&api, "/api/v1/nothings").await.1["reason"], "NotFound");
    assert_eq!(get(&api, "/apis/nothing.io/v1/things").await, (404, "404 page not found\n".into()));
    assert_eq!(send(&api, "PUT", MAPS, json!({})).await.0, 405);
    assert_eq!(send(&api, "POST", &format!("{MAPS}/c/status"), json!({})).await.0, 404);
    let other = json!({ "kind": "Pod", "apiVersion": "v1", "metadata": { "name": "c" } });
    assert_eq!(send(&api, "POST", MAPS, other).await.0, 400);
    let text = request("POST", MAPS, &Value::Null);
    assert_eq!(api.clone().call(text).await.unwrap().status(), 400);
    let patch = http::Request::patch(format!("{MAPS}/c")).header("content-type", "text/plain");
    assert_eq!(api.clone().call(patch.body(String::new()).unwrap()).await.unwrap().status(), 415);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_changes_nothing() {
    let ground = ground();
    let (status, map) =
        send(&ground.api, "POST", &format!("{MAPS}?dryRun=All"), json!({ "metadata": { "name": "c" } })).await;
    assert_eq!((status, &map["metadata"]["name"]), (201, &json!("c")));
    assert_eq!(get(&ground.api, &format!("{MAPS}/c")).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_collection_is_deleted_by_its_selector() {
    let ground = ground();
    for (name, label) in [("a", "1"), ("b", "2"), ("c", "1")] {
        ground.map(name, label);
    }
    let (_, gone) = send(&ground.api, "DELETE", &format!("{MAPS}?labelSelector=n%3D1"), Value::Null).await;
    assert_eq!(super::names(&gone), ["a", "c"]);
    assert_eq!(super::names(&get(&ground.api, MAPS).await.1), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_does_not_undo_its_request() {
    let ground = ground();
    let mut slow = ground.api.clone().with_latency(Duration::from_secs(1));
    let create = slow.call(request("POST", MAPS, &json!({ "metadata": { "name": "c" } })));
    assert!(tokio::time::timeout(Duration::from_millis(500), create).await.is_err());
    assert_eq!(get(&ground.api, &format!("{MAPS}/c")).await.0, 404);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(get(&ground.api, &format!("{MAPS}/c")).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn events_have_two_names() {
    let ground = ground();
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "name": "e" }, "note": "hello",
        "regarding": { "kind": "Pod", "name": "a" }, "reportingController": "x.io/me", "reportingInstance": "one",
        "eventTime": "2030-01-01T00:00:00.000000Z", "action": "Look", "reason": "Odd", "type": "Normal",
    });
    let path = "/apis/events.k8s.io/v1/namespaces/default/events";
    let mut watch = Events::open(&ground.api, &format!("{path}?watch=1")).await;
    assert_eq!(send(&ground.api, "POST", path, event).await.0, 201);
    assert_eq!(watch.next().await["object"]["note"], "hello");
    let (_, core) = get(&ground.api, "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Da").await;
    assert_eq!(
        (&core["items"][0]["message"], &core["items"][0]["reportingComponent"]),
        (&json!("hello"), &json!("x.io/me"))
    );
}

#[tokio::test(start_paused = true)]
async fn kubectl_is_told_what_there_is() {
    let ground = ground();
    let names = json!({ "plural": "things", "kind": "Thing", "shortNames": ["th"] });
    let columns = json!([{ "name": "Mode", "type": "string", "jsonPath": ".spec.mode" }]);
    let version = json!({ "name": "v1", "served": true, "storage": true, "additionalPrinterColumns": columns,
        "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } } } });
    let spec = json!({ "group": "x.io", "scope": "Namespaced", "names": names, "versions": [version] });
    let definition = json!({ "metadata": { "name": "things.x.io" }, "spec": spec });
    send(&ground.api, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition).await;
    let (_, list) = get(&ground.api, "/apis/x.io/v1").await;
    assert_eq!(list["resources"][0]["verbs"][0], "delete", "custom resources have an order of their own");
    assert_eq!(get(&ground.api, "/apis/apps/v9").await.1["reason"], "NotFound");
    let (_, core) = get(&ground.api, "/api/v1").await;
    let namespaces = core["resources"].as_array().unwrap().iter().find(|one| one["name"] == "namespaces").unwrap();
    assert!(!namespaces["verbs"].as_array().unwrap().contains(&json!("deletecollection")));
    assert_eq!(send(&ground.api, "DELETE", "/api/v1/namespaces", Value::Null).await.0, 405);
    assert_eq!(
        (&list["resources"][0]["name"], &list["resources"][0]["shortNames"]),
        (&json!("things"), &json!(["th"]))
    );
    assert!(
        get(&ground.api, "/apis").await.1["groups"].as_array().unwrap().iter().any(|group| group["name"] == "x.io")
    );
    let ask = |path: &str, accept: &str| http::Request::get(path).header("accept", accept).body(String::new()).unwrap();
    let groups = ask("/api", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    let groups = ground.api.clone().call(groups).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let groups: Value = serde_json::from_slice(&groups).unwrap();
    let resources = groups["items"][0]["versions"][0]["resources"].as_array().unwrap().clone();
    let pods = resources.iter().find(|resource| resource["resource"] == "pods").unwrap();
    assert!(pods["subresources"].as_array().unwrap().iter().any(|part| part["responseKind"]["kind"] == "Eviction"));
    let thing =
        json!({ "apiVersion": "x.io/v1", "kind": "Thing", "metadata": { "name": "t" }, "spec": { "mode": "on" } });
    send(&ground.api, "POST", "/apis/x.io/v1/namespaces/default/things", thing).await;
    let table = ask("/apis/x.io/v1/things", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let table = ground.api.clone().call(table).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let table: Value = serde_json::from_slice(&table).unwrap();
    assert_eq!(
        (&table["columnDefinitions"][1]["name"], &table["rows"][0]["cells"]),
        (&json!("Mode"), &json!(["t", "on"]))
    );
}

#[tokio::test(start_paused = true)]
async fn events_are_held_to_their_rules_by_the_newer_api() {
    let ground = ground();
    let event = json!({
        "metadata": { "name": "e" }, "type": "Normal", "reason": "Odd", "action": "Look", "note": "hello",
        "eventTime": "2030-01-01T00:00:00.000000Z", "regarding": { "kind": "Pod", "name": "a", "namespace": "default" },
        "reportingController": "x.io/me", "reportingInstance": "one",
    });
    let path = "/apis/events.k8s.io/v1/namespaces/default/events";
    for (field, value) in [("action", Value::Null), ("reportingController", "".into()), ("type", "Odd".into())] {
        let mut wrong = event.clone();
        wrong[field] = value;
        let (status, refusal) = send(&ground.api, "POST", path, wrong).await;
        assert_eq!((status, &refusal["details"]["causes"][0]["field"]), (422, &json!(field)));
    }
    assert_eq!(send(&ground.api, "POST", path, event).await.0, 201);
    let (status, refusal) = send(&ground.api, "PATCH", &format!("{path}/e"), json!({ "note": "other" })).await;
    assert_eq!((status, &refusal["details"]["causes"][0]["field"]), (422, &json!("message")));
    let (_, refusal) = get(&ground.api, &format!("{path}/nobody")).await;
    assert_eq!(refusal["message"], r#"events.events.k8s.io "nobody" not found"#);
}

#[tokio::test(start_paused = true)]
async fn an_eviction_with_an_unknown_field_is_refused_where_that_is_asked_for() {
    let api = ground().api;
    let sent = json!({ "metadata": { "name": "a" }, "deleteOptions": { "preconditions": { "Uid": "u" } } });
    let path = "/api/v1/namespaces/default/pods/a/eviction";
    assert_eq!(send(&api, "POST", path, sent.clone()).await.0, 404);
    let (status, refusal) = send(&api, "POST", &format!("{path}?fieldValidation=Strict"), sent).await;
    assert_eq!(status, 400);
    let words = refusal["message"].as_str().unwrap();
    assert!(words.ends_with(r#"unknown field "deleteOptions.preconditions.Uid""#), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_object_is_refused() {
    let api = ground().api;
    assert_eq!(send(&api, "POST", MAPS, json!([1])).await.0, 400);
    assert_eq!(send(&api, "PATCH", &format!("{MAPS}/c"), json!([1])).await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_shows_the_mark_of_a_deletion() {
    let ground = ground();
    let pod = json!({ "metadata": { "name": "a" }, "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    ground.hand.create("pods", "default", &pod).unwrap();
    let path = "/api/v1/namespaces/default/pods/a";
    let (_, shown) = send(&ground.api, "DELETE", &format!("{path}?dryRun=All"), Value::Null).await;
    assert!(shown["metadata"]["deletionTimestamp"].is_string());
    assert!(get(&ground.api, path).await.1["metadata"]["deletionTimestamp"].is_null());
}
