//! What becomes of one request or one event.

use super::Side;
use std::time::Duration;

/// What the engine has to know of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Reads or writes.
    pub way: Way,
    /// Whether it is about the leader's Lease.
    pub lease: bool,
    /// Whether it comes from the process whose renewals are cut off.
    pub split: bool,
}

/// Which way a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A get, a list, the opening of a watch, a review.
    Read,
    /// It changes something.
    Write,
}

/// What becomes of a request. The default is that it passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// How much longer it takes until it is sent.
    pub delay: Duration,
    /// The process is stopped for so long, on that side of the request.
    pub pause: Option<(Side, Duration)>,
    /// The process ends on that side of the request; perhaps the next one sees the state of this commit for a while.
    pub crash: Option<(Side, Option<u64>)>,
    /// It arrives once more, so much later.
    pub again: Option<Duration>,
    /// What comes back.
    pub reply: Reply,
}

/// What comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    /// What the server says.
    #[default]
    Passes,
    /// This status, perhaps with a Retry-After in seconds; it was not applied.
    Refused(u16, Option<u32>),
    /// No connection could be made.
    Unreachable,
    /// The connection broke.
    Reset(Side),
    /// Nothing, ever.
    Lost(Side),
    /// It is applied so much later, whether anybody waits or not.
    Late(Duration),
}

/// What becomes of an event of a watch. The default is that it is seen at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// How much later it and all that follow come.
    pub delay: Duration,
    /// Whether it is hidden until the object's next one.
    pub hide: bool,
}
