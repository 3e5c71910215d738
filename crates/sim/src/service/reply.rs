//! Answers in HTTP.

use super::ServiceError;
use crate::failure::Failure;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Value, json};

/// The body of an answer: whole, or one event after the other.
pub type SimBody = UnsyncBoxBody<Bytes, ServiceError>;
/// An answer.
pub(crate) type Reply = Response<SimBody>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An object or a list that is encoded already.
pub(crate) fn encoded(code: u16, body: impl Into<Bytes>) -> Reply {
    typed(code, JSON, body)
}

/// An object.
pub(crate) fn object(code: u16, object: &Value) -> Reply {
    encoded(code, object.to_string())
}

/// Any text.
pub(crate) fn typed(code: u16, kind: HeaderValue, body: impl Into<Bytes>) -> Reply {
    finish(code, kind, Full::new(body.into()).map_err(|never| match never {}).boxed_unsync())
}

/// Events, as they come.
pub(crate) fn stream(events: impl Stream<Item = Result<Bytes, ServiceError>> + Send + 'static) -> Reply {
    use futures::StreamExt;
    finish(200, JSON, StreamBody::new(events.map(|event| event.map(Frame::data))).boxed_unsync())
}

/// A `Status` of success.
pub(crate) fn success(code: u16) -> Reply {
    object(code, &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code }))
}

/// What the real server says where it knows neither group nor version.
pub(crate) fn no_page() -> Reply {
    typed(404, HeaderValue::from_static("text/plain; charset=utf-8"), "404 page not found\n")
}

fn finish(code: u16, kind: HeaderValue, body: SimBody) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}

impl From<&Failure> for Reply {
    fn from(failure: &Failure) -> Self {
        let mut reply = object(failure.code, &failure.status());
        if let Some(seconds) = failure.retry_after {
            reply.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        reply
    }
}

/// An object as it stands in a list of built-in objects: without kind and version, which the list has.
pub(crate) struct Bare<'a>(pub(crate) &'a Value);

impl Serialize for Bare<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.as_object().into_iter().flatten() {
            if name != "kind" && name != "apiVersion" {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
