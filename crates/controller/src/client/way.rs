//! The way to the API server: over the network with credentials, or to one in this process.

use super::Credentials;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use kube::client::Body;
use std::fmt;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt};

/// What an embedded API server is to the layers above it.
type Service = BoxCloneSyncService<Request<Body>, Response<UnsyncBoxBody<Bytes, BoxError>>, BoxError>;

/// How requests reach an API server.
#[derive(Clone, Debug)]
pub enum Way {
    /// Over the network.
    Credentials(Credentials),
    /// To an API server in this process.
    Embedded(Embedded),
}

impl From<Credentials> for Way {
    fn from(credentials: Credentials) -> Self {
        Self::Credentials(credentials)
    }
}

impl From<Embedded> for Way {
    fn from(embedded: Embedded) -> Self {
        Self::Embedded(embedded)
    }
}

/// An API server in this process, as a service that takes the place of connections.
///
/// Everything above connections stays: deadlines, limits, headers and the count of requests. Requests have absolute
/// addresses, of which only path and query mean anything.
#[derive(Clone)]
pub struct Embedded(Service);

impl Embedded {
    /// An API server that answers as `service` does. A connection that cannot be made is the error [`NotSent`]; any
    /// other error leaves open whether the request was applied.
    pub fn new<S, B>(service: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let whole = |answer: Response<B>| answer.map(|body| body.map_err(Into::into).boxed_unsync());
        Self(BoxCloneSyncService::new(service.map_response(whole).map_err(Into::into)))
    }

    pub(super) fn service(&self) -> Service {
        self.0.clone()
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

/// No connection could be made: the request was not applied, and never will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was refused")]
pub struct NotSent;
