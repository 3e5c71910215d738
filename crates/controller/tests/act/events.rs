//! Kubernetes Events on the target and on the Recovery.

use crate::server::{Reply, Seen, Server, actor, answer, effect, failure, node_target, pod_target};
use self_healing_controller::lease::Door;
use self_healing_core::effect::{Answer, Outcome, Verb};
use self_healing_core::happening::{Happening, What};
use self_healing_core::key::{Target, Text};
use self_healing_core::names::{FailureType, GuardName, Severity, Strategy};
use serde_json::{Value, json};

fn happening(target: Target, note: &str) -> Happening {
    Happening {
        what: What::RecoveryStarted { strategy: Strategy::Restart },
        recovery: Text::from("pod-crashloop-1"),
        recovery_uid: Text::from("uid-recovery"),
        target,
        failure: FailureType::Pod,
        severity: Severity::Medium,
        note: note.to_owned(),
        publish: true,
    }
}

fn created(seen: &Seen) -> Reply {
    answer(201, &seen.body)
}

/// The Events on the objects of `kind`.
fn on(server: &Server, kind: &str) -> Vec<Seen> {
    server.writes().into_iter().filter(|seen| seen.body["regarding"]["kind"] == kind).collect()
}

#[tokio::test]
async fn target_and_recovery_get_an_event_each() {
    let server = Server::start(created).await;
    let told = happening(pod_target(), "deleting it");
    assert_eq!(server.perform(Verb::Happened(Box::new(told))).await, Outcome::Done(Answer::Nothing));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "uid-web-1"});
    let recovery = json!({"apiVersion": "self-healing.dev/v1alpha1", "kind": "Recovery", "namespace": "self-healing",
        "name": "pod-crashloop-1", "uid": "uid-recovery"});
    for (kind, namespace, regarding, related) in
        [("Pod", "shop", &pod, &recovery), ("Recovery", "self-healing", &recovery, &pod)]
    {
        let [seen] = &on(&server, kind)[..] else { panic!("one Event on the {kind}") };
        assert_eq!(seen.path, format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events"));
        let event = &seen.body;
        assert_eq!((&event["regarding"], &event["related"]), (regarding, related));
        assert_eq!(event["metadata"]["namespace"], namespace);
        for (field, value) in [
            ("apiVersion", "events.k8s.io/v1"),
            ("kind", "Event"),
            ("type", "Normal"),
            ("reason", "RecoveryStarted"),
            ("action", "Recover"),
            ("note", "deleting it"),
            ("reportingController", "self-healing.dev/controller"),
            ("reportingInstance", "controller-abc"),
        ] {
            assert_eq!(event[field], value, "{field}");
        }
        let time = event["eventTime"].as_str().unwrap();
        assert_eq!(time.len(), "2026-01-01T00:00:00.000000Z".len(), "microseconds, as the API asks: {time}");
    }
}

#[tokio::test]
async fn an_event_on_a_node_goes_to_the_default_namespace_and_a_hold_is_a_warning() {
    let server = Server::start(created).await;
    let mut held = happening(node_target(), "too many nodes are sick");
    held.what = What::RecoveryHeld { guard: GuardName::Breaker };
    server.perform(Verb::Happened(Box::new(held))).await;
    let [seen] = &on(&server, "Node")[..] else { panic!("one Event on the node") };
    assert_eq!(seen.path, "/apis/events.k8s.io/v1/namespaces/default/events");
    assert_eq!((&seen.body["type"], &seen.body["reason"]), (&json!("Warning"), &json!("RecoveryHeld")));
    assert_eq!(seen.body["regarding"].get("namespace"), None);
}

#[tokio::test]
async fn a_long_note_is_cut_between_characters() {
    let server = Server::start(created).await;
    server.perform(Verb::Happened(Box::new(happening(pod_target(), &"€".repeat(1000))))).await;
    let note = on(&server, "Pod")[0].body["note"].clone();
    assert_eq!(note, Value::from("€".repeat(341)), "1023 of at most 1024 bytes");
}

#[tokio::test]
async fn what_was_just_said_is_not_said_again() {
    let server = Server::start(created).await;
    let actor = actor(server.address(), Door::always_open());
    for note in ["one", "one", "two", "one"] {
        actor.perform(&effect(Verb::Happened(Box::new(happening(pod_target(), note))))).await;
    }
    let notes: Vec<_> = on(&server, "Pod").into_iter().map(|seen| seen.body["note"].clone()).collect();
    assert_eq!(notes, ["one", "two"]);
}

#[tokio::test]
async fn nothing_is_published_in_observe_mode() {
    let server = Server::start(created).await;
    let mut quiet = happening(pod_target(), "would delete it");
    quiet.publish = false;
    server.perform(Verb::Happened(Box::new(quiet))).await;
    assert_eq!(server.seen(), []);
}

#[tokio::test]
async fn a_refused_event_changes_nothing_and_is_sent_once() {
    let server = Server::start(|_| failure(403, "Forbidden", "no", json!({}))).await;
    let outcome = server.perform(Verb::Happened(Box::new(happening(pod_target(), "x")))).await;
    assert_eq!(outcome, Outcome::Done(Answer::Nothing));
    assert_eq!(server.writes().len(), 2);
}
