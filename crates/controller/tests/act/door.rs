//! The leadership door and the deadlines, in virtual time on a service in memory.

use crate::server::{Server, actor, answer, effect, identity, node_target, not_found, pod_target};
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use self_healing_controller::act::Actor;
use self_healing_controller::lease::{Door, Elector, Timing};
use self_healing_controller::outside::{Outside, Wall};
use self_healing_core::effect::{KubeletLook, Outcome, Verb};
use self_healing_core::key::Text;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, advance};
use tower::{BoxError, service_fn};

fn closed() -> Door {
    let (_elector, door, _changes) =
        Elector::new(silent(), "self-healing", "me".to_owned(), Timing::default(), Wall::system());
    door
}

/// Gives its Lease to whoever asks, and never answers anything else.
fn silent() -> Client {
    let service = service_fn(|request: Request<Body>| async move {
        let (parts, body) = request.into_parts();
        if !parts.uri.path().contains("/leases") {
            std::future::pending::<()>().await;
        }
        if parts.method == Method::GET {
            let status = json!({"kind": "Status", "reason": "NotFound", "code": 404, "message": "no"});
            return Ok(Response::builder().status(404).body(Body::from(status.to_string().into_bytes()))?);
        }
        let lease = body.collect_bytes().await?;
        Ok::<_, BoxError>(Response::new(Body::from(lease.to_vec())))
    });
    Client::new(service, "self-healing")
}

fn node() -> Text {
    Text::from("worker-1")
}

#[tokio::test]
async fn behind_a_closed_door_nothing_is_sent_but_reads_go_on() {
    let server = Server::start(|seen| match &*seen.path {
        "/api/v1/nodes/worker-1" => answer(
            200,
            &json!({"metadata": {"name": "worker-1", "uid": "uid-worker-1", "resourceVersion": "5"}, "spec": {}}),
        ),
        _ => not_found("pods", "web-1"),
    })
    .await;
    let actor = actor(server.address(), closed());
    let manifest = json!({"metadata": {"namespace": "shop", "name": "web-1"}}).to_string();
    for verb in [
        Verb::Evict { target: pod_target(), grace: None },
        Verb::DeletePod { target: pod_target(), grace: None, resource_version: Text::from("5") },
        Verb::CreatePod { manifest },
        Verb::Cordon(node_target()),
        Verb::TaintSuspect { node: node() },
        Verb::DeleteRecovery { uid: Text::from("uid-r") },
    ] {
        assert_eq!(actor.perform(&effect(verb.clone())).await, Outcome::NotLeading, "{verb}");
    }
    assert_eq!(server.writes(), []);
    assert_eq!(
        actor.perform(&effect(Verb::LookAtPod(pod_target()))).await,
        Outcome::Gone,
        "a read needs no leadership"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_unknown_after_ten_seconds() {
    let actor = Actor::new(silent(), silent(), Door::always_open(), identity(), &Outside::system());
    for verb in
        [Verb::LookAtPod(pod_target()), Verb::Evict { target: pod_target(), grace: None }, Verb::Cordon(node_target())]
    {
        let start = Instant::now();
        let outcome = actor.perform(&effect(verb)).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
        assert_eq!(start.elapsed().as_secs(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_does_not_outlive_the_leadership() {
    let (elector, door, _changes) =
        Elector::new(silent(), "self-healing", "me".to_owned(), Timing::default(), Wall::system());
    let mut run = Box::pin(elector.run(std::future::pending()));
    tokio::select! {
        () = &mut run => unreachable!(),
        () = tokio::time::sleep(Duration::from_millis(100)) => {}
    }
    assert!(door.may_write());
    advance(Duration::from_secs(4)).await;
    let actor = Actor::new(silent(), silent(), door.clone(), identity(), &Outside::system());
    let start = Instant::now();
    let outcome = actor.perform(&effect(Verb::Evict { target: pod_target(), grace: None })).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "it ended after {:?}", start.elapsed());
    assert_eq!(actor.perform(&effect(Verb::Evict { target: pod_target(), grace: None })).await, Outcome::NotLeading);
}

#[tokio::test]
async fn with_looks_at_kubelets_switched_off_silence_is_never_concluded() {
    let server = Server::start(|_| not_found("pods", "x")).await;
    let verb = Verb::LookAtKubelet { node: node(), address: Text::from("127.0.0.1"), port: server.address().port() };
    let outcome = actor(server.address(), Door::always_open()).without_kubelets().perform(&effect(verb)).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?} is not {:?}", KubeletLook::Silent);
}
