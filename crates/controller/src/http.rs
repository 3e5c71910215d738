//! The HTTP server: is it alive, is it ready, its metrics, and its answers.

mod answers;
mod desk;
mod pages;
mod server;
mod state;

pub use desk::{Asked, Busy, Desk};
pub use server::{Error, bind, serve};
pub use state::{Clock, Pages, Pulse, Readiness};
