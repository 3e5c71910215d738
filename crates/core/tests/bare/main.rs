//! The core on the bare ground: the stories of the project, and what only its own view can show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_precision_loss, reason = "tests")]

mod breaker;
mod budgets;
mod clock;
mod crashes;
mod drains;
mod evidence;
mod examples;
mod found;
mod fresh;
mod ground;
mod guards;
mod ladder;
mod leading;
mod nodes;
mod one_more;
mod plans;
mod plays;
mod pods;
mod policies;
mod properties;
mod random;
mod records;
mod resources;
mod rights;
mod standbys;
mod succession;
mod telling;
mod triage;
mod waves;
