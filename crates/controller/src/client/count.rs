//! A tower layer that reports every API request: verb, resource and code, for `self_healing_api_requests_total`.

use http::{Method, Request, Response, Uri};
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Layer, Service};

/// One request that was sent, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCall {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, as in RBAC.
    pub verb: &'static str,
    /// Plural, with subresource: `pods`, `pods/eviction`; the path for what is no resource, e.g. `/version`.
    pub resource: String,
    /// The answer's status; `None` when there was no answer.
    pub code: Option<u16>,
}

impl ApiCall {
    /// The status as metrics show it: `200` and so on, `error` when there was no answer.
    #[must_use]
    pub fn code(&self) -> Cow<'static, str> {
        self.code.map_or(Cow::Borrowed("error"), |code| code.to_string().into())
    }

    fn of(method: &Method, uri: &Uri) -> Self {
        let (resource, named) = resource(uri.path());
        let verb = match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ if is_watch(uri) => "watch",
            _ if named => "get",
            _ => "list",
        };
        Self { verb, resource, code: None }
    }
}

/// Whether `uri` asks for a stream of changes.
pub(super) fn is_watch(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1")))
}

/// The resource that `path` is about, and whether it names one object.
fn resource(path: &str) -> (String, bool) {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let prefix = match parts.first() {
        Some(&"api") => 2,
        Some(&"apis") => 3,
        _ => return (path.to_owned(), true),
    };
    if parts.len() <= prefix {
        return (path.to_owned(), true);
    }
    parts.drain(..prefix);
    // What follows a namespace's name is a resource in it, except for the namespace's own subresources.
    if parts.len() > 2 && parts[0] == "namespaces" && !matches!(parts[2], "status" | "finalize") {
        parts.drain(..2);
    }
    match parts.as_slice() {
        [plural, _, subresource, ..] => (format!("{plural}/{subresource}"), true),
        [plural, rest @ ..] => ((*plural).to_owned(), !rest.is_empty()),
        [] => (path.to_owned(), true),
    }
}

/// Who hears of every request.
pub type OnCall = Arc<dyn Fn(&ApiCall) + Send + Sync>;

#[derive(Clone)]
pub(super) struct CountLayer(pub(super) OnCall);

#[derive(Clone)]
pub(super) struct Count<S> {
    inner: S,
    on_call: OnCall,
}

impl<S> Layer<S> for CountLayer {
    type Service = Count<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Count { inner, on_call: self.0.clone() }
    }
}

impl<S, A, B> Service<Request<A>> for Count<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let report = Report { call: ApiCall::of(request.method(), request.uri()), on_call: self.on_call.clone() };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let report = report;
            let answer = answer.await?;
            report.answered(answer.status().as_u16());
            Ok(answer)
        })
    }
}

/// Reports when dropped, so that a request that its caller gave up on is counted too.
struct Report {
    call: ApiCall,
    on_call: OnCall,
}

impl Report {
    fn answered(mut self, code: u16) {
        self.call.code = Some(code);
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        (self.on_call)(&self.call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_named_as_rbac_names_them() {
        for (method, uri, verb, resource) in [
            (Method::GET, "/api/v1/pods?limit=100", "list", "pods"),
            (Method::GET, "/api/v1/pods?watch=true&limit=1", "watch", "pods"),
            (Method::GET, "/api/v1/namespaces/shop/pods", "list", "pods"),
            (Method::GET, "/api/v1/namespaces/shop/pods/web", "get", "pods"),
            (Method::POST, "/api/v1/namespaces/shop/pods/web/eviction", "create", "pods/eviction"),
            (Method::DELETE, "/api/v1/namespaces/shop/pods/web", "delete", "pods"),
            (Method::GET, "/api/v1/namespaces", "list", "namespaces"),
            (Method::GET, "/api/v1/namespaces/shop", "get", "namespaces"),
            (Method::PATCH, "/api/v1/nodes/n1", "patch", "nodes"),
            (Method::PUT, "/apis/coordination.k8s.io/v1/namespaces/a/leases/b", "update", "leases"),
            (Method::GET, "/apis/apps/v1/deployments", "list", "deployments"),
            (
                Method::PATCH,
                "/apis/self-healing.dev/v1alpha1/namespaces/a/recoveries/b/status",
                "patch",
                "recoveries/status",
            ),
            (Method::GET, "/version", "get", "/version"),
            (Method::GET, "/apis/apps/v1", "get", "/apis/apps/v1"),
        ] {
            let call = ApiCall::of(&method, &uri.parse().unwrap());
            assert_eq!((call.verb, call.resource.as_str()), (verb, resource), "{method} {uri}");
        }
    }
}
