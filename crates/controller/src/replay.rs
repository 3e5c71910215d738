//! Replay: the same core on a recording, under this or another configuration, with its writes only counted.

mod answers;
mod card;
mod engine;
mod text;
mod variant;

pub use card::{Card, Play};
pub use engine::Played;
pub use text::{compared, scorecard};
pub use variant::{BadVariant, Variant};
