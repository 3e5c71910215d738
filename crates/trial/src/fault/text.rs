//! Faults as they are written.

use super::{Aim, CallTrouble, EventTrouble, Fault, Side, Trouble, Which};
use self_healing_story::Reception;
use std::fmt::{self, Display, Formatter};

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(aim) => write!(f, "{aim}"),
            Self::During { from, span, what } if span.is_zero() => write!(f, "{} {what}", from.as_secs_f64()),
            Self::During { from, span, what } => {
                write!(f, "{}+{} {what}", from.as_secs_f64(), span.as_secs_f64())
            }
        }
    }
}

impl Side {
    const fn time(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }

    const fn part(self) -> &'static str {
        match self {
            Self::Before => "request",
            Self::After => "reply",
        }
    }
}

impl Display for Aim {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash { side, write, view } => {
                write!(f, "crash {} write {write}", side.time())?;
                view.iter().try_for_each(|view| write!(f, " view {view}"))
            }
            Self::Lose { side, write } => write!(f, "lose {} {write}", side.part()),
            Self::Double { write, late } => write!(f, "double write {write} late {}", late.as_secs_f64()),
            Self::Pause { side, request, span } => {
                write!(f, "pause {} request {request} for {}", side.time(), span.as_secs_f64())
            }
            Self::Hide { event } => write!(f, "hide event {event}"),
        }
    }
}

impl Display for Trouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls { which, every, how } => write!(f, "{which} every {every} {how}"),
            Self::Events { every, how } => write!(f, "events every {every} {how}"),
            Self::Messages { every, how } => write!(f, "messages every {every} {how}"),
            Self::Close => f.write_str("watches close"),
            Self::Break => f.write_str("watches break"),
            Self::Silence => f.write_str("watches silence"),
            Self::Forget => f.write_str("watches forget"),
            Self::Old(commits) => write!(f, "lists old {commits}"),
            Self::Crash => f.write_str("crash"),
            Self::Stop => f.write_str("stop"),
            Self::Pause => f.write_str("pause"),
            Self::Split => f.write_str("split"),
            Self::Clock(by) => write!(f, "clock {by}"),
            Self::Drift(factor) => write!(f, "drift {factor}"),
            Self::Down => f.write_str("apiserver down"),
        }
    }
}

impl Display for Which {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "calls",
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Lease => "renewals",
        })
    }
}

impl Display for CallTrouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(by) => write!(f, "delay {}", by.as_secs_f64()),
            Self::Refuse(code, None) => write!(f, "refuse {code}"),
            Self::Refuse(code, Some(after)) => write!(f, "refuse {code} after {after}"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Reset(side) => write!(f, "reset {}", side.time()),
            Self::Lose(side) => write!(f, "lose {}", side.part()),
            Self::Double(late) => write!(f, "double {}", late.as_secs_f64()),
            Self::Late(by) => write!(f, "late {}", by.as_secs_f64()),
        }
    }
}

impl Display for EventTrouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(by) => write!(f, "delay {}", by.as_secs_f64()),
            Self::Hide => f.write_str("hide"),
        }
    }
}

impl Fault {
    /// Its kind, in one word or two, for sums over many runs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::At(aim) => aim.kind(),
            Self::During { what, .. } => what.kind(),
        }
    }
}

impl Aim {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Crash { view: Some(_), .. } => "restart on an old view",
            Self::Crash { side: Side::Before, .. } => "crash before a write",
            Self::Crash { side: Side::After, .. } => "crash after a write",
            Self::Lose { side: Side::Before, .. } => "lost request",
            Self::Lose { side: Side::After, .. } => "lost reply",
            Self::Double { .. } => "doubled write",
            Self::Pause { side: Side::Before, .. } => "pause before a request",
            Self::Pause { side: Side::After, .. } => "pause before an answer",
            Self::Hide { .. } => "hidden event",
        }
    }
}

impl Trouble {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Calls { how, .. } => how.kind(),
            Self::Events { how: EventTrouble::Delay(_), .. } => "delayed event",
            Self::Events { how: EventTrouble::Hide, .. } => "hidden event",
            Self::Messages { how: Reception::Well, .. } => "well receiver",
            Self::Messages { how: Reception::Busy, .. } => "busy receiver",
            Self::Messages { how: Reception::Fails, .. } => "failing receiver",
            Self::Messages { how: Reception::Refuses, .. } => "refusing receiver",
            Self::Messages { how: Reception::Hangs, .. } => "hanging receiver",
            Self::Messages { how: Reception::Closes, .. } => "closing receiver",
            Self::Close => "closed watches",
            Self::Break => "broken watches",
            Self::Silence => "silent watches",
            Self::Forget => "forgotten history",
            Self::Old(_) => "old lists",
            Self::Crash => "crash",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Split => "two leaders",
            Self::Clock(_) => "clock jump",
            Self::Drift(_) => "clock drift",
            Self::Down => "API server down",
        }
    }
}

impl CallTrouble {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delayed call",
            Self::Refuse(409, _) => "refusal 409",
            Self::Refuse(429, None) => "refusal 429",
            Self::Refuse(429, Some(_)) => "refusal 429 with Retry-After",
            Self::Refuse(500, _) => "refusal 500",
            Self::Refuse(503, _) => "refusal 503",
            Self::Refuse(..) => "refusal",
            Self::Unreachable => "refused connection",
            Self::Reset(Side::Before) => "reset before a request",
            Self::Reset(Side::After) => "reset after a request",
            Self::Lose(Side::Before) => "lost request",
            Self::Lose(Side::After) => "lost reply",
            Self::Double(_) => "doubled call",
            Self::Late(_) => "late delivery",
        }
    }
}
