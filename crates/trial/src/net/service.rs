//! Requests on their way to the API server and back.

use super::request::Asked;
use super::{LATENCY, Link, list, watch};
use crate::check::{FaultKind, Note, Read, Sent};
use crate::fault::{Fate, Reply, Side, Way};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use self_healing_controller::client::{Embedded, NotSent};
use self_healing_sim::store::Key;
use serde_json::{Value, json};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt, service_fn};

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;
type Inner = BoxCloneSyncService<Request<Body>, Answer, BoxError>;

/// How long a caller may wait for an answer that never comes: the longest deadline of the controller's clients.
const GIVEN_UP: Duration = Duration::from_secs(30);

impl Link {
    /// The API server `inner` as this process reaches it.
    #[must_use]
    pub fn before<S, B>(&self, inner: S) -> Embedded
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let whole = |answer: Response<B>| answer.map(|body| body.map_err(Into::into).boxed_unsync());
        let inner: Inner = BoxCloneSyncService::new(inner.map_response(whole).map_err(Into::into));
        let link = self.clone();
        Embedded::new(service_fn(move |request| {
            let passage = Passage { link: link.clone(), inner: inner.clone() };
            let way: BoxFuture<'static, _> = Box::pin(passage.pass(request));
            way
        }))
    }
}

/// One request on its way.
#[derive(Clone)]
struct Passage {
    link: Link,
    inner: Inner,
}

/// A request that can be sent more than once.
#[derive(Clone)]
struct Letter {
    head: Parts,
    body: Bytes,
    asked: Arc<Asked>,
}

impl Letter {
    fn request(&self) -> Request<Body> {
        Request::from_parts(self.head.clone(), Body::from(self.body.to_vec()))
    }
}

impl Passage {
    async fn pass(self, request: Request<Body>) -> Result<Answer, BoxError> {
        self.link.gate().await;
        let (head, body) = request.into_parts();
        let asked = Arc::new(Asked::of(&head.method, &head.uri));
        let letter = Letter { head, body: body.collect_bytes().await?, asked };
        let net = self.link.net().clone();
        let fate = net.call(&letter.asked, self.link.instance());
        if letter.asked.way() == Way::Write {
            self.sent(&letter);
        }
        if net.weather().down {
            sleep(LATENCY).await;
            return Err(NotSent.into());
        }
        if fate != Fate::default() {
            return self.hindered(letter, fate).await;
        }
        let answer = self.deliver(&letter).await;
        self.receive(&letter, answer).await
    }

    /// The way of a request that a fault meets.
    async fn hindered(&self, letter: Letter, fate: Fate) -> Result<Answer, BoxError> {
        let net = self.link.net();
        if let Some((Side::Before, view)) = fate.crash {
            return self.crash(view).await;
        }
        if let Some((side, span)) = fate.pause {
            net.fault_for(FaultKind::Process, span);
            if side == Side::Before {
                self.link.pause(span);
                return self.later(letter, span).await;
            }
        }
        if fate.reply != Reply::Passes || !fate.delay.is_zero() {
            net.fault_for(FaultKind::Calls, fate.delay + GIVEN_UP);
        }
        sleep(fate.delay).await;
        if let Some(late) = fate.again {
            net.fault_for(FaultKind::Calls, late + LATENCY);
            let (passage, copy) = (self.clone(), letter.clone());
            tokio::spawn(async move {
                sleep(late + 2 * LATENCY).await;
                drop(passage.deliver(&copy).await);
            });
        }
        let answer = match fate.reply {
            Reply::Passes => self.deliver(&letter).await,
            Reply::Refused(code, after) => Ok(refusal(code, after)?),
            Reply::Unreachable => Err(NotSent.into()),
            Reply::Reset(Side::Before) => Err(reset()),
            Reply::Reset(Side::After) => self.deliver(&letter).await.and(Err(reset())),
            Reply::Lost(Side::Before) => return pending().await,
            Reply::Lost(Side::After) => {
                drop(self.deliver(&letter).await);
                return pending().await;
            }
            Reply::Late(by) => return self.later(letter, by).await,
        };
        if let Some((Side::After, view)) = fate.crash {
            return self.crash(view).await;
        }
        if let Some((Side::After, span)) = fate.pause {
            self.link.pause(span);
        }
        self.receive(&letter, answer).await
    }

    /// The process ends here; it never hears of it.
    async fn crash(&self, view: Option<u64>) -> Result<Answer, BoxError> {
        self.link.net().fault_for(FaultKind::Process, Duration::ZERO);
        self.link.kill(view);
        pending().await
    }

    /// Delivers after `by`, whether anybody still waits for the answer or not.
    async fn later(&self, letter: Letter, by: Duration) -> Result<Answer, BoxError> {
        let (passage, copy) = (self.clone(), letter.clone());
        let delivered = tokio::spawn(async move {
            sleep(by).await;
            passage.deliver(&copy).await
        });
        let answer = delivered.await?;
        self.receive(&letter, answer).await
    }

    /// To the server and into its answer.
    async fn deliver(&self, letter: &Letter) -> Result<Answer, BoxError> {
        sleep(LATENCY).await;
        if letter.asked.lists() {
            self.link.unhide(&letter.asked.key.resource);
        } else if letter.asked.verb == "watch" && self.link.unhide(&letter.asked.key.resource) {
            return Ok(whole(StatusCode::GONE, &watch::expired())?);
        }
        let streams = letter.asked.streams_list();
        let old = self.link.old().filter(|_| letter.asked.may_be_behind());
        let mut request = letter.request();
        if let Some(version) = old {
            *request.uri_mut() = list::at(&letter.head.uri, version)?;
        }
        let answer = self.inner.clone().oneshot(request).await?;
        let (head, body) = answer.into_parts();
        if streams && old.is_none() && head.status.is_success() {
            return Ok(Response::from_parts(head, full(list::whole(body).await?)));
        }
        if letter.asked.verb == "watch" && !streams && head.status.is_success() {
            let body = watch::body(&self.link, &letter.asked.key.resource, body);
            return Ok(Response::from_parts(head, body));
        }
        let body = body.collect().await?.to_bytes();
        let body = if streams { list::lines(head.status, &body)? } else { body };
        Ok(Response::from_parts(head, full(body)))
    }

    /// The way back.
    async fn receive(&self, letter: &Letter, answer: Result<Answer, BoxError>) -> Result<Answer, BoxError> {
        sleep(LATENCY).await;
        self.link.gate().await;
        let answer = answer?;
        if !matches!(letter.asked.verb, "get" | "list") {
            return Ok(answer);
        }
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        self.read(&letter.asked, head.status, &body);
        Ok(Response::from_parts(head, full(body)))
    }

    fn sent(&self, letter: &Letter) {
        let net = self.link.net();
        let asked = &*letter.asked;
        net.note(Note::Sent(Sent {
            instance: self.link.instance().clone(),
            id: net.serial(),
            verb: asked.verb,
            key: asked.key.clone(),
            subresource: asked.subresource.as_str().into(),
            query: asked.query.clone(),
            body: Arc::new(serde_json::from_slice(&letter.body).unwrap_or(Value::Null)),
        }));
    }

    fn read(&self, asked: &Asked, status: StatusCode, body: &[u8]) {
        let found = || serde_json::from_slice::<super::tape::Object<'_>>(body).unwrap_or_default();
        let version = if asked.verb == "get" { found().metadata.resource_version.into_owned() } else { String::new() };
        let Key { resource, namespace, name } = asked.key.clone();
        self.link.net().note(Note::Read(Read {
            instance: self.link.instance().clone(),
            key: Key { resource, namespace, name },
            version,
            quorum: asked.is_quorum(),
            ok: status.is_success() || status == StatusCode::NOT_FOUND,
        }));
    }
}

fn reset() -> BoxError {
    io::Error::from(io::ErrorKind::ConnectionReset).into()
}

fn full(body: Bytes) -> UnsyncBoxBody<Bytes, BoxError> {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

fn whole(status: StatusCode, body: &Value) -> Result<Answer, http::Error> {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(full(Bytes::from(body.to_string())))
}

/// What a server in trouble says.
fn refusal(code: u16, after: Option<u32>) -> Result<Answer, BoxError> {
    let (reason, message) = match code {
        409 => ("Conflict", "Operation cannot be fulfilled: please apply your changes to the latest version"),
        429 => ("TooManyRequests", "The server has received too many requests and has asked us to try again later"),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        _ => ("InternalError", "Internal error occurred"),
    };
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    if let Some(seconds) = after {
        status["details"] = json!({ "retryAfterSeconds": seconds });
    }
    let mut answer = whole(StatusCode::from_u16(code)?, &status)?;
    if let Some(seconds) = after {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    Ok(answer)
}
