//! `/api/v1/stream`: server-sent events, as long as somebody reads them.

use super::pages::error;
use super::state::Pages;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use std::convert::Infallible;

/// How long a browser waits before it connects again, in milliseconds. Said at once, so that it knows that it is connected.
const HELLO: &str = "retry: 1000\n\n";
/// Seconds after which somebody may have left.
const AGAIN: &str = "5";

/// What a page gives that opens a stream anew by itself, because a browser then sends no `Last-Event-ID`.
#[derive(Deserialize)]
pub(super) struct Since {
    since: Option<String>,
}

pub(super) async fn stream(
    State(pages): State<Pages>,
    Query(since): Query<Since>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let kind = [(CONTENT_TYPE, "text/event-stream")];
    if method == Method::HEAD {
        return kind.into_response();
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let listener = match pages.broadcast.listen(last.or(since.since.as_deref())) {
        Ok(listener) => listener,
        Err(full) => {
            return ([(RETRY_AFTER, AGAIN)], error(StatusCode::SERVICE_UNAVAILABLE, &full.to_string())).into_response();
        }
    };
    let hello = stream::iter([Ok::<_, Infallible>(Bytes::from_static(HELLO.as_bytes()))]);
    let events = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    (kind, Body::from_stream(stream::StreamExt::chain(hello, events))).into_response()
}
