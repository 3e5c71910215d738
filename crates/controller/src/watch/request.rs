//! List and watch requests and the shapes of their answers; items stay text, so that each is read on its own.

use crate::objects::ObjectError;
use http::Request;
use kube::core::Status;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write;

/// What one kind's task asks for.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Plural name, for messages.
    pub(super) resource: &'static str,
    /// Paths of its collections: one, or one per namespace.
    pub(super) paths: Vec<String>,
    /// Sent to the server; empty for all.
    pub(super) label_selector: String,
    /// Sent to the server; empty for all.
    pub(super) field_selector: String,
}

impl Source {
    /// All objects of `resource` below `group`, e.g. `/apis/apps/v1`; those in `namespaces` only, unless empty.
    pub(super) fn new(group: &str, resource: &'static str, namespaces: &[String]) -> Self {
        let mut paths: Vec<String> =
            namespaces.iter().map(|ns| format!("{group}/namespaces/{ns}/{resource}")).collect();
        if paths.is_empty() {
            paths.push(format!("{group}/{resource}"));
        }
        Self { resource, paths, label_selector: String::new(), field_selector: String::new() }
    }

    /// A page of the list at `path`. Without a resourceVersion it is a quorum read, never an old view.
    pub(super) fn list(&self, path: &str, limit: u32, token: &str) -> Result<Request<Vec<u8>>, http::Error> {
        let mut uri = format!("{path}?limit={limit}");
        add(&mut uri, "continue", token);
        self.get(uri)
    }

    /// The list at `path` as a stream: each object as an event, then a bookmark that says that these were all. Without a resourceVersion it
    /// is as fresh as a quorum read.
    pub(super) fn stream(&self, path: &str, seconds: u64) -> Result<Request<Vec<u8>>, http::Error> {
        let first = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        self.get(format!("{path}?watch=true&allowWatchBookmarks=true&{first}&timeoutSeconds={seconds}"))
    }

    /// What changes at `path` after `version`.
    pub(super) fn watch(&self, path: &str, version: &str, seconds: u64) -> Result<Request<Vec<u8>>, http::Error> {
        let mut uri = format!("{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}");
        add(&mut uri, "resourceVersion", version);
        self.get(uri)
    }

    fn get(&self, mut uri: String) -> Result<Request<Vec<u8>>, http::Error> {
        add(&mut uri, "labelSelector", &self.label_selector);
        add(&mut uri, "fieldSelector", &self.field_selector);
        Request::get(uri).body(Vec::new())
    }
}

fn add(uri: &mut String, key: &str, value: &str) {
    if !value.is_empty() {
        let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        // Writing to a String cannot fail.
        let _ = write!(uri, "&{key}={value}");
    }
}

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(default)]
    pub(super) metadata: PageMetadata,
    #[serde(borrow, default)]
    pub(super) items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PageMetadata {
    pub(super) resource_version: Option<String>,
    #[serde(rename = "continue")]
    pub(super) token: Option<String>,
}

/// A line of a watch.
pub(super) struct Line<'a> {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    pub(super) kind: Cow<'a, str>,
    /// The object's JSON, not looked at yet.
    pub(super) object: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes a line apart. API servers write the type first; then the object need not be read twice to find its end.
    pub(super) fn of(line: &'a [u8]) -> Result<Self, ObjectError> {
        if let Some(line) = Self::cut(line) {
            return Ok(line);
        }
        let Whole { kind, object } = serde_json::from_slice(line)?;
        Ok(Self { kind, object: object.get().as_bytes() })
    }

    fn cut(line: &'a [u8]) -> Option<Self> {
        let rest = line.trim_ascii_end().strip_prefix(br#"{"type":""#)?;
        let (kind, rest) = rest.split_at_checked(rest.iter().position(|byte| *byte == b'"')?)?;
        let object = rest.strip_prefix(br#"","object":"#)?.strip_suffix(b"}")?;
        Some(Self { kind: std::str::from_utf8(kind).ok()?.into(), object })
    }
}

/// A line whose fields are in any order.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Whatever can be said of an object, even an unreadable one.
pub(super) fn head(json: &[u8]) -> HeadMetadata {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Head {
        metadata: HeadMetadata,
    }
    serde_json::from_slice::<Head>(json).unwrap_or_default().metadata
}

/// The little that even an unreadable object has to have.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HeadMetadata {
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) resource_version: Option<String>,
}

/// The version of a bookmark that ends a list; `None` for any other bookmark.
pub(super) fn end_of_list(bookmark: &[u8]) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Head {
        metadata: Metadata,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Metadata {
        resource_version: Option<String>,
        annotations: Annotations,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Annotations {
        #[serde(rename = "k8s.io/initial-events-end")]
        end: Option<String>,
    }
    let metadata = serde_json::from_slice::<Head>(bookmark).unwrap_or_default().metadata;
    metadata.annotations.end.filter(|end| end == "true").and(metadata.resource_version)
}

/// The status that an ERROR line carries.
pub(super) fn status(object: &[u8]) -> Status {
    serde_json::from_slice(object).unwrap_or_else(|_| Status::failure("an ERROR without a status", "Unreadable"))
}

/// Whether version `new` lies before `old`, as after a restored etcd; versions that are no numbers tell nothing.
pub(super) fn went_back(new: &str, old: &str) -> bool {
    matches!((new.parse::<u64>(), old.parse::<u64>()), (Ok(new), Ok(old)) if new < old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_carry_selectors_escaped() {
        let mut source = Source::new("/api/v1", "pods", &["shop".to_owned()]);
        source.label_selector = "app in (a,b)".to_owned();
        source.field_selector = "status.phase=Failed".to_owned();
        let request = source.list(&source.paths[0], 100, "t+k").unwrap();
        assert_eq!(
            request.uri(),
            "/api/v1/namespaces/shop/pods?limit=100&continue=t%2Bk&labelSelector=app%20in%20%28a%2Cb%29&fieldSelector=status%2Ephase%3DFailed"
        );
        let request = Source::new("/api/v1", "nodes", &[]).watch("/api/v1/nodes", "7", 45).unwrap();
        assert_eq!(
            request.uri(),
            "/api/v1/nodes?watch=true&allowWatchBookmarks=true&timeoutSeconds=45&resourceVersion=7"
        );
    }

    #[test]
    fn lines_are_taken_apart_whatever_their_order() {
        for line in [
            r#"{"type":"ADDED","object":{"a":{"b":"}"}}}"#,
            r#"{"object":{"a":{"b":"}"}},"type":"ADDED"}"#,
            r#" { "type" : "ADDED", "object" : {"a":{"b":"}"}} } "#,
        ] {
            let line = Line::of(line.as_bytes()).unwrap();
            assert_eq!((&*line.kind, line.object), ("ADDED", br#"{"a":{"b":"}"}}"#.as_slice()));
        }
        assert!(Line::of(br#"{"type":"ADDED"}"#).is_err() && Line::of(b"no JSON").is_err());
    }

    #[test]
    fn only_numbers_can_go_back() {
        assert!(went_back("9", "10"));
        assert!(!went_back("10", "9") && !went_back("10", "10") && !went_back("a", "b") && !went_back("", "7"));
    }
}
