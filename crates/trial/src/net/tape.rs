//! What passed through the network since the story began, for plans that aim at it.

use self_healing_sim::store::Key;
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Its number among requests, from 1.
    pub request: u64,
    /// Its number among writes, from 1; `None` when it changes nothing.
    pub write: Option<u64>,
    /// Whose it is.
    pub instance: Arc<str>,
    /// When, after the story's beginning.
    pub at: Duration,
    /// RBAC verb.
    pub verb: &'static str,
    /// What it is about.
    pub key: Key,
    /// Empty for the object itself.
    pub subresource: String,
    /// The store's version when it was sent.
    pub version: u64,
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, write, instance, at, verb, key, subresource, version } = self;
        write!(f, "request {request}")?;
        write.iter().try_for_each(|write| write!(f, " write {write}"))?;
        let Key { resource, namespace, name } = key;
        write!(f, " at {} of {instance}: {verb} {resource} {namespace}/{name} {subresource}", at.as_secs_f64())?;
        write!(f, " at version {version}")
    }
}

/// One event of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its number among events, from 1.
    pub event: u64,
    /// What it is about.
    pub key: Key,
    /// The version that it tells of.
    pub version: u64,
}

/// Everything that passed.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Requests in order.
    pub asked: Vec<Asking>,
    /// Events in order.
    pub seen: Vec<Sighting>,
}

/// What is read of a line of a watch.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) object: Object<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct Object<'a> {
    #[serde(borrow, default)]
    pub(super) metadata: Head<'a>,
}

/// What is read of an object.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) resource_version: Cow<'a, str>,
}

impl Tape {
    pub(super) fn seen(&mut self, resource: &str, head: &Head<'_>, event: u64) {
        let key = Key::new(resource, &head.namespace, &head.name);
        self.seen.push(Sighting { event, key, version: head.resource_version.parse().unwrap_or(0) });
    }
}
