//! One of the two APIs: sends what a request says, and keeps what it answers.

use super::memory::Memory;
use super::request::{Body as Content, Read, Request, User};
use super::tell;
use anyhow::{Context, Result};
use futures::TryStreamExt;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for an answer, or for the end of a watch that was asked for.
const DEADLINE: Duration = Duration::from_secs(15);

/// What came back.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: HeaderMap,
    /// What was sent, as far as it was read.
    pub(super) text: String,
    /// Whether the server ended the answer, or we stopped to read.
    pub(super) closed: bool,
}

/// The clients of one API.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) admin: kube::Client,
    pub(super) account: kube::Client,
}

/// One API over one sequence.
pub(super) struct Side {
    clients: Clients,
    memory: Memory,
}

impl Side {
    pub(super) fn new(clients: Clients, memory: Memory) -> Self {
        Self { clients, memory }
    }

    /// Sends the request; gives the answer as it is compared.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Value> {
        if let Some(collection) = stale(request) {
            // A list of the newest state waits until the server's cache has it.
            self.send(&Request::get("", format!("{collection}?limit=1"))).await?;
        }
        let answer = match self.send(request).await {
            Ok(answer) => answer,
            // A server that breaks differs like any other.
            Err(error) => return Ok(json!({ "none": format!("{error:#}") })),
        };
        let plural = tell::plural(&request.path);
        let body = serde_json::from_str(&answer.text).unwrap_or(Value::Null);
        self.memory.learn_name(&body);
        let told = tell::answer(&answer, request, plural, &self.memory);
        self.memory.learn(plural, &body);
        Ok(told)
    }

    async fn send(&self, request: &Request) -> Result<Answer> {
        let mut builder = http::Request::builder()
            .method(request.method.clone())
            .uri(self.memory.resolve(&request.path))
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity");
        if !request.content.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, request.content);
        }
        let sent = builder.body(Body::from(self.body(&request.body).into_bytes()))?;
        let client = match request.user {
            User::Admin => &self.clients.admin,
            User::Account => &self.clients.account,
        };
        let answer = timeout(DEADLINE, client.send(sent)).await.context("too late")??;
        let (parts, body) = answer.into_parts();
        let (text, closed) = read(body, &request.read).await?;
        Ok(Answer { code: parts.status.as_u16(), headers: parts.headers, text, closed })
    }

    fn body(&self, body: &Content) -> String {
        match body {
            Content::None => String::new(),
            Content::Json(value) => self.memory.resolve_all(value).to_string(),
            Content::Text(text) => self.memory.resolve(text),
            Content::Stored { of, change } => {
                let mut object = self.memory.object(of);
                merge(&mut object, &self.memory.resolve_all(change));
                object.to_string()
            }
        }
    }
}

/// The collection that must be known to the server's cache before this request, whose answer depends on it: a view of any age,
/// or how long a pod has to leave. For that, the real server looks at the pod in its cache first, and what it finds there
/// (a pod without a node leaves at once) may stay when it has looked again.
fn stale(request: &Request) -> Option<&str> {
    let path = request.path.split('?').next()?;
    if request.path.contains("resourceVersion=0") || request.path.contains("NotOlderThan") {
        return Some(path);
    }
    let leaves = request.method == Method::DELETE || path.ends_with("/eviction");
    let (collection, _) = path.trim_end_matches("/eviction").rsplit_once('/')?;
    (leaves && collection.ends_with("/pods")).then_some(collection)
}

/// The text of an answer, and whether it was read to its end.
async fn read(body: Body, until: &Read) -> Result<(String, bool)> {
    if *until == Read::Whole {
        let bytes = timeout(DEADLINE, body.collect()).await.context("the answer does not end")??.to_bytes();
        return Ok((String::from_utf8_lossy(&bytes).into_owned(), true));
    }
    let mut stream = pin!(body.into_data_stream());
    let mut text = Vec::new();
    let ends = async {
        while let Some(chunk) = stream.try_next().await? {
            text.extend_from_slice(&chunk);
            if is_enough(&text, until) {
                return Ok::<_, anyhow::Error>(false);
            }
        }
        Ok(true)
    };
    let closed = match timeout(DEADLINE, ends).await {
        Ok(closed) => closed?,
        // Told like any other answer: the lines that came, and that the end did not.
        Err(_) => false,
    };
    Ok((String::from_utf8_lossy(&text).into_owned(), closed))
}

/// Whether the last whole line is the one that is waited for.
fn is_enough(text: &[u8], until: &Read) -> bool {
    let lines = text.strip_suffix(b"\n").unwrap_or_default();
    let last = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(event) = serde_json::from_slice::<Value>(last) else { return false };
    match until {
        _ if event["type"] == "ERROR" => true,
        Read::Until(name) => event["object"]["metadata"]["name"] == **name,
        Read::InitialEvents => event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true",
        Read::Whole | Read::Closed => false,
    }
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        patch.clone_into(target);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.as_str()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_a_cache_waits_for_it() {
        let stale = |method, path: &str| stale(&Request::new("", method, path)).map(str::to_owned);
        let pods = Some("/api/v1/namespaces/<ns>/pods".to_owned());
        assert_eq!(stale(Method::DELETE, "/api/v1/namespaces/<ns>/pods/a?dryRun=All"), pods);
        assert_eq!(stale(Method::POST, "/api/v1/namespaces/<ns>/pods/a/eviction"), pods);
        assert_eq!(stale(Method::GET, "/api/v1/namespaces/<ns>/pods?resourceVersion=0"), pods);
        assert_eq!(stale(Method::GET, "/api/v1/namespaces/<ns>/pods/a"), None);
        assert_eq!(stale(Method::DELETE, "/api/v1/nodes/a"), None);
    }

    #[test]
    fn a_watch_is_read_up_to_the_line_that_was_asked_for() {
        let line = b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"end\"}}}\n";
        assert!(is_enough(line, &Read::Until("end".to_owned())));
        assert!(!is_enough(&line[..30], &Read::Until("end".to_owned())));
        assert!(!is_enough(line, &Read::Until("other".to_owned())));
        assert!(is_enough(b"{\"type\":\"ERROR\",\"object\":{}}\n", &Read::Closed));
    }
}
