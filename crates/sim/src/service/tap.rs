//! Where faults come in: a tap is asked about every request, every answer, and every event of a watch.

use crate::api::User;
use crate::failure::Failure;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// One request as a tap sees it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Counts the requests of this service, from 1.
    pub number: u64,
    /// Who sent it.
    pub user: User,
    /// RBAC verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: &'static str,
    /// As [`crate::resource::Resource::name`]; the path for what is no resource.
    pub resource: String,
    /// Empty for all, or for objects without one.
    pub namespace: String,
    /// Empty when no object is named.
    pub name: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// The body as sent; null for none, or for one that is no JSON.
    pub body: Arc<Value>,
}

impl Call {
    /// Whether it may change something.
    #[must_use]
    pub fn writes(&self) -> bool {
        !matches!(self.verb, "get" | "list" | "watch")
    }
}

/// What becomes of a request before it is carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum OnRequest {
    /// Nothing.
    Pass,
    /// It arrives so much later, even if its sender has given up by then.
    Delay(Duration),
    /// It is not carried out; the server answers this.
    Refuse(Failure),
    /// No connection: the sender learns at once that it was not sent.
    NoConnection,
    /// It is lost on its way, and the sender hears nothing.
    Lose,
    /// It is carried out, and so much later once more; the sender hears of the first time only.
    Twice(Duration),
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReply {
    /// Nothing.
    Pass,
    /// It arrives so much later.
    Delay(Duration),
    /// It is lost, and the sender hears nothing.
    Lose,
    /// The connection breaks, and the sender learns that.
    Break,
}

/// What becomes of an event of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEvent {
    /// Nothing.
    Pass,
    /// It, and what comes after it, arrives so much later.
    Delay(Duration),
    /// It never arrives; later ones do.
    Hide,
    /// The stream ends before it.
    Close,
    /// The stream stays open and is silent from here on, bookmarks included.
    Silence,
    /// The server says that it has forgotten the version (410) and ends the stream.
    Forget,
}

/// An event of a watch as a tap sees it.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
    pub kind: &'static str,
    /// The object's namespace.
    pub namespace: &'a str,
    /// The object's name; empty for a bookmark.
    pub name: &'a str,
    /// Its version.
    pub version: u64,
}

/// Decides about faults. Every method has the answer of a network without any.
pub trait Tap: Send + Sync {
    /// A request was sent.
    fn request(&self, call: &Call) -> OnRequest {
        let _ = call;
        OnRequest::Pass
    }

    /// A request was carried out, or refused with this code, at this version of the store.
    fn reply(&self, call: &Call, code: u16, version: u64) -> OnReply {
        let _ = (call, code, version);
        OnReply::Pass
    }

    /// An event is about to be sent on the stream that `watch` opened.
    fn event(&self, watch: &Call, seen: &Seen<'_>) -> OnEvent {
        let _ = (watch, seen);
        OnEvent::Pass
    }
}

/// A network without faults.
pub(super) struct Calm;

impl Tap for Calm {}
