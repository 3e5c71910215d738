//! L4: a freeze ends with its cause: at the end of a run, nothing is held because the views were bad long ago.

use crate::check::limits::CATCHING_UP;
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;
use jiff::SignedDuration;

/// The guards that freeze.
const FREEZES: &[&str] = &["Settling", "StaleWatch"];

#[derive(Default)]
pub(crate) struct Thaw;

impl Rule for Thaw {
    fn end(&mut self, scene: Scene<'_>, found: &mut Found) {
        let Some(calm) = scene.book.calm_since(scene.now) else { return };
        let settle =
            SignedDuration::try_from(scene.book.configs.current().settle_period).unwrap_or(SignedDuration::MAX);
        let calm = scene.now.duration_since(calm);
        for kept in scene.book.records.iter().filter(|kept| !kept.record.is_over()) {
            let Some((guard, reason)) = kept.record.hold.as_ref() else { continue };
            let frozen = FREEZES.contains(&guard.as_str()) && calm > settle.saturating_add(CATCHING_UP);
            found.judge(!frozen, || {
                format!(
                    "Recovery {} is held by {guard} although all has been calm for {calm:#}: {reason}",
                    kept.record.name
                )
            });
        }
    }
}
