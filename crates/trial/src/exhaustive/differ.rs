//! In what a run with a fault may end otherwise than the one without, and why; everything else must be equal.

use super::Family;
use self_healing_story::Outcome;

/// What differs and may not, as a readable text.
#[must_use]
pub fn difference(family: Family, calm: &Outcome, met: &Outcome) -> Option<String> {
    let _ = family;
    calm.diff(met).map(|diff| format!("it ends otherwise than without the fault (- without, + with it):\n{diff}"))
}
