//! The language of scenarios: a short text of what is there, what befalls it and when, and the outcome that every ground must give alike.
//!
//! It knows nobody: a ground (the bare core, the simulation, the real control plane) reads a [`Story`], plays it and hands its [`Outcome`]
//! to [`Story::check`].

pub mod deed;
mod diff;
pub mod error;
pub mod expected;
pub mod names;
pub mod outcome;
mod parse;
pub mod story;
pub mod timeline;
mod words;

pub use deed::{Deed, Kubelet, Moment, Object, Ordered, PodName, Reception, Release, Verb, Write};
pub use error::Error;
pub use expected::Expected;
pub use names::Names;
pub use outcome::{COUNTED, Outcome, RecoveryLine};
pub use story::{Ground, Machines, Name, Policy, Story, Thing, WorkloadKind};
pub use timeline::Timeline;
