//! The only place that decides: facts in, effects out.
//!
//! `no_std` + `alloc`, so no clock, file, socket, thread, environment or randomly seeded map can be in it.
#![no_std]
extern crate alloc;

pub mod effect;
pub mod event;
pub mod fact;
pub mod finding;
pub mod happening;
pub mod healer;
pub mod key;
pub mod names;
pub mod recovery;
pub mod settings;
pub mod time;
