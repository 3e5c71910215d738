//! The HTTP server: is it alive, is it ready, and its metrics.

mod pages;
mod server;
mod state;

pub use server::{Error, bind, serve};
pub use state::{Clock, Pages, Pulse, Readiness};
