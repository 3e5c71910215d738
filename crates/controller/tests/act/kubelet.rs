//! Looks at a kubelet's port.

use crate::server::{actor, client, effect, identity};
use futures::future::BoxFuture;
use self_healing_controller::act::Actor;
use self_healing_controller::lease::Door;
use self_healing_controller::outside::{Kubelets, Outside};
use self_healing_core::effect::{Answer, KubeletLook, Outcome, Verb};
use self_healing_core::key::Text;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

async fn look(address: &str, port: u16) -> Outcome {
    let verb = Verb::LookAtKubelet { node: Text::from("worker-1"), address: Text::from(address), port };
    actor("127.0.0.1:1".parse().unwrap(), Door::always_open()).perform(&effect(verb)).await
}

#[tokio::test]
async fn an_open_port_answers_and_a_closed_one_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(look("127.0.0.1", port).await, Outcome::Done(Answer::Kubelet(KubeletLook::Answers)));
    drop(listener);
    assert_eq!(look("127.0.0.1", port).await, Outcome::Done(Answer::Kubelet(KubeletLook::Refused)));
}

#[tokio::test]
async fn a_host_that_does_not_take_the_connection_is_silent() {
    // A full backlog drops connection requests, as a dead host does; Linux keeps one more than asked for.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _kept = tokio::net::TcpStream::connect(address).await.unwrap();
    let start = std::time::Instant::now();
    assert_eq!(look("127.0.0.1", address.port()).await, Outcome::Done(Answer::Kubelet(KubeletLook::Silent)));
    assert!(start.elapsed().as_secs() < 4, "2 s at most: {:?}", start.elapsed());
}

/// A network in which no connection is ever made.
struct Nothing;

impl Kubelets for Nothing {
    fn look(&self, _kubelet: SocketAddr) -> BoxFuture<'_, io::Result<KubeletLook>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn another_network_can_be_handed_in_and_the_patience_stays() {
    let outside = Outside { kubelets: Arc::new(Nothing), ..Outside::system() };
    let nowhere = client("127.0.0.1:1".parse().unwrap());
    let actor = Actor::new(nowhere.clone(), nowhere, Door::always_open(), identity(), &outside);
    let verb = Verb::LookAtKubelet { node: Text::from("worker-1"), address: Text::from("10.0.0.1"), port: 10250 };
    let start = tokio::time::Instant::now();
    assert_eq!(actor.perform(&effect(verb)).await, Outcome::Done(Answer::Kubelet(KubeletLook::Silent)));
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn what_is_no_address_is_refused_instead_of_silent() {
    for address in ["", "worker-1.example", "10.0.0"] {
        assert!(matches!(look(address, 10250).await, Outcome::Refused { .. }), "{address:?}");
    }
}
