//! What goes wrong around the controller, in lines that a person can read and repeat: `crash after write 12`,
//! `30+20 calls every 3 lose reply`.
//!
//! A fault is aimed at one request or event, counted since the story began, or it lasts for a time. What breaks in the
//! cluster itself is no fault here, but the story.

mod engine;
mod fate;
mod parse;
mod text;

pub use engine::{Engine, Fired};
pub use fate::{Call, Fate, Reply, Sight, Way};

use self_healing_story::Reception;
use std::time::Duration;

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Aimed at one request or event.
    At(Aim),
    /// From a time on, for so long. Times count from the story's beginning.
    During {
        /// When it begins.
        from: Duration,
        /// How long it lasts; zero for what happens once.
        span: Duration,
        /// What it does.
        what: Trouble,
    },
}

/// On which side of its being applied a request is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is never applied, or later.
    Before,
    /// It is applied; the answer does not arrive, or later.
    After,
}

/// A fault with one place. Numbers count from 1; a write is a request that changes something, the Lease included.
#[derive(Clone, Debug, PartialEq)]
pub enum Aim {
    /// `crash before write 12`: the process ends at this write, and starts again.
    Crash {
        /// Whether the write is applied.
        side: Side,
        /// Which write.
        write: u64,
        /// If present, the new process's lists and watches show the state of this commit for [`OLD_VIEW`].
        view: Option<u64>,
    },
    /// `lose request 12` or `lose reply 12`: nothing comes back, ever.
    Lose {
        /// Whether the write is applied.
        side: Side,
        /// Which write.
        write: u64,
    },
    /// `double write 12 late 5`: it reaches the server twice, the second time so much later; nobody hears of that answer.
    Double {
        /// Which write.
        write: u64,
        /// How much later.
        late: Duration,
    },
    /// `pause before request 30 for 25`: the process is stopped at this request and goes on later.
    Pause {
        /// Before it is sent, or before its answer is read.
        side: Side,
        /// Which request, reads included.
        request: u64,
        /// For how long.
        span: Duration,
    },
    /// `hide event 17`: this event of a watch is seen only when the object's next one comes, and then only that one; at
    /// most for [`HIDDEN`].
    Hide {
        /// Which event, over all watches.
        event: u64,
    },
}

/// How long a process that starts on an old view sees it.
pub const OLD_VIEW: Duration = Duration::from_secs(20);
/// How long an event is hidden when no later one of its object comes.
pub const HIDDEN: Duration = Duration::from_secs(20);

/// A fault that lasts, or that happens once at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// `calls every 3 delay 2.5`: the first such request, and each `every`-th after it.
    Calls {
        /// Which requests.
        which: Which,
        /// Every how many.
        every: u64,
        /// What becomes of them.
        how: CallTrouble,
    },
    /// `events every 3 hide`: the first event of a watch, and each `every`-th after it.
    Events {
        /// Every how many.
        every: u64,
        /// What becomes of them.
        how: EventTrouble,
    },
    /// `messages every 3 hangs`: the first message to people, and each `every`-th after it, whatever its channel.
    Messages {
        /// Every how many.
        every: u64,
        /// How its receiver takes it.
        how: Reception,
    },
    /// `watches close`: all are ended at once, in order.
    Close,
    /// `watches break`: the connections of all of them break at once.
    Break,
    /// `watches silence`: they stay open and bring nothing, also when they are opened anew.
    Silence,
    /// `watches forget`: the server has forgotten all that was, and ends them; from an older version they get 410.
    Forget,
    /// `lists old 30`: all watches end, and the new lists show the state of so many commits ago.
    Old(u64),
    /// `crash`: the leader's process ends, and starts again.
    Crash,
    /// `stop`: the leader is told to stop, ends in order, and starts again.
    Stop,
    /// `pause`: the leader is stopped, and goes on at the end.
    Pause,
    /// `split`: the leader's renewals of its Lease do not arrive, all else does: another may lead before it knows.
    Split,
    /// `clock -3600`: the leader's wall clock jumps by so many seconds.
    Clock(i64),
    /// `drift 2`: the leader's wall clock runs so many times as fast.
    Drift(f64),
    /// `apiserver down`: no connection can be made, and those that are open end.
    Down,
}

/// Which requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Gets, lists and the opening of watches.
    Reads,
    /// Those that change something, but the Lease.
    Writes,
    /// Those on the leader's Lease.
    Lease,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallTrouble {
    /// `delay 2.5`: it takes so much longer.
    Delay(Duration),
    /// `refuse 429 after 3`: this answer, perhaps with a Retry-After in seconds; it is not applied.
    Refuse(u16, Option<u32>),
    /// `unreachable`: no connection can be made.
    Unreachable,
    /// `reset`: the connection breaks before the request was applied, or after.
    Reset(Side),
    /// `lose request` or `lose reply`: nothing comes back, ever.
    Lose(Side),
    /// `double 5`: it reaches the server twice, the second time so much later.
    Double(Duration),
    /// `late 15`: it reaches the server so much later, whether anybody still waits for the answer or not.
    Late(Duration),
}

/// What becomes of an event of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTrouble {
    /// `delay 5`: it and all that follow in its watch come so much later.
    Delay(Duration),
    /// `hide`: as [`Aim::Hide`].
    Hide,
}
