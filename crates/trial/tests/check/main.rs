//! Hand-made histories: each invariant is held by one and broken by another, so that no check is one that cannot fail.
#![allow(clippy::unwrap_used)]

mod doings;
mod history;
mod pods;
