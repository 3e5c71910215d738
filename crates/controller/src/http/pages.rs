//! The pages: each answers from shared state and never waits for anything.

use super::state::Pages;
use super::{answers, page, stream};
use crate::metrics::Format;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

/// A longer request body is answered with 413.
const BODY_LIMIT: usize = 64 * 1024;

/// A longer body is not even read to its end: its sender may then see a broken connection instead of the 413.
const READ_LIMIT: usize = 8 * 1024 * 1024;

/// A body that takes longer to arrive is answered with 408.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// What every answer says to browsers.
const SECURITY: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("content-security-policy", page::CONTENT_SECURITY_POLICY),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// All routes, with the limits and headers that hold for each.
pub(super) fn router(pages: Pages) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/", get(page::index))
        .route("/assets/{name}", get(page::asset))
        .route("/api/v1/status", get(answers::status))
        .route("/api/v1/board", get(answers::board))
        .route("/api/v1/stream", get(stream::stream))
        .route("/api/v1/history", get(answers::history))
        .route("/api/v1/recoveries/{name}", get(answers::recovery))
        .route("/api/v1/explain/{kind}/{name}", get(answers::explain_cluster_scoped))
        .route("/api/v1/explain/{kind}/{namespace}/{name}", get(answers::explain))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(limit_body))
        .layer(from_fn(secure))
        .with_state(pages)
}

async fn health(State(pages): State<Pages>) -> Response {
    let now = (pages.clock)();
    let alive = pages.pulse.is_alive(now.tick);
    let body = json!({
        "status": if alive { "healthy" } else { "unhealthy" },
        "timestamp": Timestamp::from_millisecond(now.stamp.0).unwrap_or_default().to_string(),
        "uptime": Duration::from_millis(now.tick.0).as_secs_f64(),
    });
    (ok_if(alive), Json(body)).into_response()
}

async fn ready(State(pages): State<Pages>) -> Response {
    let readiness = &pages.readiness;
    let body = json!({
        "status": if readiness.is_ready() { "ready" } else { "not_ready" },
        "k8s_connection": readiness.is_connected(),
        "monitoring_active": readiness.is_synced(),
        "leader": readiness.is_leader(),
    });
    (ok_if(readiness.is_ready()), Json(body)).into_response()
}

async fn metrics(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    let accept: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    match pages.metrics.expose(Format::preferred(&accept.join(","))) {
        Ok(exposition) => ([(CONTENT_TYPE, exposition.content_type)], exposition.body).into_response(),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written"),
    }
}

async fn unknown_path(uri: Uri) -> Response {
    error(StatusCode::NOT_FOUND, &format!("no page {}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, &format!("{} does not take {method}; use GET or HEAD", uri.path()))
}

fn ok_if(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

pub(super) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

/// No page has a use for a body, so one is read, counted and dropped.
async fn limit_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_TIMEOUT, length_of(body)).await {
        Ok(Some(length)) if length <= BODY_LIMIT => next.run(Request::from_parts(parts, Body::empty())).await,
        Ok(Some(_)) => error(StatusCode::PAYLOAD_TOO_LARGE, &format!("a body may have at most {BODY_LIMIT} bytes")),
        Ok(None) => error(StatusCode::BAD_REQUEST, "the body did not arrive whole"),
        Err(_) => {
            error(StatusCode::REQUEST_TIMEOUT, &format!("the body took longer than {} s", BODY_TIMEOUT.as_secs()))
        }
    }
}

/// Bytes in the body, counted up to the read limit; `None` when it breaks off.
async fn length_of(mut body: Body) -> Option<usize> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.ok()?.data_ref().map_or(0, |data| data.len());
        if length > READ_LIMIT {
            break;
        }
    }
    Some(length)
}

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in SECURITY {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
pub(super) mod tests;
