//! The API as a tower service: what a client's transport would send over the wire, answered in this process.

mod body;
mod listing;
mod perform;
mod route;
mod tap;
mod watching;

pub use body::SimBody;
pub use tap::{Call, OnEvent, OnReply, OnRequest, Seen, Tap};

use crate::api::User;
use crate::cluster::Cluster;
use crate::failure::Failure;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use perform::Doing;
use route::{Place, Query};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// No connection could be made: it was not sent.
    NotSent,
    /// The connection broke after it was sent: whether it was carried out is unknown.
    Broken,
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotSent => "connection refused",
            Self::Broken => "connection reset by peer",
        })
    }
}

impl std::error::Error for ServiceError {}

/// What a request comes to.
enum Answer {
    Object(u16, Value),
    Shared(u16, Arc<Value>),
    Stream(mpsc::UnboundedReceiver<Bytes>),
}

/// Lists that show an earlier version until a moment: an API server that is behind.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The version that is shown.
    pub version: u64,
    /// Until when.
    pub until: Instant,
}

/// The API for one user. Clones share the user's count of requests and view.
#[derive(Clone)]
pub struct ApiService {
    cluster: Cluster,
    user: User,
    tap: Arc<dyn Tap>,
    latency: Duration,
    view: Arc<Mutex<Option<View>>>,
    count: Arc<AtomicU64>,
}

impl ApiService {
    /// The API for `user`, without faults and without latency.
    #[must_use]
    pub fn new(cluster: &Cluster, user: User) -> Self {
        Self {
            cluster: cluster.clone(),
            user,
            tap: Arc::new(tap::Calm),
            latency: Duration::ZERO,
            view: Arc::default(),
            count: Arc::default(),
        }
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

    /// Lets lists show an earlier version for a while.
    pub fn show(&self, view: View) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
    }

    fn view(&self) -> Option<u64> {
        let view = *self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.filter(|view| Instant::now() < view.until).map(|view| view.version)
    }

    /// Answers one request whose body has arrived.
    async fn answer(self, head: http::request::Parts, body: Bytes) -> Result<Response<SimBody>, ServiceError> {
        let request = match Asked::read(&self, &head, &body) {
            Ok(request) => request,
            Err(failure) => return Ok(refusal(&failure)),
        };
        let mut delay = self.latency;
        let mut again = None;
        match self.tap.request(&request.call) {
            OnRequest::Pass => {}
            OnRequest::Delay(wait) => delay += wait,
            OnRequest::Refuse(failure) => {
                sleep(self.latency * 2).await;
                return Ok(refusal(&failure));
            }
            OnRequest::NoConnection => return Err(ServiceError::NotSent),
            OnRequest::Lose => std::future::pending().await,
            OnRequest::Twice(wait) => again = Some(wait),
        }
        wait(delay).await;
        let done = request.perform(&self);
        if let Some(later) = again {
            let service = self.clone();
            let request = request.clone();
            tokio::spawn(async move {
                sleep(later).await;
                // Nobody hears of it.
                drop(request.perform(&service));
            });
        }
        let response = match done {
            Ok(answer) => respond(answer),
            Err(failure) => refusal(&failure),
        };
        match self.tap.reply(&request.call, response.status().as_u16(), self.cluster.version()) {
            OnReply::Pass => wait(self.latency).await,
            OnReply::Delay(more) => wait(self.latency + more).await,
            OnReply::Lose => std::future::pending().await,
            OnReply::Break => return Err(ServiceError::Broken),
        }
        Ok(response)
    }
}

/// A pause of no length is none at all.
async fn wait(span: Duration) {
    if !span.is_zero() {
        sleep(span).await;
    }
}

/// A request that was understood.
#[derive(Clone)]
struct Asked {
    call: Call,
    place: Option<route::Route>,
    path: String,
    query: Query,
    media: String,
    accept: String,
}

impl Asked {
    fn read(service: &ApiService, head: &http::request::Parts, body: &Bytes) -> Result<Self, Failure> {
        let (path, query) = (head.uri.path().to_owned(), Query::of(head.uri.query()));
        let place = match route::place(&path, &service.cluster.state().registry)? {
            Place::Objects(route) => Some(route),
            Place::Other => None,
        };
        let named = place.as_ref().is_none_or(|route| !route.name.is_empty());
        let verb = route::verb(&head.method, named, &query)?;
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let media = text(header::CONTENT_TYPE);
        let media = media.split(';').next().unwrap_or_default().trim().to_owned();
        let body = read_body(body, &media)?;
        let of = |field: fn(&route::Route) -> String| place.as_ref().map(field).unwrap_or_default();
        let call = Call {
            number: service.count.fetch_add(1, Ordering::Relaxed) + 1,
            user: service.user.clone(),
            verb,
            resource: place.as_ref().map_or_else(|| path.clone(), |route| route.resource.name()),
            namespace: of(|route| route.namespace.clone()),
            name: of(|route| route.name.clone()),
            subresource: of(|route| route.subresource.clone()),
            body: Arc::new(body),
        };
        Ok(Self { call, place, path, query, media, accept: text(header::ACCEPT) })
    }

    fn perform(&self, service: &ApiService) -> Result<Answer, Failure> {
        let cluster = &service.cluster;
        let Some(route) = &self.place else { return other(cluster, &self.path, &self.accept) };
        if self.call.verb == "watch" {
            return watching::open(cluster, route, &self.query, &self.call, &service.tap);
        }
        let (verb, body) = (self.call.verb, &self.call.body);
        let (user, query, media) = (&service.user, &self.query, self.media.as_str());
        Doing { cluster, user, verb, route, query, body, media }.perform(service.view())
    }
}

/// What is no resource.
fn other(_cluster: &Cluster, path: &str, _accept: &str) -> Result<Answer, Failure> {
    match path {
        "/version" => {
            Ok(Answer::Object(200, serde_json::json!({ "major": "1", "minor": "37", "gitVersion": "v1.37.2" })))
        }
        _ => Err(Failure::no_such_path()),
    }
}

fn read_body(body: &Bytes, _media: &str) -> Result<Value, Failure> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body)
        .map_err(|error| Failure::bad_request(format!("couldn't get version/kind; json parse error: {error}")))
}

fn respond(answer: Answer) -> Response<SimBody> {
    match answer {
        Answer::Object(code, object) => response(code, None, SimBody::Whole(Some(object.to_string().into()))),
        Answer::Shared(code, object) => response(code, None, SimBody::Whole(Some(object.to_string().into()))),
        Answer::Stream(lines) => response(200, None, SimBody::Stream(lines)),
    }
}

fn refusal(failure: &Failure) -> Response<SimBody> {
    response(failure.code, failure.retry_after, SimBody::Whole(Some(failure.status().to_string().into())))
}

fn response(code: u16, retry_after: Option<u32>, body: SimBody) -> Response<SimBody> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

impl<B> tower_service::Service<Request<B>> for ApiService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: std::fmt::Display,
{
    type Response = Response<SimBody>;
    type Error = ServiceError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ServiceError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| ServiceError::NotSent)?.to_bytes();
            // In a task of its own: a client that gives up does not undo what it sent.
            tokio::spawn(service.answer(head, body)).await.unwrap_or(Err(ServiceError::Broken))
        })
    }
}
