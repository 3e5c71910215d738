//! Events on the failed object, the newest first. Our own are none: the Recovery tells what we did.

use super::state::{text, words};
use super::{Unread, list, second};
use crate::act::announce::CONTROLLER;
use crate::act::call::Calls;
use crate::objects::needs::list as items;
use jiff::Timestamp;
use kube::api::ListParams;
use self_healing_core::key::{Kind, Target};
use serde_json::Value;

/// So many are kept.
const KEPT: usize = 10;
/// Events of one page of the list, and pages that are read at most: the newest may be on the last one, and an object that is told
/// of more often than this is told of in series.
const PAGE: u32 = 200;
const PAGES: usize = 5;
/// Characters of a note; the API takes 1024 bytes, of which ten would fill the record.
const NOTE: usize = 256;
/// Characters of a reason.
const WORD: usize = 64;

/// One line per Event: when, how serious, why, how often, and what was said.
pub(super) async fn newest(calls: &Calls, target: &Target) -> Result<Vec<String>, Unread> {
    // Those on objects without a namespace are in `default`, by Kubernetes' own rule.
    let namespace = Some(&*target.key.namespace).filter(|namespace| !namespace.is_empty()).unwrap_or("default");
    let mut params = ListParams::default().fields(&selector(target)).limit(PAGE);
    let mut found: Vec<(Option<Timestamp>, String)> = Vec::new();
    for _ in 0..PAGES {
        let page = list(calls, "/api/v1", namespace, "events", &params).await?;
        found.extend(items(&page["items"]).filter(|event| !is_ours(event)).map(|event| (moment(event), line(event))));
        // The newest first; what came first stays first among those of the same moment.
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found.truncate(KEPT);
        match page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(token),
            None => break,
        }
    }
    Ok(found.into_iter().map(|(_, line)| line).collect())
}

/// By uid, so that an earlier object of the same name is not meant; but kubelets put a node's name where its uid belongs.
fn selector(target: &Target) -> String {
    if target.kind == Kind::Node || target.uid.is_empty() {
        return format!("involvedObject.kind={},involvedObject.name={}", target.kind.as_str(), target.key.name);
    }
    format!("involvedObject.uid={}", target.uid)
}

fn is_ours(event: &Value) -> bool {
    event["reportingComponent"] == CONTROLLER
}

/// When it was last seen: repeated Events are one with a count, in the older words or as a series.
fn seen(event: &Value) -> &Value {
    let series = &event["series"]["lastObservedTime"];
    let times = [series, &event["lastTimestamp"], &event["eventTime"], &event["metadata"]["creationTimestamp"]];
    times.into_iter().find(|time| time.is_string()).unwrap_or(&Value::Null)
}

fn moment(event: &Value) -> Option<Timestamp> {
    seen(event).as_str()?.parse().ok()
}

fn line(event: &Value) -> String {
    let at = moment(event).map_or_else(String::new, second);
    let count = [&event["series"]["count"], &event["count"]].into_iter().find_map(Value::as_u64);
    let often = count.filter(|count| *count > 1).map_or_else(String::new, |count| format!("x{count}"));
    let (kind, reason) = (text(&event["type"], WORD), text(&event["reason"], WORD));
    words(&[&at, &kind, &reason, &often], &text(&event["message"], NOTE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_when_what_and_how_often() {
        let old = json!({"type": "Warning", "reason": "BackOff", "message": "Back-off restarting\nfailed container", "count": 12,
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:05:00Z", "eventTime": null});
        assert_eq!(line(&old), "2026-01-01T00:05:00Z Warning BackOff x12: Back-off restarting failed container");
        let new = json!({"type": "Normal", "reason": "Pulled", "eventTime": "2026-01-01T00:00:00.123456Z",
            "series": {"count": 3, "lastObservedTime": "2026-01-01T00:01:00.5Z"}});
        assert_eq!(line(&new), "2026-01-01T00:01:00Z Normal Pulled x3");
        assert_eq!(line(&json!(null)), "");
    }
}
