//! Recordings: what enters the decision loop, on disk, so that the same core can decide again under another configuration.
//!
//! Only what rules read is written, and no secret: a saved manifest is left out, and configuration keys hold none. The loop
//! never waits for the disk: what the writer cannot take is left out, and a mark says so.

mod line;
mod reader;
mod writer;

pub use line::{Line, What};
pub use reader::{ReadError, Recording};
pub use writer::{Limits, Pace, Recorder};

#[cfg(test)]
mod tests;
