//! From method, path and query to what is asked for.

use crate::failure::Failure;
use crate::resource::{Registry, Resource};
use http::Method;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A path below `/api` or `/apis` that is about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) resource: Arc<Resource>,
    /// Empty for all, or for objects without one.
    pub(super) namespace: String,
    /// Empty for the collection.
    pub(super) name: String,
    /// Empty for the object itself.
    pub(super) subresource: String,
}

/// What a path is about.
pub(super) enum Place {
    /// Objects.
    Objects(Route),
    /// Everything else: discovery, health, the version.
    Other,
}

/// Reads a path.
pub(super) fn place(path: &str, registry: &Registry) -> Result<Place, Failure> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Ok(Place::Other),
    };
    let (namespace, rest) = match rest {
        // A namespace's own subresources are not resources in it.
        ["namespaces", namespace, rest @ ..] if !matches!(rest, [] | ["status" | "finalize"]) => (*namespace, rest),
        rest => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Err(Failure::no_such_path()),
    };
    let resource = registry.find(group, version, plural).ok_or_else(Failure::no_such_path)?;
    if !resource.namespaced && !namespace.is_empty() {
        return Err(Failure::no_such_path());
    }
    Ok(Place::Objects(Route {
        resource: resource.clone(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
    }))
}

/// The query's parameters, decoded; of several of one name the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn of(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let decoded = |text: &str| {
            let spaces = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaces).decode_utf8_lossy().into_owned()
        };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        Self(pairs.map(pair).collect())
    }

    /// A parameter; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether a parameter is `true` or `1`.
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    /// A number; `None` when it is not there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let words = || Failure::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
        text.parse().map(Some).map_err(|_| words())
    }
}

/// The RBAC verb of a request.
pub(super) fn verb(method: &Method, named: bool, query: &Query) -> Result<&'static str, Failure> {
    Ok(match *method {
        Method::GET | Method::HEAD if query.is("watch") => "watch",
        Method::GET | Method::HEAD if named => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT if named => "update",
        Method::PATCH if named => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => return Err(Failure::not_allowed()),
    })
}
