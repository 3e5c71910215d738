//! One request, one answer: reads with a deadline, writes behind the leadership door.

use super::outcome;
use crate::lease::Door;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::Target;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for one answer; kube itself waits for ever.
const DEADLINE: Duration = Duration::from_secs(10);

/// The way to the API server.
pub(crate) struct Calls {
    read: Client,
    write: Client,
    door: Door,
}

/// What came back, whatever it means.
pub(crate) struct Reply {
    pub(crate) code: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Calls {
    pub(crate) fn new(read: Client, write: Client, door: Door) -> Self {
        Self { read, write, door }
    }

    /// Gets what is at `path`; without a resourceVersion in it that is a quorum read.
    pub(crate) async fn get(&self, path: &str) -> Result<Reply, Outcome> {
        let request = Request::get(path).header(header::ACCEPT, "application/json").body(Body::empty());
        send(&self.read, request, DEADLINE).await
    }

    /// Whether this process leads right now: what is asked for elsewhere than at the API server has to ask as well.
    pub(crate) fn may_write(&self) -> bool {
        self.door.may_write()
    }

    /// Has another replica lead.
    pub(crate) fn hand_over(&self) -> Result<Answer, Outcome> {
        let why = "there is no leader election (leader_election), or another one leads already";
        if self.door.hand_over() { Ok(Answer::Nothing) } else { Err(outcome::refused(why)) }
    }

    /// Sends one write, if this process leads right now, and waits no longer than it may lead.
    pub(crate) async fn write(&self, method: Method, path: &str, body: &Value) -> Result<Reply, Outcome> {
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        self.send_write(method, path, body, kind).await
    }

    /// Sends `change` as a merge patch that only applies to the object at `path` as it was `read`.
    pub(super) async fn patch_as_read(&self, path: &str, read: &Value, change: Value) -> Result<Answer, Outcome> {
        let text = |field: &str| read["metadata"][field].as_str().unwrap_or_default();
        self.patch_at(path, text("uid"), text("resourceVersion"), change).await
    }

    /// The same for the object of this uid in this version, be it read earlier.
    pub(super) async fn patch_at(
        &self,
        path: &str,
        uid: &str,
        version: &str,
        mut change: Value,
    ) -> Result<Answer, Outcome> {
        change["metadata"]["uid"] = lock("uid", uid)?;
        change["metadata"]["resourceVersion"] = lock("resourceVersion", version)?;
        let path = format!("{path}?fieldManager={}", marks::MANAGER);
        outcome::of(&self.write(Method::PATCH, &path, &change).await?)?;
        Ok(Answer::Nothing)
    }

    /// The same as a patch in which lists of named parts are merged by name.
    pub(super) async fn strategic(&self, path: &str, body: &Value) -> Result<Reply, Outcome> {
        self.send_write(Method::PATCH, path, body, "application/strategic-merge-patch+json").await
    }

    async fn send_write(&self, method: Method, path: &str, body: &Value, kind: &str) -> Result<Reply, Outcome> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body.to_string().into_bytes()));
        if !self.door.may_write() {
            return Err(Outcome::NotLeading);
        }
        send(&self.write, request, DEADLINE.min(self.door.time_left())).await
    }
}

async fn send(
    client: &Client,
    request: Result<Request<Body>, http::Error>,
    within: Duration,
) -> Result<Reply, Outcome> {
    let request = request.map_err(|error| outcome::refused(&format!("the request cannot be built: {error}")))?;
    let exchange = async {
        let (parts, body) = client.send(request).await?.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        Ok(Reply { code: parts.status, headers: parts.headers, body })
    };
    match timeout(within, exchange).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(outcome::of_transport(&error)),
        Err(_) => Err(Outcome::Unknown { message: format!("no answer within {:.1} s", within.as_secs_f32()) }),
    }
}

/// What a patch insists on; it is only sent for an object that was read with it.
fn lock(field: &str, known: &str) -> Result<Value, Outcome> {
    if known.is_empty() {
        return Err(outcome::refused(&format!("the object was read without a metadata.{field}")));
    }
    Ok(Value::from(known))
}

/// `name`, if it can be part of a path: an empty one would turn a call for one object into a call for all, and a slash
/// would name another resource. Kubernetes' own rule for path segments.
pub(crate) fn segment<'a>(what: &str, name: &'a str) -> Result<&'a str, Outcome> {
    let safe = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    if name.is_empty() || name == "." || name == ".." || !safe {
        return Err(outcome::refused(&format!("{name:?} is no {what}; expected letters, digits, '-' and '.'")));
    }
    Ok(name)
}

/// The path of a pod.
pub(crate) fn pod_path(target: &Target) -> Result<String, Outcome> {
    let namespace = segment("namespace", &target.key.namespace)?;
    Ok(format!("/api/v1/namespaces/{namespace}/pods/{}", segment("pod name", &target.key.name)?))
}

/// The path of a node.
pub(crate) fn node_path(name: &str) -> Result<String, Outcome> {
    Ok(format!("/api/v1/nodes/{}", segment("node name", name)?))
}
