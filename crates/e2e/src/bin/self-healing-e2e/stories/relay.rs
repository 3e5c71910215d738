//! Stands between the controller and the API server, on loopback: hands on every request and answer as it is, tells of each write
//! that was accepted, and keeps its answer back until whoever waits for such a write has done what is to happen before.

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::future::join_all;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use kube::Client;
use self_healing_story::{Name, Verb};
use self_healing_trial::look::{change_of_workload, is_cordoned, is_fenced, is_owned, is_suspect, text};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Larger than any request of the controller.
const LARGEST: usize = 8 << 20;

/// A write of the controller that the API server has just accepted.
#[derive(Clone, Debug)]
pub(super) struct Wrote {
    pub(super) verb: Verb,
    /// The pod's, the node's, the workload's or the Service's name.
    pub(super) name: Name,
    /// The uid that the write was bound to; empty for all but pods, and for what is created.
    pub(super) uid: String,
    /// When it was asked for.
    pub(super) asked: Instant,
}

/// A listener's part: what was written, and what to drop when the answer may go on.
pub(super) type Heard = (Wrote, oneshot::Sender<()>);

/// Serves until it is dropped.
pub(super) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    /// With the controller's own token.
    upstream: Client,
    listeners: Mutex<Vec<mpsc::UnboundedSender<Heard>>>,
}

impl Relay {
    pub(super) async fn start(upstream: Client) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { upstream, listeners: Mutex::default() });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the relay: {error}");
            }
        });
        Ok(Self { address, shared, task })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The way to tell of what the controller told somebody else than the API server.
    pub(super) fn teller(&self) -> Teller {
        Teller(Arc::clone(&self.shared))
    }

    /// Every later write, in order.
    pub(super) fn writes(&self) -> mpsc::UnboundedReceiver<Heard> {
        let (listener, heard) = mpsc::unbounded_channel();
        self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
        heard
    }
}

/// Tells of writes that passed elsewhere.
pub(super) struct Teller(Arc<Shared>);

impl Teller {
    /// Returns when whoever waits for such a write has done what is to happen before its answer.
    pub(super) async fn tell(&self, wrote: &Wrote) {
        self.0.tell(wrote).await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request goes on when whoever asked has ended: the API server has it, and what it accepts counts.
async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let answer = tokio::spawn(async move { shared.pass(request).await }).await;
    answer.ok().and_then(Result::ok).unwrap_or_else(|| {
        // As a load balancer says whose API server is gone.
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        answer
    })
}

impl Shared {
    async fn pass(&self, request: Request) -> Result<Response> {
        let asked = Instant::now();
        let (mut parts, body) = request.into_parts();
        let sent = to_bytes(body, LARGEST).await.context("a request that breaks off")?;
        for own in [HOST, AUTHORIZATION, CONTENT_LENGTH] {
            parts.headers.remove(own);
        }
        // Otherwise the client here would ask for gzip, and read only the first of the many members of a list that comes as a stream.
        parts.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let path: Vec<String> = parts.uri.path().split('/').skip(1).map(str::to_owned).collect();
        let before = match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["api", "v1", "nodes", _]
            | ["api", "v1", "namespaces", _, "services", _]
            | ["apis", "apps", "v1", "namespaces", _, _, _]
                if parts.method == Method::PATCH =>
            {
                Some(self.read(parts.uri.path()).await?)
            }
            _ => None,
        };
        let method = parts.method.clone();
        let answer = self.send(parts, sent.to_vec()).await?;
        if !writes(&method) || !answer.status().is_success() {
            return Ok(answer.map(Body::new));
        }
        let (mut head, body) = answer.into_parts();
        // It is in one piece now.
        head.headers.remove(TRANSFER_ENCODING);
        let got = to_bytes(Body::new(body), LARGEST).await.context("an answer that breaks off")?;
        let [sent, answered] = [&sent, &got].map(|bytes| serde_json::from_slice(bytes).unwrap_or(Value::Null));
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        for (verb, name, uid) in wrote(&method, &path, &sent, before.as_ref(), &answered) {
            self.tell(&Wrote { verb, name, uid, asked }).await;
        }
        Ok(Response::from_parts(head, Body::from(got)))
    }

    async fn send(&self, parts: Parts, body: Vec<u8>) -> Result<http::Response<kube::client::Body>> {
        let request = http::Request::from_parts(parts, kube::client::Body::from(body));
        Ok(self.upstream.send(request).await?)
    }

    async fn read(&self, path: &str) -> Result<Value> {
        let request = http::Request::get(path).body(Vec::new())?;
        Ok(self.upstream.request(request).await?)
    }

    async fn tell(&self, wrote: &Wrote) {
        let mut waiting = Vec::new();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).retain(|listener| {
            let (done, doing) = oneshot::channel();
            waiting.push(doing);
            listener.send((wrote.clone(), done)).is_ok()
        });
        join_all(waiting).await;
    }
}

fn writes(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// What an accepted request did to a pod of a name and uid or, when it looked like `before`, to a node, a Service or a controller of pods.
fn wrote(
    method: &Method,
    path: &[&str],
    sent: &Value,
    before: Option<&Value>,
    got: &Value,
) -> Vec<(Verb, Name, String)> {
    let pod = |verb, namespace: &str, name: &str, uid: &str| {
        vec![(verb, Name { namespace: namespace.to_owned(), name: name.to_owned() }, uid.to_owned())]
    };
    match (method.as_str(), path) {
        ("POST", ["api", "v1", "namespaces", namespace, "pods"]) => {
            pod(Verb::Create, namespace, text(got, "/metadata/name"), "")
        }
        ("POST", ["api", "v1", "namespaces", namespace, "pods", name, "eviction"]) => {
            pod(Verb::Evict, namespace, name, text(sent, "/deleteOptions/preconditions/uid"))
        }
        ("PATCH", ["api", "v1", "namespaces", namespace, "pods", name, "resize"]) => {
            pod(Verb::Resize, namespace, name, text(sent, "/metadata/uid"))
        }
        ("DELETE", ["api", "v1", "namespaces", namespace, "pods", name]) => {
            pod(Verb::Delete, namespace, name, text(sent, "/preconditions/uid"))
        }
        ("PATCH", ["api", "v1", "namespaces", namespace, "services", name]) => {
            let (was, is) = (before.is_some_and(is_owned), is_owned(got));
            let verb = (was != is).then_some(if is { Verb::Switch } else { Verb::SwitchBack });
            verb.map(|verb| pod(verb, namespace, name, "")).unwrap_or_default()
        }
        ("PATCH", ["api", "v1", "nodes", node]) => {
            let change = |mark: fn(&Value) -> bool, done, undone| {
                let (was, is) = (before.is_some_and(mark), mark(got));
                (was != is).then_some(if is { done } else { undone })
            };
            let changes = [
                change(is_cordoned, Verb::Cordon, Verb::Uncordon),
                change(is_suspect, Verb::Taint, Verb::Untaint),
                change(is_fenced, Verb::Fence, Verb::Unfence),
            ];
            changes.into_iter().flatten().map(|verb| (verb, Name::of(node), String::new())).collect()
        }
        ("POST", ["apis", _, _, "namespaces", _, "fenceagentsremediations"]) => {
            vec![(Verb::Replace, Name::of(text(got, "/metadata/name")), String::new())]
        }
        ("DELETE", ["apis", _, _, "namespaces", _, "fenceagentsremediations", name]) => {
            vec![(Verb::EndRemediation, Name::of(name), String::new())]
        }
        // Machines are named after their nodes in stories.
        ("DELETE", ["apis", "cluster.x-k8s.io", _, "namespaces", _, "machines", name])
        | ("DELETE", ["apis", "karpenter.sh", _, "nodeclaims", name]) => {
            vec![(Verb::Replace, Name::of(name), String::new())]
        }
        ("PATCH", ["apis", "apps", "v1", "namespaces", namespace, _, name]) => {
            let change = before.and_then(|before| change_of_workload(before, got));
            change.into_iter().flat_map(|verb| pod(verb, namespace, name, "")).collect()
        }
        _ => Vec::new(),
    }
}
