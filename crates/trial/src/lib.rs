//! Puts the unmodified controller on trial: stories on the embedded cluster, faults at every place, and a checker that
//! knows nothing of how the controller decides.
//!
//! It depends on everything that it tries; the controller does not know it.

pub mod check;
pub mod exhaustive;
pub mod fault;
pub mod look;
pub mod net;
pub mod player;
pub mod runs;
pub mod seeds;
pub mod shrink;
pub mod world;
