//! Somebody in front of the API server, in whose answers it is another time.

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, DATE, HOST};
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

/// Larger than any answer here.
const LARGEST: usize = 16 << 20;

/// Whose requests are handed on, and how far the clock of the answers is ahead.
#[derive(Clone)]
struct Front {
    upstream: kube::Client,
    ahead: SignedDuration,
}

/// Begins to serve, as long as the test lasts, and gives the address.
pub(super) async fn start(upstream: kube::Client, ahead: SignedDuration) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(pass).with_state(Front { upstream, ahead });
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            eprintln!("the relay of doctor: {error}");
        }
    });
    Ok(url)
}

async fn pass(State(front): State<Front>, request: Request) -> Response {
    let passed = front.pass(request).await;
    passed.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response())
}

impl Front {
    async fn pass(&self, request: Request) -> Result<Response> {
        let (mut parts, body) = request.into_parts();
        let sent = to_bytes(body, LARGEST).await.context("a request that breaks off")?;
        for own in [HOST, AUTHORIZATION, CONTENT_LENGTH] {
            parts.headers.remove(own);
        }
        parts.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request = http::Request::from_parts(parts, kube::client::Body::from(sent.to_vec()));
        let mut answer = self.upstream.send(request).await?.map(Body::new);
        let shown = (Timestamp::now() + self.ahead).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        answer.headers_mut().insert(DATE, HeaderValue::try_from(shown)?);
        Ok(answer)
    }
}
