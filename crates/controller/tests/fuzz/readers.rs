//! Who reads what, and what holds of every reading.

use crate::{letters, served};
use futures::future::BoxFuture;
use http::StatusCode;
use secrecy::SecretString;
use self_healing_api::policy::{check, read_resource, read_yaml};
use self_healing_controller::config::{Environment, Layers, Secrets};
use self_healing_controller::http::{bind, serve};
use self_healing_controller::notify::{Letter, TIMEOUT};
use self_healing_controller::objects::{
    Shared, lease, namespace, node, pod, quantity as quantities, service, workload,
};
use self_healing_controller::outside::{Answer, NoAnswer, Outside, Parcel, Post};
use self_healing_core::key::Kind;
use self_healing_core::names::Channel;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Characters of what is said about one bad value: a line of a log, not a dump.
const WORDS: usize = 2_000;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A ConfigMap, a key and its value on each line.
pub(crate) fn configuration(bytes: &[u8]) {
    let data: BTreeMap<String, String> = text(bytes)
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let mut layers = Layers::new(None, &Environment::default(), &[]).unwrap();
    let before = layers.config().clone();
    if layers.apply_config_map("self-healing/self-healing-config", &data).is_err() {
        assert_eq!(*layers.config(), before, "a change that is refused changes nothing");
    }
}

/// A HealingPolicy, as YAML of a person and as JSON of a watch.
pub(crate) fn policy(bytes: &[u8]) {
    match read_yaml(&text(bytes)) {
        Ok(policies) => policies.iter().for_each(|policy| {
            if let Err(bad) = check(&policy.spec) {
                assert!(bad.to_string().chars().count() <= WORDS, "{bad}");
            }
            let _readable = read_resource(&serde_json::to_vec(policy).unwrap());
        }),
        Err(bad) => assert!(!bad.to_string().is_empty()),
    }
    let _unreadable = read_resource(bytes);
}

/// What a policy asks in CEL.
pub(crate) fn expression(bytes: &[u8]) {
    let resource = json!({"metadata": {"name": "p", "uid": "u"}, "spec": {"match": {"when": text(bytes)}}});
    let (_, _) = read_resource(resource.to_string().as_bytes()).unwrap();
}

/// An object as the API server sends it, taken for each kind.
pub(crate) fn object(bytes: &[u8]) {
    let shared = &mut Shared::default();
    let _pod = pod::parse(bytes, shared);
    let _node = node::parse(bytes, shared);
    let _lease = lease::parse(bytes, shared);
    let _namespace = namespace::parse(bytes, shared);
    let _service = service::parse(bytes, shared);
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::Job] {
        let _workload = workload::parse(kind, bytes, shared);
    }
}

pub(crate) fn quantity(bytes: &[u8]) {
    let _bytes = quantities::bytes(&text(bytes));
}

/// What a receiver of messages answers.
struct Receiver {
    retry_after: Option<String>,
    start: Vec<u8>,
    status: StatusCode,
}

impl Post for Receiver {
    fn post<'a>(&'a self, _: &'a str, _: &'a Parcel) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        let (retry_after, start) = (self.retry_after.clone(), self.start.clone());
        Box::pin(async move { Ok(Answer { status: self.status, retry_after, start }) })
    }
}

/// Tells Slack of a Recovery by `template`, and hears this answer; a template that cannot be read is refused.
fn tell(template: Option<&str>, receiver: Receiver) {
    let secrets = Secrets {
        slack_webhook_url: Some(SecretString::from("https://receiver.example/x")),
        notification_template: template.map(SecretString::from),
        ..Secrets::default()
    };
    let outside = Outside { receiver: Some(Arc::new(receiver)), ..Outside::system() };
    let config = letters::config();
    let channel = Channel::SlackMonitoring;
    let Ok(notifier) = letters::open(&[channel], (&config, &secrets), TIMEOUT, &outside) else { return };
    let about = letters::recovery();
    let letter = Letter { about: &about, key: "opened", cluster: "prod" };
    let _outcome = runtime().block_on(notifier.tell(channel, &letter));
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

pub(crate) fn template(bytes: &[u8]) {
    tell(Some(&text(bytes)), Receiver { retry_after: None, start: Vec::new(), status: StatusCode::OK });
}

/// The first line is the header `Retry-After`, the rest the body.
pub(crate) fn answer(bytes: &[u8]) {
    let text = text(bytes);
    let (retry_after, body) = text.split_once('\n').unwrap_or((&text, ""));
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_REQUEST, StatusCode::OK] {
        tell(None, Receiver { retry_after: Some(retry_after.to_owned()), start: body.into(), status });
    }
}

/// The controller's own HTTP server, on loopback.
pub(crate) struct Server {
    address: SocketAddr,
    runtime: Runtime,
}

impl Server {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, served::pages(), std::future::pending()));
        Self { address, runtime }
    }

    /// Sends these bytes and nothing more; whatever is answered, the server answers the next one.
    pub(crate) fn ask(&self, bytes: &[u8]) {
        let _whatever = self.exchange(bytes);
        let health = self.exchange(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    }

    fn exchange(&self, bytes: &[u8]) -> std::io::Result<String> {
        self.runtime.block_on(async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok(text(&answer))
        })
    }
}
