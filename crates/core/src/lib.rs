//! The only place that decides: facts in, effects out.
//!
//! `no_std` + `alloc`, so no clock, file, socket, thread, environment or randomly seeded map can be in it.
#![no_std]
extern crate alloc;

pub mod board;
mod cluster;
mod detect;
pub mod effect;
pub mod event;
pub mod explanation;
pub mod fact;
pub mod finding;
mod guard;
pub mod happening;
pub mod healer;
pub mod key;
pub mod machine;
pub mod names;
pub mod policy;
pub mod recovery;
mod remedy;
pub mod selector;
pub mod settings;
mod severity;
mod strategy;
pub mod time;
mod triage;
