//! What a request is about, from its method, path and query.

use crate::failure::Failure;
use crate::rights::Wish;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;

/// The parameters after the question mark.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    fn of(uri: &Uri) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (decode(key), decode(value)))
                .collect(),
        )
    }

    /// A parameter; empty when it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a truth value is set, as Go reads it.
    pub(crate) fn is(&self, name: &str) -> Option<bool> {
        self.0.iter().any(|(known, _)| known == name).then(|| !matches!(self.get(name), "0" | "false"))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let text = self.get(name);
        let wrong = |_| Failure::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
    }
}

/// What a request is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// RBAC verb.
    pub(crate) verb: &'static str,
    /// As sent.
    pub(crate) path: String,
    /// Whether the path is that of a resource; else only `path` tells.
    pub(crate) resource: bool,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
    pub(crate) query: Query,
    /// The query as sent.
    pub(crate) asked: String,
}

impl Target {
    /// Of the head of a request.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Self {
        let query = Query::of(uri);
        let (path, asked) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return Self { verb: verb(method, true, &query), path, query, asked, ..Self::default() },
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, "status" | "finalize"] => (*namespace, rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            // A namespace is in itself.
            ["namespaces", name] => (*name, rest),
            _ => ("", rest),
        };
        let [plural, name, subresource] = [0, 1, 2].map(|at| rest.get(at).copied().unwrap_or_default().to_owned());
        let verb = verb(method, !name.is_empty(), &query);
        let (group, version, namespace) = (group.to_owned(), version.to_owned(), namespace.to_owned());
        Self { verb, path, resource: true, group, version, plural, namespace, name, subresource, query, asked }
    }

    /// `pods` or `deployments.apps`.
    pub(crate) fn name_of_resource(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The request as roles speak of it.
    pub(crate) fn wish(&self) -> Wish {
        let selected = || self.query.get("fieldSelector").strip_prefix("metadata.name=").unwrap_or_default().to_owned();
        Wish {
            verb: self.verb.to_owned(),
            group: self.group.clone(),
            resource: self.plural.clone(),
            subresource: self.subresource.clone(),
            namespace: self.namespace.clone(),
            name: if self.name.is_empty() { selected() } else { self.name.clone() },
        }
    }
}

fn verb(method: &Method, named: bool, query: &Query) -> &'static str {
    match (method.as_str(), named) {
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        (_, true) => "get",
        (_, false) if query.is("watch") == Some(true) => "watch",
        (_, false) => "list",
    }
}
