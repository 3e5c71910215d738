//! What the end of a failed object would take away: container states, conditions, Events, and the workload's revision.
//!
//! All of it is for people: nothing is decided by it. A part that cannot be read says so in words and keeps nothing waiting.

mod events;
pub(super) mod revision;
mod state;

use super::call::{Calls, Reply, segment};
use super::outcome;
use crate::objects::needs::list as items;
use crate::plain::plain;
use jiff::Timestamp;
use kube::api::ListParams;
use self_healing_core::effect::{Answer, Outcome, Scene};
use self_healing_core::key::{Kind, Target};
use self_healing_core::recovery::{CONDITION, EVENT, GATHERED, REVISION, STATE};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for any part, all being read at once: what a recovery may lose by it, when the API server does not answer.
const LIMIT: Duration = Duration::from_secs(3);

// Bytes of each part. Together with the signals of a finding they are within a record's 16 KiB, so that nothing of it is dropped there.
const STATES: usize = 6 * 1024;
const CONDITIONS: usize = 1024;
const EVENTS: usize = 4 * 1024;

/// Characters of the server's words when it refuses.
const REFUSAL: usize = 512;

/// Why a part was not read.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is not there, or another of the same name is.
    Gone,
    /// In words for people.
    Why(String),
}

/// Everything that is found, within [`LIMIT`].
pub(super) async fn evidence(calls: &Calls, scene: &Scene, now: Timestamp) -> Answer {
    let Scene { target, workload } = scene;
    let (object, events, workload) = tokio::join!(
        within(object(calls, target)),
        within(events::newest(calls, target)),
        within(revision::workload(calls, workload)),
    );
    let mut found = Vec::new();
    match &object {
        Ok(Some(object)) => {
            found.extend(fit(STATE, state::of(object), STATES));
            found.extend(fit(CONDITION, state::conditions(object), CONDITIONS));
        }
        Ok(None) => {}
        Err(Unread::Gone) => found.push(item(STATE, format!("{} was gone already", target.kind.as_str()))),
        Err(Unread::Why(why)) => found.push(not_read(STATE, why)),
    }
    if let Ok(Some(workload)) = &workload
        && workload.is(target)
    {
        found.extend(fit(CONDITION, state::conditions(workload.object()), CONDITIONS));
    }
    match events {
        Ok(lines) => found.extend(fit(EVENT, lines, EVENTS)),
        Err(Unread::Gone) => {}
        Err(Unread::Why(why)) => found.push(not_read(EVENT, &why)),
    }
    match workload {
        Ok(workload) => {
            let pod = object.as_ref().ok().and_then(Option::as_ref);
            found.extend(workload.and_then(|workload| workload.revision(pod)).map(|line| item(REVISION, line)));
        }
        Err(Unread::Gone) => {}
        Err(Unread::Why(why)) => found.push(not_read(REVISION, &why)),
    }
    found.push(item(GATHERED, format!("at {}", second(now))));
    Answer::Evidence(found)
}

/// The failed object itself, where its own status tells more than its workload's.
async fn object(calls: &Calls, target: &Target) -> Result<Option<Value>, Unread> {
    let plural = match target.kind {
        Kind::Pod => "pods",
        Kind::Node => "nodes",
        _ => return Ok(None),
    };
    this_one(calls, "/api/v1", plural, target).await.map(Some)
}

/// That very object, read as a list of one: the right to list is there for the watch, one to get would be one more. And unlike the
/// fresh read before a write, nothing is decided by it.
async fn this_one(calls: &Calls, group: &str, plural: &str, target: &Target) -> Result<Value, Unread> {
    let one = ListParams::default().fields(&format!("metadata.name={}", target.key.name));
    let page = list(calls, group, &target.key.namespace, plural, &one).await?;
    let found = items(&page["items"]).find(|object| object["metadata"]["uid"].as_str() == Some(&*target.uid));
    found.cloned().ok_or(Unread::Gone)
}

/// One page of a list, in `namespace` or, if that is empty, of objects that have none.
async fn list(calls: &Calls, group: &str, namespace: &str, plural: &str, params: &ListParams) -> Result<Value, Unread> {
    let mut path = group.to_owned();
    if !namespace.is_empty() {
        path += &format!("/namespaces/{}", segment("namespace", namespace).map_err(|outcome| unread(&outcome))?);
    }
    let request = kube::core::Request::new(format!("{path}/{plural}"));
    let request = request.list(params).map_err(|error| Unread::Why(error.to_string()))?;
    let reply = calls.get(&request.uri().to_string()).await.map_err(|outcome| unread(&outcome))?;
    outcome::of(&reply).map_err(|outcome| refusal(&reply, &outcome, plural))
}

async fn within<T>(part: impl Future<Output = Result<T, Unread>>) -> Result<T, Unread> {
    let late = || Unread::Why(format!("no answer within {} s", LIMIT.as_secs()));
    timeout(LIMIT, part).await.unwrap_or_else(|_| Err(late()))
}

fn refusal(reply: &Reply, outcome: &Outcome, plural: &str) -> Unread {
    let Unread::Why(words) = unread(outcome) else { return Unread::Gone };
    let missing = if reply.code.as_u16() == 403 { format!("; the role needs list on {plural}") } else { String::new() };
    Unread::Why(format!("{}: {words}{missing}", reply.code))
}

fn unread(outcome: &Outcome) -> Unread {
    match outcome {
        Outcome::TryLater { message, .. } | Outcome::Unknown { message } | Outcome::Refused { message } => {
            Unread::Why(message.clone())
        }
        Outcome::Gone | Outcome::Done(_) | Outcome::NotLeading => Unread::Gone,
    }
}

/// To the second, as Kubernetes writes times.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn item(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

fn not_read(name: &str, why: &str) -> (String, String) {
    item(name, plain(&format!("not readable: {why}"), REFUSAL))
}

/// The first lines that fit in so many bytes; a last one counts the rest.
fn fit(name: &str, lines: Vec<String>, bytes: usize) -> Vec<(String, String)> {
    let (mut kept, mut used) = (Vec::new(), 0);
    let all = lines.len();
    for line in lines {
        used += name.len() + line.len();
        if used > bytes && !kept.is_empty() {
            kept.push(item(name, format!("and {} more", all - kept.len())));
            break;
        }
        kept.push(item(name, line));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let lines = vec!["x".repeat(40); 5];
        let kept = fit(EVENT, lines, 100);
        assert_eq!(kept.len(), 3);
        assert_eq!(kept[2].1, "and 3 more");
        // One that is too long by itself is cut where it is stored.
        assert_eq!(fit(EVENT, vec!["x".repeat(4000)], 100).len(), 1);
        assert_eq!(fit(EVENT, Vec::new(), 100), []);
    }
}
