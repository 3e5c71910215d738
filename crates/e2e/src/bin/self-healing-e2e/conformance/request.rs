//! One request of a sequence, in words that mean the same on both sides.
//!
//! What only a server knows is named, not written: `<ns>` the sequence's namespace, `<start>` the version at its beginning,
//! `<uid pods/a>` and `<rv pods/a>` what that side last saw of an object, `<first pods/a>` the version in which it saw it
//! first, `<name p1->` the name made from that prefix, `<token>` the last continue token,
//! `<old events>` and `<page events>` a version and a token that etcd has forgotten.

use super::tell;
use http::Method;
use serde_json::Value;
use std::fmt;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// With all rights.
    Admin,
    /// The controller's ServiceAccount, with the shipped roles.
    Account,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    None,
    Json(Value),
    /// As it is, JSON or not.
    Text(&'static str),
    /// The object as this side last saw it, with a merge patch applied: what a client does that reads, changes and writes.
    Stored {
        of: String,
        change: Value,
    },
}

/// How much of the answer is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// All of it.
    Whole,
    /// The lines of a watch, up to one about the object of that name.
    Until(String),
    /// The lines of a watch, up to the bookmark that ends the initial events.
    InitialEvents,
    /// The lines of a watch, until the server closes it.
    Closed,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// What it is, for the count.
    pub(super) label: &'static str,
    pub(super) user: User,
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    /// Content-Type; empty for none.
    pub(super) content: &'static str,
    pub(super) body: Body,
    pub(super) read: Read,
}

impl Request {
    pub(super) fn new(label: &'static str, method: Method, path: impl Into<String>) -> Self {
        let (path, body) = (path.into(), Body::None);
        Self { label, user: User::Admin, method, path, content: "application/json", body, read: Read::Whole }
    }

    pub(super) fn get(label: &'static str, path: impl Into<String>) -> Self {
        Self::new(label, Method::GET, path)
    }

    pub(super) fn post(label: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self::new(label, Method::POST, path).with(Body::Json(body))
    }

    pub(super) fn merge(label: &'static str, path: impl Into<String>, patch: Value) -> Self {
        let request = Self::new(label, Method::PATCH, path).with(Body::Json(patch));
        request.content("application/merge-patch+json")
    }

    /// For the count.
    pub(super) fn verb(&self) -> &'static str {
        let path = self.path.split('?').next().unwrap_or_default();
        let plural = tell::plural(path);
        let create = match path.rsplit('/').next() {
            Some("eviction") => "evict",
            Some("binding") => "bind",
            Some("selfsubjectaccessreviews") => "review",
            _ => "create",
        };
        match (self.method.as_str(), self.content) {
            ("POST", _) => create,
            ("PUT", _) => "update",
            ("PATCH", "application/json-patch+json") => "JSON patch",
            ("PATCH", "application/strategic-merge-patch+json") => "strategic merge patch",
            ("PATCH", _) => "merge patch",
            ("DELETE", _) if path.ends_with(plural) => "delete a collection",
            ("DELETE", _) => "delete",
            _ if self.read != Read::Whole => "watch",
            _ if plural.is_empty() => "discover",
            _ if path.ends_with(plural) && plural != "scale" => "list",
            _ => "get",
        }
    }

    pub(super) fn with(self, body: Body) -> Self {
        Self { body, ..self }
    }

    pub(super) fn content(self, content: &'static str) -> Self {
        Self { content, ..self }
    }

    pub(super) fn until(self, read: Read) -> Self {
        Self { read, ..self }
    }

    pub(super) fn by_account(self) -> Self {
        Self { user: User::Account, ..self }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        match &self.body {
            Body::None => {}
            Body::Json(value) => write!(f, " {value}")?,
            Body::Text(text) => write!(f, " {text:?}")?,
            Body::Stored { of, change } => write!(f, " {of} as read, changed by {change}")?,
        }
        if self.content != "application/json" {
            write!(f, " ({})", self.content)?;
        }
        let who = if self.user == User::Account { "as the ServiceAccount, " } else { "" };
        write!(f, "  [{who}{}]", self.label)
    }
}
