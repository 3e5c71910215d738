//! An HTTP server on loopback that answers by a script and remembers what it was asked.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use self_healing_controller::act::{Actor, Identity};
use self_healing_controller::lease::Door;
use self_healing_controller::outside::Outside;
use self_healing_core::effect::{Effect, EffectId, Outcome, Verb};
use self_healing_core::key::{Key, Kind, Target, Text};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The Recovery that every effect of these tests serves.
pub(crate) const RECOVERY: &str = "node-notready-0123456789abcdef";

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

/// One answer.
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) retry_after: Option<&'static str>,
    pub(crate) body: String,
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;
type Memory = Arc<Mutex<Vec<Seen>>>;

#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    seen: Memory,
}

pub(crate) fn answer(code: u16, body: &Value) -> Reply {
    Reply { code, retry_after: None, body: body.to_string() }
}

/// A failure as the API server words it.
pub(crate) fn failure(code: u16, reason: &str, message: &str, details: Value) -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "details": details, "code": code});
    answer(code, &status)
}

pub(crate) fn not_found(kind: &str, name: &str) -> Reply {
    failure(404, "NotFound", &format!("{kind} \"{name}\" not found"), json!({"name": name, "kind": kind}))
}

pub(crate) fn conflict(kind: &str, name: &str, why: &str) -> Reply {
    let message = format!("Operation cannot be fulfilled on {kind} \"{name}\": {why}");
    failure(409, "Conflict", &message, json!({"name": name, "kind": kind}))
}

pub(crate) fn effect(verb: Verb) -> Effect {
    Effect { id: EffectId(1), recovery: Text::from(RECOVERY), verb }
}

pub(crate) fn pod_target() -> Target {
    Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: Text::from("uid-web-1") }
}

pub(crate) fn node_target() -> Target {
    Target { kind: Kind::Node, key: Key::new("", "worker-1"), uid: Text::from("uid-worker-1") }
}

pub(crate) fn identity() -> Identity {
    Identity { namespace: Text::from("self-healing"), instance: Text::from("controller-abc") }
}

/// A client that makes one attempt per request.
pub(crate) fn client(address: SocketAddr) -> kube::Client {
    let mut config = kube::Config::new(format!("http://{address}").parse().unwrap());
    config.default_retry = false;
    kube::Client::try_from(config).unwrap()
}

pub(crate) fn actor(address: SocketAddr, door: Door) -> Actor {
    Actor::new(client(address), client(address), door, identity(), &Outside::system())
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let script: Script = Arc::new(script);
        let router = Router::new().fallback(handle).with_state((server.seen.clone(), script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Performs `verb` as the leader.
    pub(crate) async fn perform(&self, verb: Verb) -> Outcome {
        actor(self.address, Door::always_open()).perform(&effect(verb)).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn writes(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.method != "GET").collect()
    }

    /// The only write there was.
    pub(crate) fn write(&self) -> Seen {
        let writes = self.writes();
        assert_eq!(writes.len(), 1, "{writes:#?}");
        writes[0].clone()
    }
}

async fn handle(State((seen, script)): State<(Memory, Script)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let now = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().unwrap().to_string(),
        content_type: parts.headers.get("content-type").map_or_else(String::new, |v| v.to_str().unwrap().to_owned()),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let reply = script(&now);
    seen.lock().unwrap().push(now);
    let mut response = Response::builder().status(reply.code).header("content-type", "application/json");
    if let Some(seconds) = reply.retry_after {
        response = response.header("retry-after", seconds);
    }
    response.body(Body::from(reply.body)).unwrap()
}
