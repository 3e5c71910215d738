//! Stories: what the core does, told on a toy cluster in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests"
)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_wrap, missing_docs, unreachable_pub, reason = "tests")]

mod cast;
mod crashes;
mod drains;
mod guards;
mod ladder;
mod leading;
mod nodes;
mod pods;
mod random;
mod store;
mod switches;
mod telling;
mod world;
