//! The API as a tower service for one user: what `kube::Client::new` takes, and what the HTTP server calls.

mod body;
mod list;
mod path;
mod perform;
mod proxy;
pub(crate) mod reply;
mod tap;
mod watch;

pub use proxy::{Port, Ports};
pub use reply::SimBody;
pub use tap::{Call, OnEvent, OnReply, OnRequest, Seen, Tap};

use crate::api::User;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::resource::Resource;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use path::Target;
use reply::Reply;
use serde_json::Value;
use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// No connection could be made: it was not sent.
    NotSent,
    /// The connection broke after it was sent: whether it was carried out is unknown.
    Broken,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "connection refused",
            Self::Broken => "connection reset by peer",
        })
    }
}

impl std::error::Error for ServiceError {}

/// The API for one user. Clones share the user's count of requests and view.
#[derive(Clone)]
pub struct ApiService {
    cluster: Cluster,
    user: User,
    latency: Duration,
    tap: Arc<dyn Tap>,
    calls: Arc<AtomicU64>,
    view: Arc<Mutex<Option<View>>>,
    ports: Arc<dyn Ports>,
}

/// Lists that show an earlier version until a moment, and watches that are held back until then: an API server that is
/// behind. Reads of single objects are not affected, unless they ask for resourceVersion 0.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The version that is shown.
    pub version: u64,
    /// Until when.
    pub until: Instant,
}

/// One request as it was sent.
struct Asked {
    user: User,
    target: Target,
    call: Call,
    /// The type of the body, without its parameters.
    media: String,
    accept: String,
    /// Whether there is no body.
    empty: bool,
    /// Why the body is no JSON.
    fault: Option<String>,
}

/// A request for a resource, under way.
struct Context {
    cluster: Cluster,
    resource: Arc<Resource>,
    asked: Arc<Asked>,
    tap: Arc<dyn Tap>,
    view: Option<View>,
    ports: Arc<dyn Ports>,
}

impl Context {
    /// The namespace of the path; empty where there is none.
    fn namespace(&self) -> &str {
        if self.resource.namespaced { &self.asked.target.namespace } else { "" }
    }

    /// The earlier state that is to be shown now.
    fn view(&self) -> Option<View> {
        self.view.filter(|view| Instant::now() < view.until)
    }

    /// Whether kubectl wants a table.
    fn table(&self) -> bool {
        self.asked.accept.contains("as=Table") && matches!(self.asked.call.verb, "get" | "list" | "watch")
    }
}

impl ApiService {
    /// The API for `user`, without faults and without latency.
    #[must_use]
    pub fn new(cluster: &Cluster, user: User) -> Self {
        let (calls, view, ports) = (Arc::default(), Arc::default(), Arc::new(proxy::Closed));
        Self { cluster: cluster.clone(), user, latency: Duration::ZERO, tap: Arc::new(tap::Calm), calls, view, ports }
    }

    /// The same with somebody at the ports of pods, for `pods/NAME:PORT/proxy`.
    #[must_use]
    pub fn with_ports(self, ports: Arc<dyn Ports>) -> Self {
        Self { ports, ..self }
    }

    /// The same with faults.
    #[must_use]
    pub fn with_tap(self, tap: Arc<dyn Tap>) -> Self {
        Self { tap, ..self }
    }

    /// The same with a way of this length to the server, and as long back.
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// Lets lists and watches that begin from now on show an earlier version for a while.
    pub fn show(&self, view: View) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
    }

    /// Answers one request whose body has arrived.
    async fn answer(self, parts: Parts, body: Bytes) -> Result<Reply, ServiceError> {
        let asked = Arc::new(self.read(&parts, &body));
        let mut again = None;
        match self.tap.request(&asked.call) {
            OnRequest::Pass => wait(self.latency).await,
            OnRequest::Delay(more) => wait(self.latency + more).await,
            OnRequest::Refuse(failure) => {
                wait(self.latency * 2).await;
                return Ok((&failure).into());
            }
            OnRequest::NoConnection => return Err(ServiceError::NotSent),
            OnRequest::Lose => pending().await,
            OnRequest::Twice(later) => {
                wait(self.latency).await;
                again = Some(later);
            }
        }
        let reply = self.perform(&asked).await;
        if let Some(later) = again {
            let (service, asked) = (self.clone(), asked.clone());
            tokio::spawn(async move {
                wait(later).await;
                // Nobody hears of it.
                drop(service.perform(&asked).await);
            });
        }
        match self.tap.reply(&asked.call, reply.status().as_u16(), self.cluster.version()) {
            OnReply::Pass => wait(self.latency).await,
            OnReply::Delay(more) => wait(self.latency + more).await,
            OnReply::Lose => pending().await,
            OnReply::Break => return Err(ServiceError::Broken),
        }
        Ok(reply)
    }

    async fn perform(&self, asked: &Arc<Asked>) -> Reply {
        let resource = match perform::resource(&self.cluster, asked) {
            Ok(resource) => resource,
            Err(reply) => return *reply,
        };
        let view = *self.view.lock().unwrap_or_else(PoisonError::into_inner);
        let (cluster, asked, tap) = (self.cluster.clone(), asked.clone(), self.tap.clone());
        let context = Arc::new(Context { cluster, resource, asked, tap, view, ports: self.ports.clone() });
        perform::perform(&context).await.unwrap_or_else(|failure| (&failure).into())
    }

    fn read(&self, parts: &Parts, body: &Bytes) -> Asked {
        let target = Target::of(&parts.method, &parts.uri);
        let user = self.user(parts);
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let media = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_owned();
        let (sent, fault) = match serde_json::from_slice(body) {
            Ok(sent) => (sent, None),
            Err(error) => (Value::Null, Some(error.to_string())),
        };
        let call = Call {
            number: self.calls.fetch_add(1, Ordering::Relaxed) + 1,
            user: user.clone(),
            verb: target.verb,
            resource: if target.resource { target.name_of_resource() } else { target.path.clone() },
            namespace: target.namespace.clone(),
            name: target.name.clone(),
            subresource: target.subresource.clone(),
            body: Arc::new(sent),
        };
        Asked { user, target, call, media, accept: text(header::ACCEPT), empty: body.is_empty(), fault }
    }

    /// Who asks: an admin may ask as somebody else.
    fn user(&self, parts: &Parts) -> User {
        match parts.headers.get("Impersonate-User").and_then(|name| name.to_str().ok()) {
            Some(name) if self.user.admin => User { name: name.into(), instance: "".into(), admin: false },
            _ => self.user.clone(),
        }
    }
}

/// A pause of no length is none at all.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

impl<B> tower_service::Service<Request<B>> for ApiService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: fmt::Display,
{
    type Response = Response<SimBody>;
    type Error = ServiceError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ServiceError>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), ServiceError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| ServiceError::NotSent)?.to_bytes();
            // In a task of its own: a client that gives up does not undo what it sent.
            tokio::spawn(service.answer(parts, body)).await.unwrap_or(Err(ServiceError::Broken))
        })
    }
}

impl From<Failure> for Box<Reply> {
    fn from(failure: Failure) -> Self {
        Self::new((&failure).into())
    }
}
