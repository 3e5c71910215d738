//! The one table that says what an answer of the API server, or none, means for the effect that asked.

use super::call::Reply;
use crate::client::never_sent;
use http::{HeaderMap, header};
use kube::core::Status;
use self_healing_core::effect::Outcome;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// Characters kept of what a server says; a Recovery keeps such words.
const WORDS: usize = 1024;

/// The object that a 2xx answer holds, else what the refusal means.
pub(crate) fn of(reply: &Reply) -> Result<Value, Outcome> {
    check(reply)?;
    serde_json::from_slice(&reply.body)
        .map_err(|error| Outcome::Unknown { message: format!("the answer does not parse: {error}") })
}

/// What the refusal means, if it is one.
pub(crate) fn check(reply: &Reply) -> Result<(), Outcome> {
    if reply.code.is_success() { Ok(()) } else { Err(of_failure(reply)) }
}

/// Whether a create found an object of that name.
pub(crate) fn already_exists(reply: &Reply) -> bool {
    reply.code.as_u16() == 409 && status(reply).is_some_and(|status| status.is_already_exists())
}

/// Where a refused object is invalid, as `: field (reason), …`, without its values; empty when the server does not say.
pub(crate) fn fields(reply: &Reply) -> String {
    let details = status(reply).and_then(|status| status.details);
    let causes = details.iter().flat_map(|details| &details.causes);
    let fields: Vec<_> = causes.map(|cause| format!("{} ({})", cause.field, cause.reason)).collect();
    if fields.is_empty() { String::new() } else { shorten(&format!(": {}", fields.join(", "))) }
}

/// What a create's "gone" means: its namespace is missing, which waiting does not mend.
pub(crate) fn of_create(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Gone => refused("its namespace does not exist"),
        other => other,
    }
}

/// Refused by ourselves, before anything was sent.
pub(crate) fn refused(message: &str) -> Outcome {
    Outcome::Refused { message: message.to_owned() }
}

fn of_failure(reply: &Reply) -> Outcome {
    let status = status(reply);
    let message = words(reply, status.as_ref());
    let budget = status.as_ref().is_some_and(is_budget);
    let later = |message| Outcome::TryLater { after: retry_after(&reply.headers, status.as_ref()), budget, message };
    match reply.code.as_u16() {
        // The object is not there, which is what a delete wants and what ends every other verb.
        404 if status.as_ref().is_some_and(names_an_object) => Outcome::Gone,
        // A precondition on uid failed: one of that name is there, but not the one that was meant.
        409 if other_uid(&message) => Outcome::Gone,
        // A patch that names another uid than the stored one is invalid rather than a conflict.
        422 if status.as_ref().is_some_and(changes_uid) => Outcome::Gone,
        // 429: a disruption budget (named in the causes), or priority and fairness, or a rate limit. Nothing was done.
        429 => later(message),
        // 403 with this cause: the budget's own bookkeeping is behind (negative or full), so it passes by itself.
        403 if budget => later(message),
        // 401: our token was rotated or its check failed just now; the request itself is not at fault.
        // 408: a proxy did not receive the whole request.
        // 409: the resourceVersion is not the newest, or a quota was changed in between: look again.
        // 410: a list's continue token is too old: list again.
        401 | 408 | 409 | 410 => later(message),
        // etcd lost the request or its leader on the way: it may or may not have been applied.
        500 if message.contains("etcdserver:") => Outcome::Unknown { message },
        // 500, 503: the server or a webhook failed before storing; the API's contract is to ask again.
        500 | 503 => later(message),
        // 502: a proxy lost the server's answer. 504: the server gave up waiting for its own. Either may have been applied.
        502 | 504 => Outcome::Unknown { message },
        // 400, 405, 406, 413, 415: we ask wrongly. 403: not allowed to us, or an admission said no.
        // 404 without an object: the resource type is not served. 422: the object is invalid. Asking again changes nothing.
        400..=499 | 501 => Outcome::Refused { message },
        // Redirects and codes that Kubernetes does not use: whoever answered, it does not tell what became of the request.
        _ => Outcome::Unknown { message },
    }
}

/// No HTTP answer: not applied only if the request provably never left.
pub(crate) fn of_transport(error: &kube::Error) -> Outcome {
    let mut message = error.to_string();
    let unsent = never_sent(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !message.contains(&words) {
            message = format!("{message}: {words}");
        }
        cause = error.source();
    }
    let message = shorten(&message);
    // A reset after the request left, or an answer cut short, leaves open whether it was applied.
    if unsent { Outcome::TryLater { after: None, budget: false, message } } else { Outcome::Unknown { message } }
}

/// The Status in the body; rate limiters and proxies answer in plain text.
fn status(reply: &Reply) -> Option<Status> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    if body["kind"] == "Status" { serde_json::from_value(body).ok() } else { None }
}

/// Whether a 404 means one object; for a type that is not served, the server names none.
fn names_an_object(status: &Status) -> bool {
    status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

/// The API server reports a failed uid precondition in words only (apiserver, `storage.Preconditions.Check`; the second is
/// an update of an object that is gone).
fn other_uid(message: &str) -> bool {
    message.contains("UID in precondition") || message.contains("uid mismatch")
}

fn changes_uid(status: &Status) -> bool {
    status.details.iter().flat_map(|details| &details.causes).any(|cause| cause.field == "metadata.uid")
}

fn is_budget(status: &Status) -> bool {
    // policy/v1 `DisruptionBudgetCause`.
    status.details.iter().flat_map(|details| &details.causes).any(|cause| cause.reason == "DisruptionBudget")
}

/// The server's words, with those of its causes: only there is a disruption budget's name.
fn words(reply: &Reply, status: Option<&Status>) -> String {
    let Some(status) = status else {
        let text = String::from_utf8_lossy(&reply.body);
        let text = text.trim();
        return if text.is_empty() { reply.code.to_string() } else { shorten(&format!("{}: {text}", reply.code)) };
    };
    let mut words = if status.message.is_empty() { reply.code.to_string() } else { status.message.clone() };
    for cause in status.details.iter().flat_map(|details| &details.causes) {
        if !cause.message.is_empty() && !words.contains(&cause.message) {
            words = format!("{words} {}", cause.message);
        }
    }
    shorten(&words)
}

fn shorten(text: &str) -> String {
    text.chars().take(WORDS).collect()
}

/// In seconds, from the header or the Status; proxies may send a date instead, which is left to our own back-off.
fn retry_after(headers: &HeaderMap, status: Option<&Status>) -> Option<Duration> {
    let header = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    let detail = || status.and_then(|status| status.details.as_ref()).map(|details| details.retry_after_seconds);
    header.or_else(detail).filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(u64::from(seconds)))
}
