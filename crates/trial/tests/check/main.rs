//! Hand-made histories: each invariant is kept by one and broken by another, so that no check is one that cannot fail.
#![allow(clippy::unwrap_used)]

mod doings;
mod ends;
mod guards;
mod history;
mod leaders;
mod nodes;
mod owed;
mod pods;
mod reads;
mod records;
mod services;
mod words;
