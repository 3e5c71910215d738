//! Stories on the bare `Healer`: a cluster, something that breaks, and what people would see.

#![allow(clippy::unwrap_used, reason = "a test that finds something else has failed")]

#[path = "../world/mod.rs"]
mod world;

mod clock;
mod crash;
mod guards;
mod nodes;
mod pods;
mod random;
mod records;
