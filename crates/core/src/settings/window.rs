//! Maintenance windows: when recoveries may begin and go on, by the local time of a place.

use crate::key::Text;
use crate::names::WindowKind;
use crate::time::Stamp;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// Seconds of a day without a change of clocks.
pub const DAY: u32 = 86_400;
/// Days of the week as people write them, beginning with the first of them in an epoch week: 1970-01-01 was a Thursday.
const NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A local date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970-01-01 in the local calendar.
    pub day: i64,
    /// Seconds since the local midnight as the clock on the wall shows them, below [`DAY`].
    pub second: u32,
}

/// A time zone's rules, handed in because they change with governments and not with this program.
pub trait ZoneRules: fmt::Debug + Send + Sync {
    /// What the clocks show at `at`.
    fn local(&self, at: Stamp) -> Local;

    /// When the clocks show `local`: the first time if they show it twice; if they skip it, as if they had not been changed yet.
    fn stamp(&self, local: Local) -> Stamp;
}

/// A time zone; equal ones have the same name.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its IANA name, e.g. `Europe/Berlin`.
    pub name: Text,
    /// Its rules.
    pub rules: Arc<dyn ZoneRules>,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

/// Days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// With the day so called in English, in full or by its first three letters; `None` for any other text.
    #[must_use]
    pub fn with(self, name: &str) -> Option<Self> {
        let full = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
        let at = NAMES.iter().zip(full).position(|(short, full)| name == *short || name == full)?;
        Some(Self(self.0 | 1 << at))
    }

    /// Whether that day of the local calendar is one of them.
    const fn has(self, day: i64) -> bool {
        self.0 >> day.rem_euclid(7) & 1 == 1
    }
}

/// One window; it opens on each of its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it opens.
    pub days: Weekdays,
    /// Seconds after local midnight at which it opens, below [`DAY`].
    pub start: u32,
    /// Seconds after local midnight at which it closes, at most [`DAY`]; on the next day when that is not after `start`.
    pub end: u32,
    /// Whose local time.
    pub zone: Zone,
    /// What it does.
    pub kind: WindowKind,
}

impl Window {
    /// When it closes, if it is open.
    fn closes(&self, now: Stamp) -> Option<Stamp> {
        let open = self.times(now).filter(|(opens, closes)| *opens <= now && now < *closes);
        open.map(|(_, closes)| closes).max()
    }

    /// When it opens next.
    fn opens(&self, now: Stamp) -> Option<Stamp> {
        self.times(now).map(|(opens, _)| opens).filter(|opens| *opens > now).min()
    }

    /// When it opens and closes, from yesterday to a week ahead.
    fn times(&self, now: Stamp) -> impl Iterator<Item = (Stamp, Stamp)> {
        let today = self.zone.rules.local(now).day;
        (today - 1..=today + 8).filter(|day| self.days.has(*day)).map(|day| {
            let next = i64::from(self.end <= self.start);
            (self.at(day, self.start), self.at(day + next, self.end))
        })
    }

    fn at(&self, day: i64, second: u32) -> Stamp {
        self.zone.rules.stamp(Local { day: day + i64::from(second / DAY), second: second % DAY })
    }

    /// A moment on the window's own clock, as `Mon 09:00 Europe/Berlin`.
    fn shown(&self, at: Stamp) -> String {
        let local = self.zone.rules.local(at);
        let name = NAMES.get(usize::try_from(local.day.rem_euclid(7)).unwrap_or_default()).copied().unwrap_or_default();
        format!("{name} {:02}:{:02} {}", local.second / 3600, local.second / 60 % 60, self.zone.name)
    }
}

/// Why nothing may be done now, and until when; `None` when something may.
#[must_use]
pub fn closed(windows: &[Window], now: Stamp) -> Option<(String, Option<Stamp>)> {
    let of = |kind: WindowKind| windows.iter().filter(move |window| window.kind == kind);
    let denied = of(WindowKind::Deny).filter_map(|window| Some((window.closes(now)?, window)));
    if let Some((closes, window)) = denied.max_by_key(|(closes, _)| *closes) {
        return Some((format!("inside a Deny window until {}", window.shown(closes)), Some(closes)));
    }
    let allowed: Vec<&Window> = of(WindowKind::Allow).collect();
    if allowed.is_empty() || allowed.iter().any(|window| window.closes(now).is_some()) {
        return None;
    }
    let next = allowed.iter().filter_map(|window| Some((window.opens(now)?, *window))).min_by_key(|(opens, _)| *opens);
    let when = next.map_or_else(|| "never".to_string(), |(opens, window)| window.shown(opens));
    Some((format!("outside every Allow window; the next opens {when}"), next.map(|(opens, _)| opens)))
}
