//! The table of outcomes, line by line.

use crate::server::{Reply, Server, actor, answer, conflict, effect, failure, identity, not_found, pod_target};
use self_healing_controller::act::Actor;
use self_healing_controller::lease::Door;
use self_healing_controller::outside::Outside;
use self_healing_core::effect::{Answer, Outcome, Verb};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// What comes of an eviction that is answered so; it must have been sent once.
async fn of(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Outcome {
    let server = Server::start(move |_| reply()).await;
    let outcome = server.perform(Verb::Evict { target: pod_target(), grace: None }).await;
    assert_eq!(server.seen().len(), 1, "one attempt per write: {outcome:?}");
    outcome
}

fn plain(code: u16, text: &str) -> Reply {
    Reply { code, retry_after: None, body: text.to_owned() }
}

fn bare(code: u16) -> Reply {
    failure(code, "", &format!("the server says {code}"), json!({}))
}

#[derive(Debug, PartialEq)]
enum Sort {
    Later,
    Unknown,
    Refused,
    Gone,
    Done,
}

fn sort(outcome: &Outcome) -> Sort {
    match outcome {
        Outcome::Done(_) => Sort::Done,
        Outcome::Gone => Sort::Gone,
        Outcome::TryLater { .. } => Sort::Later,
        Outcome::Unknown { .. } => Sort::Unknown,
        Outcome::Refused { .. } | Outcome::NotLeading => Sort::Refused,
    }
}

#[tokio::test]
async fn each_code_has_its_outcome() {
    let table = [
        (301, Sort::Unknown),
        (400, Sort::Refused),
        (401, Sort::Later),
        (403, Sort::Refused),
        (405, Sort::Refused),
        (408, Sort::Later),
        (409, Sort::Later),
        (410, Sort::Later),
        (413, Sort::Refused),
        (415, Sort::Refused),
        (422, Sort::Refused),
        (429, Sort::Later),
        (500, Sort::Later),
        (501, Sort::Refused),
        (502, Sort::Unknown),
        (503, Sort::Later),
        (504, Sort::Unknown),
    ];
    for (code, expected) in table {
        let outcome = of(move || bare(code)).await;
        assert_eq!(sort(&outcome), expected, "{code} with a Status: {outcome:?}");
        let outcome = of(move || plain(code, "plain words")).await;
        assert_eq!(sort(&outcome), expected, "{code} in plain text: {outcome:?}");
    }
}

#[tokio::test]
async fn the_servers_words_are_kept_and_bounded() {
    let Outcome::Refused { message } =
        of(|| failure(403, "Forbidden", "pods \"web-1\" is forbidden: no", json!({}))).await
    else {
        panic!("refused")
    };
    assert_eq!(message, "pods \"web-1\" is forbidden: no");
    let Outcome::Refused { message } = of(|| plain(400, &"é".repeat(5000))).await else { panic!("refused") };
    assert_eq!(message.chars().count(), 1024);
}

#[tokio::test]
async fn a_missing_object_is_gone_but_a_missing_resource_is_refused() {
    assert_eq!(of(|| not_found("pods", "web-1")).await, Outcome::Gone);
    let unserved = || failure(404, "NotFound", "the server could not find the requested resource", json!({}));
    assert_eq!(sort(&of(unserved).await), Sort::Refused);
    assert_eq!(sort(&of(|| plain(404, "404 page not found")).await), Sort::Refused);
}

#[tokio::test]
async fn a_conflict_on_uid_is_gone_but_on_version_is_later() {
    let uid = "StorageError: invalid object, Code: 4, Key: /registry/pods/shop/web-1, ResourceVersion: 0, AdditionalErrorMsg: \
               Precondition failed: UID in precondition: uid-web-1, UID in object meta: uid-other";
    assert_eq!(of(move || conflict("pods", "web-1", uid)).await, Outcome::Gone);
    let version = "Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: 2";
    assert_eq!(sort(&of(move || conflict("pods", "web-1", version)).await), Sort::Later);
    let modified = "the object has been modified; please apply your changes to the latest version and try again";
    assert_eq!(sort(&of(move || conflict("pods", "web-1", modified)).await), Sort::Later);
}

#[tokio::test]
async fn a_change_of_uid_is_gone_but_another_invalid_field_is_refused() {
    let invalid = |field: &'static str| {
        failure(
            422,
            "Invalid",
            "it is invalid",
            json!({"name": "web-1", "causes": [{"reason": "FieldValueInvalid", "field": field}]}),
        )
    };
    assert_eq!(of(move || invalid("metadata.uid")).await, Outcome::Gone);
    assert_eq!(sort(&of(move || invalid("spec.containers")).await), Sort::Refused);
}

#[tokio::test]
async fn a_disruption_budget_is_told_apart_from_priority_and_fairness() {
    let budget = json!({"causes": [{"reason": "DisruptionBudget",
        "message": "The disruption budget web needs 2 healthy pods and has 2 currently"}], "retryAfterSeconds": 10});
    let words = "Cannot evict pod as it would violate the pod's disruption budget.";
    let expected = Outcome::TryLater {
        after: Some(Duration::from_secs(10)),
        budget: true,
        message: format!("{words} The disruption budget web needs 2 healthy pods and has 2 currently"),
    };
    assert_eq!(of(move || failure(429, "TooManyRequests", words, budget.clone())).await, expected);

    let fairness =
        || Reply { code: 429, retry_after: Some("1"), body: "Too many requests, please try again later.\n".into() };
    let Outcome::TryLater { after, budget: false, message } = of(fairness).await else { panic!("no budget") };
    assert_eq!(after, Some(Duration::from_secs(1)));
    assert!(message.ends_with("Too many requests, please try again later."), "{message}");

    let behind = json!({"causes": [{"reason": "DisruptionBudget", "message": "pdb disruptions allowed is negative"}]});
    let outcome = of(move || failure(403, "Forbidden", "forbidden", behind.clone())).await;
    assert!(matches!(outcome, Outcome::TryLater { budget: true, .. }), "{outcome:?}");
}

/// A drain tries such a pod again, as one that a webhook keeps: it is on its way out with its namespace.
#[tokio::test]
async fn an_eviction_in_a_namespace_that_is_being_deleted_is_refused_and_says_so() {
    let ends = json!({"causes": [{"reason": "NamespaceTerminating", "field": "metadata.namespace",
        "message": "namespace shop is being terminated"}]});
    let outcome = of(move || failure(403, "Forbidden", "forbidden", ends.clone())).await;
    let Outcome::Refused { message } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("namespace shop is being terminated"), "{message}");
}

#[tokio::test]
async fn retry_after_is_read_from_header_or_details() {
    let with = |retry_after, details: Value| {
        move || Reply { retry_after, ..failure(503, "ServiceUnavailable", "busy", details.clone()) }
    };
    for (reply, expected) in [
        (with(Some("7"), json!({})), Some(7)),
        (with(None, json!({"retryAfterSeconds": 9})), Some(9)),
        (with(Some("Wed, 21 Oct 2026 07:28:00 GMT"), json!({})), None),
        (with(None, json!({})), None),
    ] {
        let Outcome::TryLater { after, .. } = of(reply).await else { panic!("later") };
        assert_eq!(after, expected.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn a_server_error_that_may_have_been_applied_is_unknown() {
    let lost = || failure(500, "InternalError", "Internal error occurred: etcdserver: request timed out", json!({}));
    assert_eq!(sort(&of(lost).await), Sort::Unknown);
}

#[tokio::test]
async fn success_is_done_and_a_garbled_success_is_unknown() {
    assert_eq!(
        of(|| answer(201, &json!({"kind": "Status", "status": "Success"}))).await,
        Outcome::Done(Answer::Nothing)
    );
    assert_eq!(sort(&of(|| plain(201, "{\"kind\": \"Sta")).await), Sort::Unknown);
}

#[tokio::test]
async fn a_refused_connection_was_not_applied() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome =
        actor(address, Door::always_open()).perform(&effect(Verb::Evict { target: pod_target(), grace: None })).await;
    let Outcome::TryLater { after: None, budget: false, message } = &outcome else { panic!("{outcome:?}") };
    assert!(message.to_lowercase().contains("refused"), "{message}");
}

#[tokio::test]
async fn a_connection_that_fails_before_the_request_was_not_applied() {
    let (address, _) = breaks_off("this is no TLS").await;
    let mut config = kube::Config::new(format!("https://{address}").parse().unwrap());
    config.default_retry = false;
    let client = kube::Client::try_from(config).unwrap();
    let actor = Actor::new(client.clone(), client, Door::always_open(), identity(), &Outside::system());
    let outcome = actor.perform(&effect(Verb::Evict { target: pod_target(), grace: None })).await;
    assert_eq!(sort(&outcome), Sort::Later, "{outcome:?}");
}

/// Takes requests and closes the connection after `answer`, which is not a whole answer.
async fn breaks_off(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).await.unwrap() > 0 {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
        }
    });
    (address, count)
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_unknown_and_not_repeated() {
    let cut_short = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{";
    for half in ["", cut_short] {
        let (address, requests) = breaks_off(half).await;
        let outcome = actor(address, Door::always_open())
            .perform(&effect(Verb::Evict { target: pod_target(), grace: None }))
            .await;
        assert_eq!(sort(&outcome), Sort::Unknown, "{outcome:?}");
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}
