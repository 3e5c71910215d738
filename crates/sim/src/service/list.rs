//! Lists: which objects, at which version, page by page.

use super::Context;
use super::path::Query;
use super::reply::{Bare, Reply, encoded};
use crate::cluster::State;
use crate::event;
use crate::failure::{Cause, Failure};
use crate::select::{self, Selector};
use crate::store::Key;
use crate::table;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const EXPIRED: &str = "The resourceVersion for the provided list is too old.";
const CONTINUE_EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new \
    list without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
    results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, \
    or deleted between the time the first chunk was returned and now may show up in the list.";
/// How long a read waits for a version that is not there yet.
const FRESH: Duration = Duration::from_secs(3);

/// Objects with the version at which they were so.
pub(super) struct Listed {
    pub(super) version: u64,
    pub(super) objects: Vec<(Key, Arc<Value>)>,
}

/// The selectors of a list or watch; a namespace or name in the path selects as well.
pub(super) fn selector(context: &Context) -> Result<Selector, Failure> {
    let query = &context.asked.target.query;
    let selector = Selector::parse(query.get("labelSelector"), query.get("fieldSelector"))?;
    select::check_fields(&context.resource, &selector)?;
    Ok(selector)
}

/// Answers a list.
pub(super) async fn list(context: &Context) -> Result<Reply, Failure> {
    let query = &context.asked.target.query;
    check(query)?;
    let selector = selector(context)?;
    let limit = query.number("limit")?.filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok());
    let (version, after) = place(context).await?;
    let listed = at(&context.cluster.state(), context, version)?;
    let objects = listed.objects.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let mut objects = objects.peekable();
    let mut left: Vec<&(Key, Arc<Value>)> = Vec::new();
    while limit.is_none_or(|limit| left.len() < limit)
        && let Some(object) = objects.next()
    {
        if selector.matches(&object.1) {
            left.push(object);
        }
    }
    let mut metadata = json!({ "resourceVersion": listed.version.to_string() });
    // There may be nothing on the next page: whether others are selected is not looked at before.
    if let (Some(_), Some((last, _))) = (objects.peek(), left.last()) {
        metadata["continue"] = token(Some(listed.version), last).into();
        if selector.is_everything() {
            metadata["remainingItemCount"] = objects.count().into();
        }
    }
    answer(context, &metadata, left.into_iter().map(|(_, object)| &**object))
}

/// The list of these objects, in the form that is asked for.
pub(super) fn answer<'a>(
    context: &Context,
    metadata: &Value,
    objects: impl Iterator<Item = &'a Value>,
) -> Result<Reply, Failure> {
    let resource = &context.resource;
    if context.table() {
        let mut table = table::table(resource, objects, context.cluster.now());
        table["metadata"] = metadata.clone();
        return Ok(encoded(200, table.to_string()));
    }
    let other = resource.group == "events.k8s.io";
    let item = |object: &Value| match (&resource.custom, other) {
        (_, true) => serde_json::to_string(&Bare(&event::from_core(object))),
        (None, _) => serde_json::to_string(&Bare(object)),
        (Some(_), _) => serde_json::to_string(object),
    };
    let items: Vec<String> = objects.map(item).collect::<Result<_, _>>().map_err(Failure::internal)?;
    let (kind, version) = (&resource.kind, resource.api_version());
    let head = format!(r#"{{"kind":"{kind}List","apiVersion":"{version}","metadata":{metadata},"items":["#);
    Ok(encoded(200, format!("{head}{}]}}", items.join(","))))
}

/// The objects in the namespace of the path, at a version or as they are now.
pub(super) fn at(state: &State, context: &Context, version: Option<u64>) -> Result<Listed, Failure> {
    let (resource, namespace) = (context.resource.stored_as(), context.namespace());
    let current = state.store.version();
    match version {
        Some(version) if version != current => {
            let objects = state.store.list_at(&resource, namespace, version);
            Ok(Listed { version, objects: objects.ok_or_else(|| Failure::expired(EXPIRED))? })
        }
        _ => {
            let all = state.store.list(&resource, namespace);
            Ok(Listed { version: current, objects: all.map(|(key, object)| (key.clone(), object.clone())).collect() })
        }
    }
}

/// At which version to list (`None` is now), and after which object.
async fn place(context: &Context) -> Result<(Option<u64>, Option<Key>), Failure> {
    let query = &context.asked.target.query;
    let wrong = |failure: Failure| Failure::bad_request(format!("invalid resource version: {}", failure.message));
    let asked = version(query).map_err(wrong)?;
    let page = query.get("continue");
    if !page.is_empty() {
        if asked.is_some_and(|asked| asked > 0) {
            return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
        }
        let (version, key) = from_token(page, &context.resource.stored_as())?;
        let Some(version) = version else { return Ok((None, Some(key))) };
        if context.cluster.state().store.compacted() <= version {
            return Ok((Some(version), Some(key)));
        }
        return Err(Failure { token: Some(token(None, &key)), ..Failure::expired(CONTINUE_EXPIRED) });
    }
    let limited = query.number("limit")?.is_some_and(|limit| limit > 0);
    let exact =
        query.get("resourceVersionMatch") == "Exact" || (query.get("resourceVersionMatch").is_empty() && limited);
    if let Some(asked) = asked.filter(|asked| *asked > 0) {
        fresh(context, asked).await?;
        if exact {
            return Ok((Some(asked), None));
        }
    }
    let stale = context.view().map(|view| view.version);
    Ok((stale.filter(|stale| asked.unwrap_or(0) <= *stale), None))
}

/// Waits a little for a version that is not there yet.
pub(super) async fn fresh(context: &Context, asked: u64) -> Result<(), Failure> {
    // Events are read from etcd itself, which does not wait.
    let waits = context.resource.plural != "events";
    if waits && context.cluster.version() < asked {
        tokio::time::sleep(FRESH).await;
    }
    let current = context.cluster.version();
    if current < asked { Err(Failure::too_large_version(asked, current, waits)) } else { Ok(()) }
}

/// `resourceVersion`; `None` when it is not set.
pub(super) fn version(query: &Query) -> Result<Option<u64>, Failure> {
    let text = query.get("resourceVersion");
    if text.is_empty() {
        return Ok(None);
    }
    let why = format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax");
    text.parse().map(Some).map_err(|_| Failure::new(500, "", why))
}

/// Which options go together.
fn check(query: &Query) -> Result<(), Failure> {
    let wanted = query.get("resourceVersionMatch");
    let forbidden = |why: &str| Cause::forbidden("resourceVersionMatch", why);
    let mut causes = Vec::new();
    if !wanted.is_empty() {
        if query.get("resourceVersion").is_empty() {
            causes.push(forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }
        if !query.get("continue").is_empty() {
            causes.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
        }
        if !matches!(wanted, "Exact" | "NotOlderThan") {
            let allowed = [json!("Exact"), json!("NotOlderThan"), json!("")];
            causes.push(Cause::unsupported("resourceVersionMatch", &wanted.into(), &allowed));
        }
        if wanted == "Exact" && query.get("resourceVersion") == "0" {
            causes.push(forbidden(r#"resourceVersionMatch "exact" is forbidden for resourceVersion "0""#));
        }
    }
    if query.is("sendInitialEvents").is_some() {
        causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid("ListOptions.meta.k8s.io", "", &causes)) }
}

/// Where the next page begins, and at which version; without one, it shows what is there by then.
fn token(version: Option<u64>, last: &Key) -> String {
    let version = version.and_then(|version| i64::try_from(version).ok()).unwrap_or(-1);
    let start = format!("{}/{}\0", last.namespace, last.name);
    URL_SAFE_NO_PAD.encode(json!({ "v": "meta.k8s.io/v1", "rv": version, "start": start }).to_string())
}

fn from_token(token: &str, resource: &str) -> Result<(Option<u64>, Key), Failure> {
    let wrong = || Failure::bad_request("invalid continue token: continue key is not valid");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    let start = token["start"].as_str().and_then(|start| start.trim_end_matches('\0').split_once('/'));
    match (token["rv"].as_i64(), start) {
        (Some(version), Some((namespace, name))) => Ok((version.try_into().ok(), Key::new(resource, namespace, name))),
        _ => Err(wrong()),
    }
}
