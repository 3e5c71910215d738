//! HTTP to the API server: a connector of our own under kube's layers for address, login and headers.
//!
//! kube's own connector leaves `TCP_NODELAY` off, which costs every small write some 10 ms, and opens as many
//! connections as there are requests.

use super::bounded::{BoundedLayer, Bounds};
use super::count::CountLayer;
use super::credentials::unusable;
use super::gzip::GzipLayer;
use super::{ClientError, Embedded, OnCall, Way};
use base64::Engine;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use std::time::Duration;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};

/// For a TCP connection; an API server in the same network answers in milliseconds.
const CONNECT: Duration = Duration::from_secs(5);
/// Silence after which the kernel asks whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Bytes that a connection keeps unread, where hyper would keep 400 KiB; a list that arrives faster than it is read waits in the kernel.
const BUFFER: usize = 64 << 10;

/// The address that an API server in this process seems to have.
const ADDRESS: &str = "http://embedded";

/// Makes clients for one way, which share its login.
pub(super) struct Transport<'a> {
    place: &'a str,
    embedded: Option<&'a Embedded>,
    config: kube::Config,
    login: Option<kube::client::middleware::AuthLayer>,
}

impl<'a> Transport<'a> {
    pub(super) fn new(way: &'a Way) -> Result<Self, ClientError> {
        let (place, embedded, mut config) = match way {
            Way::Credentials(credentials) => (credentials.place.as_str(), None, credentials.config.clone()),
            Way::Embedded(service) => ("embedded", Some(service), kube::Config::new(Uri::from_static(ADDRESS))),
        };
        let agent = HeaderValue::from_static(concat!("self-healing-controller/", env!("CARGO_PKG_VERSION")));
        config.headers.push((header::USER_AGENT, agent));
        let login = config.auth_layer().map_err(|error| unusable(place, &error))?;
        Ok(Self { place, embedded, config, login })
    }

    /// A client with connections of its own.
    pub(super) fn client(&self, bounds: Bounds, on_call: &OnCall) -> Result<kube::Client, ClientError> {
        if let Some(embedded) = self.embedded {
            return self.above(embedded.service(), bounds, on_call);
        }
        let http = connector();
        match self.config.proxy_url.as_ref().map(|url| (url, url.scheme_str())) {
            None => self.over(http, bounds, on_call),
            Some((proxy, Some("http"))) => {
                self.over(with_login(proxy, Tunnel::new(proxy.clone(), http)), bounds, on_call)
            }
            Some((proxy, Some("https"))) => {
                let https = self.config.rustls_https_connector_with_connector(http);
                let https = https.map_err(|error| self.unusable(&error))?;
                self.over(with_login(proxy, Tunnel::new(proxy.clone(), https)), bounds, on_call)
            }
            Some((_, scheme)) => Err(ClientError::Kubeconfig {
                place: self.place.to_owned(),
                problem: format!("proxy-url: scheme {:?} is not supported", scheme.unwrap_or_default()),
                expected: "http://HOST:PORT or https://HOST:PORT",
            }),
        }
    }

    fn over<H>(&self, connector: H, bounds: Bounds, on_call: &OnCall) -> Result<kube::Client, ClientError>
    where
        H: Service<Uri> + Clone + Send + Sync + 'static,
        H::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        H::Future: Send + 'static,
        H::Error: Into<BoxError>,
    {
        let tls =
            self.config.rustls_https_connector_with_connector(connector).map_err(|error| self.unusable(&error))?;
        let pool = hyper_util::client::legacy::Builder::new(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(bounds.idle)
            .http1_max_buf_size(BUFFER)
            .build::<_, Body>(tls);
        self.above(GzipLayer.layer(pool.map_err(BoxError::from)), bounds, on_call)
    }

    /// What is the same for every way: the count, the bounds, the address, the login and the headers.
    fn above<S, B>(&self, way: S, bounds: Bounds, on_call: &OnCall) -> Result<kube::Client, ClientError>
    where
        S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let headers = self.config.extra_headers_layer().map_err(|error| self.unusable(&error))?;
        let stack = ServiceBuilder::new()
            .layer(CountLayer(on_call.clone()))
            .layer(BoundedLayer(bounds))
            .layer(self.config.base_uri_layer())
            .option_layer(self.login.as_ref())
            .layer(headers)
            .service(way);
        Ok(kube::Client::new(stack, self.config.default_namespace.clone()))
    }

    fn unusable(&self, error: &kube::Error) -> ClientError {
        unusable(self.place, error)
    }
}

fn connector() -> HttpConnector {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    http.set_keepalive(Some(KEEPALIVE));
    http
}

/// Adds the user and password of the proxy's URL, as kube does.
fn with_login<C>(proxy: &Uri, tunnel: Tunnel<C>) -> Tunnel<C> {
    let Some((user, _)) = proxy.authority().and_then(|authority| authority.as_str().rsplit_once('@')) else {
        return tunnel;
    };
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(user).collect();
    let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(decoded));
    match HeaderValue::try_from(value) {
        Ok(header) => tunnel.with_auth(header),
        // Base64 always makes a header.
        Err(_) => tunnel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_writes_leave_at_once() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: Uri = format!("http://{}", server.local_addr().unwrap()).parse().unwrap();
        let connection = connector().oneshot(uri).await.unwrap();
        assert!(connection.inner().nodelay().unwrap());
    }
}
