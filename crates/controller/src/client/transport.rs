//! HTTP to the API server: a connector of our own under kube's layers for address, login and headers.
//!
//! kube's own connector leaves `TCP_NODELAY` off, which costs every small write some 10 ms, and opens as many
//! connections as there are requests.

use super::bounded::{BoundedLayer, Bounds};
use super::count::CountLayer;
use super::credentials::{Credentials, unusable};
use super::{ClientError, OnCall};
use base64::Engine;
use http::{HeaderValue, Uri, header};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use std::time::Duration;
use tower::{BoxError, Service, ServiceBuilder};

/// For a TCP connection; an API server in the same network answers in milliseconds.
const CONNECT: Duration = Duration::from_secs(5);
/// Silence after which the kernel asks whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Makes clients for one set of credentials, which share its login.
pub(super) struct Transport<'a> {
    credentials: &'a Credentials,
    config: kube::Config,
    login: Option<kube::client::middleware::AuthLayer>,
}

impl<'a> Transport<'a> {
    pub(super) fn new(credentials: &'a Credentials) -> Result<Self, ClientError> {
        let mut config = credentials.config.clone();
        let agent = HeaderValue::from_static(concat!("self-healing-controller/", env!("CARGO_PKG_VERSION")));
        config.headers.push((header::USER_AGENT, agent));
        let login = config.auth_layer().map_err(|error| unusable(&credentials.place, &error))?;
        Ok(Self { credentials, config, login })
    }

    /// A client with connections of its own.
    pub(super) fn client(&self, bounds: Bounds, on_call: &OnCall) -> Result<kube::Client, ClientError> {
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
                place: self.credentials.place.clone(),
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
            .build::<_, Body>(tls);
        let headers = self.config.extra_headers_layer().map_err(|error| self.unusable(&error))?;
        let stack = ServiceBuilder::new()
            .layer(CountLayer(on_call.clone()))
            .layer(BoundedLayer(bounds))
            .layer(self.config.base_uri_layer())
            .option_layer(self.login.as_ref())
            .layer(headers)
            .map_err(BoxError::from)
            .service(pool);
        Ok(kube::Client::new(stack, self.config.default_namespace.clone()))
    }

    fn unusable(&self, error: &kube::Error) -> ClientError {
        unusable(&self.credentials.place, error)
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
    use tower::ServiceExt;

    #[tokio::test]
    async fn small_writes_leave_at_once() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: Uri = format!("http://{}", server.local_addr().unwrap()).parse().unwrap();
        let connection = connector().oneshot(uri).await.unwrap();
        assert!(connection.inner().nodelay().unwrap());
    }
}
