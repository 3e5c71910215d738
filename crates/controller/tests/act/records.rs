//! Recoveries on the wire: create, save, delete and list.

use crate::server::{RECOVERY, Reply, Seen, Server, answer, conflict, failure, not_found, pod_target};
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::key::Text;
use self_healing_core::names::{Action, Cause, FailureType, Mode, Phase, Severity, Strategy};
use self_healing_core::recovery::{Orders, Recovery, Spec, Status};
use self_healing_core::time::Stamp;
use serde_json::{Value, json};

const ALL: &str = "/apis/self-healing.dev/v1alpha1/namespaces/self-healing/recoveries";

fn status(phase: Phase) -> Status {
    Status {
        phase: Some(phase),
        message: "deleting the pod".to_owned(),
        reason: String::new(),
        attempts: Vec::new(),
        guards: Vec::new(),
        evidence: Vec::new(),
        impact: Vec::new(),
        verification: None,
        recovery_seconds: None,
        notifications: Vec::new(),
        saved_manifest: None,
        finished_at: None,
    }
}

fn record() -> Recovery {
    Recovery {
        name: Text::from(RECOVERY),
        uid: Text::from(""),
        resource_version: Text::from(""),
        created: Stamp(0),
        spec: Spec {
            failure: FailureType::Pod,
            action: Some(Action::Pod),
            cause: Some(Cause::Failed),
            severity: Severity::Medium,
            strategy: Some(Strategy::Restart),
            mode: Mode::Enforce,
            target: pod_target(),
            workload: pod_target(),
            policy: String::new(),
            description: "it failed".to_owned(),
            first_seen: Stamp(1_000),
            detected_at: Stamp(2_000),
            similar_failures: 0,
            reasons: Vec::new(),
        },
        status: status(Phase::Pending),
        orders: Orders::default(),
    }
}

/// What the server makes of a created record.
fn stored(mut object: Value) -> Value {
    object["metadata"]["uid"] = json!("uid-recovery");
    object["metadata"]["resourceVersion"] = json!("101");
    object["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    object
}

fn at_101() -> Outcome {
    Outcome::Done(Answer::Stored { uid: Text::from("uid-recovery"), resource_version: Text::from("101") })
}

#[tokio::test]
async fn a_record_is_created_by_name() {
    let server = Server::start(|seen| answer(201, &stored(seen.body.clone()))).await;
    assert_eq!(server.perform(Verb::CreateRecovery(Box::new(record()))).await, at_101());
    let write = server.write();
    assert_eq!((&*write.method, &*write.path), ("POST", ALL));
    assert_eq!((&write.body["kind"], &write.body["metadata"]["name"]), (&json!("Recovery"), &json!(RECOVERY)));
    assert_eq!(write.body["spec"]["target"]["uid"], "uid-web-1");
    assert_eq!(write.body["metadata"].get("uid"), None);
}

/// Creates the record on a server where one is there already, unless `answers` says otherwise.
async fn create_twice(read: fn(Value) -> Reply) -> Outcome {
    let first = Server::start(|seen| answer(201, &stored(seen.body.clone()))).await;
    first.perform(Verb::CreateRecovery(Box::new(record()))).await;
    let existing = stored(first.write().body);
    let server = Server::start(move |seen: &Seen| match &*seen.method {
        "GET" => read(existing.clone()),
        _ => failure(409, "AlreadyExists", "recoveries already exists", json!({"name": RECOVERY})),
    })
    .await;
    server.perform(Verb::CreateRecovery(Box::new(record()))).await
}

#[tokio::test]
async fn a_record_that_exists_is_read_instead() {
    let Outcome::Done(Answer::Exists(found)) = create_twice(|existing| answer(200, &existing)).await else {
        panic!("it exists")
    };
    assert_eq!((&*found.name, &*found.uid, &*found.resource_version), (RECOVERY, "uid-recovery", "101"));
    assert_eq!(found.spec, record().spec);
    let vanished = create_twice(|_| not_found("recoveries", RECOVERY)).await;
    assert!(matches!(vanished, Outcome::TryLater { .. }), "{vanished:?}");
}

#[tokio::test]
async fn without_the_custom_resource_a_record_is_refused() {
    let server = Server::start(|_| Reply { code: 404, retry_after: None, body: "404 page not found".into() }).await;
    let outcome = server.perform(Verb::CreateRecovery(Box::new(record()))).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

fn save(uid: &str, version: &str) -> Verb {
    let (uid, resource_version) = (Text::from(uid), Text::from(version));
    Verb::SaveStatus { status: Box::new(status(Phase::Running)), resource_version, uid }
}

#[tokio::test]
async fn a_status_replaces_exactly_the_version_that_was_read() {
    let server = Server::start(|seen| answer(200, &stored(seen.body.clone()))).await;
    assert_eq!(server.perform(save("uid-recovery", "100")).await, at_101());
    let write = server.write();
    assert_eq!((&*write.method, write.path), ("PUT", format!("{ALL}/{RECOVERY}/status")));
    let metadata =
        json!({"name": RECOVERY, "namespace": "self-healing", "uid": "uid-recovery", "resourceVersion": "100"});
    assert_eq!(write.body["metadata"], metadata);
    assert_eq!(write.body["status"]["phase"], "Running");
}

#[tokio::test]
async fn a_status_that_somebody_else_changed_is_not_overwritten() {
    let modified = "the object has been modified; please apply your changes to the latest version and try again";
    let server = Server::start(move |_| conflict("recoveries.self-healing.dev", RECOVERY, modified)).await;
    let outcome = server.perform(save("uid-recovery", "100")).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    server.write();
    let server = Server::start(|_| answer(200, &json!({}))).await;
    for (uid, version) in [("", "100"), ("uid-recovery", "")] {
        assert!(matches!(server.perform(save(uid, version)).await, Outcome::Refused { .. }));
    }
    assert_eq!(server.seen(), [], "without both it would replace whatever is there");
}

#[tokio::test]
async fn a_record_is_deleted_by_uid() {
    let server = Server::start(|_| answer(200, &json!({"kind": "Status", "status": "Success"}))).await;
    let outcome = server.perform(Verb::DeleteRecovery { uid: Text::from("uid-recovery") }).await;
    assert_eq!(outcome, Outcome::Done(Answer::Nothing));
    let write = server.write();
    assert_eq!((&*write.method, write.path), ("DELETE", format!("{ALL}/{RECOVERY}")));
    assert_eq!(write.body["preconditions"], json!({"uid": "uid-recovery"}));
}

#[tokio::test]
async fn all_records_are_listed_by_quorum_read_and_a_broken_one_is_left_out() {
    let first = Server::start(|seen| answer(201, &stored(seen.body.clone()))).await;
    first.perform(Verb::CreateRecovery(Box::new(record()))).await;
    let good = stored(first.write().body);
    let server = Server::start(move |seen| {
        let last = seen.path.contains("continue=next");
        let mut bad = good.clone();
        bad["spec"] = json!("nonsense");
        let items = if last { json!([good]) } else { json!([good, bad]) };
        answer(200, &json!({"metadata": {"continue": if last { "" } else { "next" }}, "items": items}))
    })
    .await;
    let Outcome::Done(Answer::Recoveries(found)) = server.perform(Verb::ReadRecoveries).await else { panic!("a list") };
    assert_eq!(found.len(), 2);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| !seen.path.contains("resourceVersion")), "{seen:?}");
}

#[tokio::test]
async fn an_expired_page_means_to_list_again() {
    let server = Server::start(|seen| match seen.path.contains("continue=next") {
        true => failure(410, "Expired", "The provided continue parameter is too old", json!({})),
        false => answer(200, &json!({"metadata": {"continue": "next"}, "items": []})),
    })
    .await;
    let outcome = server.perform(Verb::ReadRecoveries).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
}
