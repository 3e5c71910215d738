//! Asks the running leader through the API server: it knows its scores, looks and waits, which nobody else can.

use super::installation::Installation;
use crate::client::words;
use crate::plain::plain;
use http::{Request, header};
use kube::client::Body;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use self_healing_api::explanation::Explanation;
use self_healing_core::explanation::Question;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;

/// A leader that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer that is longer is none of ours.
const LENGTH: usize = 4 << 20;
/// Characters of a refusal.
const WORDS: usize = 512;

/// The leader's answer.
///
/// # Errors
/// With one sentence on why there is none.
pub(super) async fn leader(
    client: &kube::Client,
    installation: &Installation,
    question: &Question,
) -> Result<Explanation, String> {
    page(client, installation, &path(question)).await
}

/// What the leader says in its short metrics, among them `cpu_usage` and `memory_usage` in percent of its limits.
///
/// # Errors
/// With one sentence on why it cannot be had.
pub async fn usage(client: &kube::Client, installation: &Installation) -> Result<serde_json::Value, String> {
    page(client, installation, "/metrics").await
}

/// A page of the leader's, read through the API server's proxy to its pod.
///
/// # Errors
/// With one sentence on why it cannot be had.
pub(super) async fn page<T: DeserializeOwned>(
    client: &kube::Client,
    installation: &Installation,
    page: &str,
) -> Result<T, String> {
    let (namespace, pod) = (&installation.namespace, installation.leader());
    if pod.is_empty() {
        return Err(format!("nobody leads in namespace {namespace}"));
    }
    let port = installation.layers.config().listen_address.port();
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{page}");
    let request = Request::get(uri).header(header::ACCEPT, "application/json").body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let answer = async {
        let response = client.send(request).await.map_err(|error| words(&error))?;
        let status = response.status();
        let body = http_body_util::Limited::new(response.into_body(), LENGTH);
        let body = http_body_util::BodyExt::collect(body).await.map_err(|error| error.to_string())?;
        let body = body.to_bytes();
        serde_json::from_slice(&body).map_err(|_| format!("it answered {status}{}", said(&body)))
    };
    let answer = timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err("it gave no answer in time".to_owned()));
    answer.map_err(|why| format!("the leader {pod} cannot be asked through the API server: {why}"))
}

/// What a refusal says, of the API server or of the leader itself; empty when it says nothing.
fn said(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let words = [&body["message"], &body["error"]].into_iter().find_map(|words| words.as_str());
    words.map_or_else(String::new, |words| format!(": {}", plain(words, WORDS)))
}

/// The page that answers it.
#[must_use]
pub fn path(question: &Question) -> String {
    let part = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match question {
        Question::Recovery(name) => format!("/api/v1/explain/recovery/{}", part(name)),
        Question::Object(kind, key) if key.namespace.is_empty() => {
            format!("/api/v1/explain/{}/{}", part(kind.as_str()), part(&key.name))
        }
        Question::Object(kind, key) => {
            format!("/api/v1/explain/{}/{}/{}", part(kind.as_str()), part(&key.namespace), part(&key.name))
        }
    }
}
