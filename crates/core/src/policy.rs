//! Policies: which failures each is about, and what it changes of the settings for those.
//!
//! For every failure there is one set of settings: those of the configuration, or those of the policy that applies, which
//! are computed when policies or configuration change. Guards, thresholds and remedies read settings and know of no policy.

mod about;
mod book;
mod expression;
mod matching;
mod overlay;
mod status;
mod thresholds;

pub use about::About;
pub(crate) use book::Policies;
pub use expression::{Answer, Expression, When};
pub use matching::Match;
pub use overlay::Overlay;
pub use status::PolicyStatus;
pub use thresholds::Thresholds;

use crate::key::Text;
use alloc::boxed::Box;
use alloc::string::String;

/// A checked HealingPolicy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Of the policies that match a failure, the one of the highest priority applies; of equal ones the first by name.
    pub priority: i32,
    /// Which failures it is about.
    pub matches: Match,
    /// What it changes for them.
    pub overlay: Overlay,
}

/// What a stored HealingPolicy says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Checked.
    Valid(Box<Policy>),
    /// What is wrong with it: field, value, and what is expected. It matches nothing.
    Invalid(String),
}

/// One HealingPolicy as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPolicy {
    /// Its name.
    pub name: Text,
    /// Its uid.
    pub uid: Text,
    /// `metadata.generation`.
    pub generation: i64,
    /// Its spec as JSON, as it was read; for recordings.
    pub source: Text,
    /// What it says.
    pub content: Content,
    /// What its status says; `None` when it has none yet.
    pub status: Option<PolicyStatus>,
}
