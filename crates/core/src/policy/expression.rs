//! Expressions over a failure, handed in because what evaluates them needs more than this crate may have.

use super::About;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// What an expression says of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The policy is about it.
    Yes,
    /// It is not.
    No,
    /// It cannot be told; the policy is then not about it, and its condition says why.
    Error(String),
}

/// A compiled expression.
pub trait Expression: fmt::Debug + Send + Sync {
    /// What it says; the same for the same failure, within a few milliseconds, and without a panic.
    fn ask(&self, about: &About<'_>) -> Answer;
}

/// `spec.match.when`; equal ones have the same text.
#[derive(Clone, Debug)]
pub struct When {
    /// As people wrote it.
    pub text: String,
    /// What evaluates it.
    pub expression: Arc<dyn Expression>,
}

impl PartialEq for When {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for When {}
