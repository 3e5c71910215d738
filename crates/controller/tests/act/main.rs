//! Effects on the wire: what is sent, and what each answer means.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod door;
mod events;
mod gather;
mod kubelet;
mod manifest;
mod nodes;
mod outcomes;
mod pods;
mod providers;
mod records;
mod server;
mod services;
mod volumes;
mod webhook;
mod workloads;
