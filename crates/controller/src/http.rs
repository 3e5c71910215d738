//! The HTTP server: is it alive, is it ready, its metrics, its answers, and the page that shows them.

mod answers;
mod broadcast;
mod desk;
mod page;
mod pages;
mod server;
mod state;
mod stream;

pub(crate) use broadcast::BEAT;
pub use broadcast::{Broadcast, Full, Listener};
pub use desk::{Asked, Busy, Desk};
pub use server::{Error, bind, serve};
pub use state::{Clock, Pages, Pulse, Readiness};
