//! A tower layer that limits how long an answer may take and how large it may be.
//!
//! kube's own read timeout is off, and an ordinary timeout layer ends with the answer's head; a body that stalls would
//! hold the caller for ever.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use kube::client::Body;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::{BoxError, Layer, Service, ServiceExt};

/// What one client allows.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From the call to the last byte of the answer, time in the queue included; a watch's head only.
    pub deadline: Duration,
    /// Bytes of one answer, except a watch's.
    pub bytes: usize,
    /// Requests under way at once, watches not counted; `None` for no limit.
    pub in_flight: Option<usize>,
    /// Idle connections kept.
    pub idle: usize,
}

/// The answer did not come in time; whether the request was applied is unknown.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", .0.as_secs_f32())]
pub struct TooLate(pub Duration);

/// The answer was larger than allowed.
#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than {0} bytes")]
pub struct TooLong(pub usize);

#[derive(Clone, Copy)]
pub(super) struct BoundedLayer(pub(super) Bounds);

#[derive(Clone)]
pub(super) struct Bounded<S> {
    inner: S,
    bounds: Bounds,
    turns: Arc<Semaphore>,
}

impl<S> Layer<S> for BoundedLayer {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let turns = self.0.in_flight.map_or(Semaphore::MAX_PERMITS, |n| n.clamp(1, Semaphore::MAX_PERMITS));
        Bounded { inner, bounds: self.0, turns: Arc::new(Semaphore::new(turns)) }
    }
}

impl<S, B> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Either<Full<Bytes>, B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    /// Always ready: waiting for a turn counts against the deadline, so it belongs into the call.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (inner, bounds, turns) = (self.inner.clone(), self.bounds, self.turns.clone());
        let streams = super::count::is_watch(request.uri());
        Box::pin(async move {
            let whole = async {
                // Held until the whole answer is there, which of a watch is never. The semaphore is never closed.
                let _turn = if streams { None } else { Some(turns.acquire().await?) };
                let (head, body) = inner.oneshot(request).await?.into_parts();
                if streams && head.status.is_success() {
                    return Ok(Response::from_parts(head, Either::Right(body)));
                }
                let body = Limited::new(body, bounds.bytes).collect().await;
                let body = body.map_err(|error| length(error, bounds.bytes))?;
                Ok(Response::from_parts(head, Either::Left(Full::new(body.to_bytes()))))
            };
            let late = |_| BoxError::from(TooLate(bounds.deadline));
            tokio::time::timeout(bounds.deadline, whole).await.map_err(late)?
        })
    }
}

fn length(error: BoxError, bytes: usize) -> BoxError {
    if error.is::<LengthLimitError>() { TooLong(bytes).into() } else { error }
}
