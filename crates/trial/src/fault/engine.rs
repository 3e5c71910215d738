//! Decides what becomes of each request and event, and counts what was hit.

use super::{Aim, Call, CallTrouble, EventTrouble, Fate, Fault, Reply, Side, Sight, Trouble, Way, Which};
use self_healing_story::Reception;
use std::time::Duration;

/// One fault of the plan, and how often it hit something.
#[derive(Clone, Debug)]
pub struct Fired {
    /// The fault.
    pub fault: Fault,
    /// How often it hit.
    pub hits: u64,
    /// Requests or events that it could have hit so far; every so many are hit.
    matched: u64,
}

/// The plan of one run. It begins to count when the story begins.
#[derive(Debug, Default)]
pub struct Engine {
    plan: Vec<Fired>,
    requests: u64,
    writes: u64,
    events: u64,
}

impl Engine {
    /// An engine for these faults.
    #[must_use]
    pub fn new(plan: &[Fault]) -> Self {
        let armed = |fault: &Fault| Fired { fault: fault.clone(), hits: 0, matched: 0 };
        Self { plan: plan.iter().map(armed).collect(), ..Self::default() }
    }

    /// The plan, with what was hit so far.
    #[must_use]
    pub fn plan(&self) -> &[Fired] {
        &self.plan
    }

    /// Notes that the fault at `index` of the plan did its work.
    pub fn hit(&mut self, index: usize) {
        if let Some(fired) = self.plan.get_mut(index) {
            fired.hits += 1;
        }
    }

    /// What becomes of the next request, `now` after the story's beginning, and its numbers: among requests, among writes.
    pub fn call(&mut self, now: Duration, call: Call) -> (Fate, [u64; 2]) {
        self.requests += 1;
        self.writes += u64::from(call.way == Way::Write);
        let numbers = [self.requests, self.writes];
        let mut fate = Fate::default();
        for fired in &mut self.plan {
            let hit = match &fired.fault {
                Fault::At(aim) => aim.meet(call, numbers, &mut fate),
                Fault::During { from, span, what } if is_on(now, *from, *span) => {
                    what.meet(call, &mut fired.matched, &mut fate)
                }
                Fault::During { .. } => false,
            };
            fired.hits += u64::from(hit);
        }
        (fate, numbers)
    }

    /// What becomes of the next event, `now` after the story's beginning, and its number.
    pub fn event(&mut self, now: Duration) -> (Sight, u64) {
        self.events += 1;
        let mut sight = Sight::default();
        for fired in &mut self.plan {
            let hit = match &fired.fault {
                Fault::At(Aim::Hide { event }) if *event == self.events => {
                    sight.hide = true;
                    true
                }
                Fault::During { from, span, what: Trouble::Events { every, how } } if is_on(now, *from, *span) => {
                    turn(&mut fired.matched, *every) && how.meet(&mut sight)
                }
                Fault::At(_) | Fault::During { .. } => false,
            };
            fired.hits += u64::from(hit);
        }
        (sight, self.events)
    }

    /// How the receiver of the next message takes it, `now` after the story's beginning; `None` where no fault says so.
    pub fn message(&mut self, now: Duration) -> Option<Reception> {
        let mut reception = None;
        for fired in &mut self.plan {
            if let Fault::During { from, span, what: Trouble::Messages { every, how } } = &fired.fault
                && is_on(now, *from, *span)
                && turn(&mut fired.matched, *every)
            {
                reception = Some(*how);
                fired.hits += 1;
            }
        }
        reception
    }
}

/// Whether a fault that is on from `from` for `span` is on now.
fn is_on(now: Duration, from: Duration, span: Duration) -> bool {
    now >= from && now < from + span
}

/// Whether it is the turn of this one: the first, and each `every`-th after it.
fn turn(matched: &mut u64, every: u64) -> bool {
    *matched += 1;
    (*matched - 1).is_multiple_of(every)
}

impl Aim {
    /// Changes `fate` when this request is the one, and says whether it is.
    fn meet(&self, call: Call, [request, write]: [u64; 2], fate: &mut Fate) -> bool {
        let is = |wanted: &u64| call.way == Way::Write && *wanted == write;
        match self {
            Self::Crash { side, write, view } if is(write) => fate.crash = Some((*side, *view)),
            Self::Lose { side, write } if is(write) => fate.reply = Reply::Lost(*side),
            Self::Double { write, late } if is(write) => fate.again = Some(*late),
            Self::Pause { side, request: wanted, span } if *wanted == request => fate.pause = Some((*side, *span)),
            Self::Crash { .. } | Self::Lose { .. } | Self::Double { .. } | Self::Pause { .. } | Self::Hide { .. } => {
                return false;
            }
        }
        true
    }
}

impl Trouble {
    fn meet(&self, call: Call, matched: &mut u64, fate: &mut Fate) -> bool {
        match self {
            Self::Calls { which, every, how } => {
                which.has(call) && turn(matched, *every) && {
                    how.meet(fate);
                    true
                }
            }
            Self::Split if call.split && call.lease => {
                fate.reply = Reply::Lost(Side::Before);
                true
            }
            _ => false,
        }
    }
}

impl Which {
    fn has(self, call: Call) -> bool {
        match self {
            Self::All => true,
            Self::Reads => call.way == Way::Read && !call.lease,
            Self::Writes => call.way == Way::Write && !call.lease,
            Self::Lease => call.lease,
        }
    }
}

impl CallTrouble {
    /// The last of several decides what comes back; delays add up.
    fn meet(&self, fate: &mut Fate) {
        match self {
            Self::Delay(by) => fate.delay += *by,
            Self::Refuse(code, after) => fate.reply = Reply::Refused(*code, *after),
            Self::Unreachable => fate.reply = Reply::Unreachable,
            Self::Reset(side) => fate.reply = Reply::Reset(*side),
            Self::Lose(side) => fate.reply = Reply::Lost(*side),
            Self::Double(late) => fate.again = Some(*late),
            Self::Late(by) => fate.reply = Reply::Late(*by),
        }
    }
}

impl EventTrouble {
    fn meet(&self, sight: &mut Sight) -> bool {
        match self {
            Self::Delay(by) => sight.delay += *by,
            Self::Hide => sight.hide = true,
        }
        true
    }
}
