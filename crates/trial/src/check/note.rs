//! What the runner tells the checker, beside the commits: what left the controller, what came back to it, and which faults are on.

use self_healing_sim::store::Key;
use serde_json::Value;
use std::sync::Arc;

/// One thing that no commit shows.
#[derive(Clone, Debug)]
pub enum Note {
    /// A process of the controller began; each has an instance of its own, never used again.
    Began {
        /// `POD` or `POD#LIFE`: what stands before `#` is the pod's name.
        instance: Arc<str>,
    },
    /// A process of the controller ended, however.
    Ended {
        /// Which one.
        instance: Arc<str>,
    },
    /// A write left the controller.
    Sent(Sent),
    /// The answer to a get or list reached the controller.
    Read(Read),
    /// A message reached its receiver.
    Told(Told),
    /// A fault is on from now on.
    FaultBegins(Fault),
    /// The fault of this number is over.
    FaultEnds(u64),
    /// The controller wrote a line to its log, or showed one on a page.
    Output {
        /// Whose.
        instance: Arc<str>,
        /// The line.
        line: String,
    },
}

/// One HTTP request that changes something, right before it reaches the API server or is lost on the way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Which process.
    pub instance: Arc<str>,
    /// The request's number.
    pub id: u64,
    /// RBAC verb, as in a commit's origin.
    pub verb: &'static str,
    /// The object; the name is empty for a create.
    pub key: Key,
    /// Subresource, as in a commit's origin.
    pub subresource: Arc<str>,
    /// The query of the request, without `?`.
    pub query: String,
    /// The body as sent; the same that the commit's origin holds.
    pub body: Arc<Value>,
}

/// One answered get or list.
#[derive(Clone, Debug)]
pub struct Read {
    /// Which process.
    pub instance: Arc<str>,
    /// The object; the name is empty for a list.
    pub key: Key,
    /// The version of the object that was read; empty for a list, and when there was none.
    pub version: String,
    /// Whether it was a quorum read, that is, without a resourceVersion in the request.
    pub quorum: bool,
    /// Whether it was answered with a 2xx, or with 404, which is as good an answer.
    pub ok: bool,
}

/// One message that a receiver got.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which receiver.
    pub channel: String,
    /// The message's key within its Recovery, e.g. `opened`.
    pub key: String,
    /// The Recovery.
    pub recovery: String,
    /// All that was sent.
    pub text: String,
}

/// A fault of the surroundings of the controller. What breaks in the cluster itself is no fault here, but the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its number, the same when it ends.
    pub id: u64,
    /// What it does.
    pub kind: FaultKind,
}

/// What faults do to what the controller can know and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Requests are delayed, refused or lost.
    Calls,
    /// Watches or lists show less than the truth: late, cut off, hidden, of an earlier moment.
    Views,
    /// Watches stay open and bring nothing, not even bookmarks, also when they are opened anew.
    Silence,
    /// The process is stopped for a while, or killed.
    Process,
    /// Receivers do not take messages.
    Messages,
    /// Its clock jumps or runs at another speed.
    Clock,
}
