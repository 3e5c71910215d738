//! Lists: which version they show, and in which pages.

use super::route::{Query, Route};
use crate::cluster::{Cluster, State};
use crate::failure::Failure;
use crate::select::{Selector, check_fields};
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

/// The objects of one page, and where the next one begins.
pub(super) struct Page {
    pub(super) items: Vec<Arc<Value>>,
    /// The version that the list shows.
    pub(super) version: u64,
    /// Empty on the last page.
    pub(super) token: String,
    /// How many are left, where that is known without looking.
    pub(super) remaining: Option<usize>,
}

/// The selector of a query.
pub(super) fn selector(route: &Route, query: &Query) -> Result<Selector, Failure> {
    let selector = Selector::parse(query.text("labelSelector"), query.text("fieldSelector"))?;
    check_fields(&route.resource.name(), &selector)?;
    Ok(selector)
}

/// One page; `view` is an earlier version that is shown in place of the newest.
pub(super) fn page(cluster: &Cluster, route: &Route, query: &Query, view: Option<u64>) -> Result<Page, Failure> {
    let selector = selector(route, query)?;
    let limit = query.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
    let state = cluster.state();
    let (version, after) = match query.text("continue") {
        "" => (version(&state, query)?.or(view).unwrap_or_else(|| state.store.version()), None),
        token => {
            let (version, after) = read_token(token, &route.resource.stored_as())?;
            (version, Some(after))
        }
    };
    let all = objects(&state, route, version)?;
    let rest = all.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let mut selected: Vec<(Key, Arc<Value>)> = rest.filter(|(_, object)| selector.matches(object)).collect();
    let left = if limit == 0 { 0 } else { selected.len().saturating_sub(limit) };
    selected.truncate(selected.len() - left);
    let token = match selected.last() {
        Some((key, _)) if left > 0 => format!("{version}.{}.{}", key.namespace, key.name),
        _ => String::new(),
    };
    let remaining = (left > 0 && selector.is_everything()).then_some(left);
    Ok(Page { items: selected.into_iter().map(|(_, object)| object).collect(), version, token, remaining })
}

/// The version that the query asks for; `None` for the newest, which also serves who asks for any not older than one.
fn version(state: &State, query: &Query) -> Result<Option<u64>, Failure> {
    let newest = state.store.version();
    let exact = match query.text("resourceVersionMatch") {
        "Exact" => true,
        "" | "NotOlderThan" => false,
        other => {
            return Err(Failure::bad_request(format!("resourceVersionMatch: Unsupported value: {other:?}")));
        }
    };
    let Some(asked) = query.number("resourceVersion")? else { return Ok(None) };
    if asked > newest {
        return Err(Failure::too_large_version(asked, newest));
    }
    let paged = query.number("limit")?.is_some_and(|limit| limit > 0) && query.text("resourceVersionMatch").is_empty();
    Ok(((exact || paged) && asked > 0).then_some(asked))
}

fn objects(state: &State, route: &Route, version: u64) -> Result<Vec<(Key, Arc<Value>)>, Failure> {
    let resource = route.resource.stored_as();
    if version == state.store.version() {
        let all = state.store.list(&resource, &route.namespace);
        return Ok(all.map(|(key, object)| (key.clone(), object.clone())).collect());
    }
    let words = "The provided continue parameter is too old to display a consistent list result. \
        You can start a new list without the continue parameter.";
    state.store.list_at(&resource, &route.namespace, version).ok_or_else(|| Failure::expired(words))
}

fn read_token(token: &str, resource: &str) -> Result<(u64, Key), Failure> {
    let mut parts = token.splitn(3, '.');
    let version = parts.next().and_then(|version| version.parse().ok());
    match (version, parts.next(), parts.next()) {
        (Some(version), Some(namespace), Some(name)) => Ok((version, Key::new(resource, namespace, name))),
        _ => Err(Failure::bad_request("continue key is not valid: it was not made by this server")),
    }
}

impl Page {
    /// The list as an object.
    pub(super) fn object(&self, route: &Route) -> Value {
        let mut metadata = json!({ "resourceVersion": self.version.to_string() });
        if !self.token.is_empty() {
            metadata["continue"] = self.token.clone().into();
        }
        if let Some(remaining) = self.remaining {
            metadata["remainingItemCount"] = remaining.into();
        }
        let items: Vec<&Value> = self.items.iter().map(|item| &**item).collect();
        json!({
            "kind": format!("{}List", route.resource.kind),
            "apiVersion": route.resource.api_version(),
            "metadata": metadata,
            "items": items,
        })
    }
}
