//! The closed words that only the configuration has.

use self_healing_core::names::{Mode, ProviderKind};
use std::fmt;

/// A word of a closed list.
pub trait Word: Copy + fmt::Debug + PartialEq + Sync + 'static {
    /// Every word of the list.
    const ALL: &'static [Self];

    /// The one spelling.
    fn as_str(self) -> &'static str;
}

impl Word for Mode {
    const ALL: &'static [Self] = Self::ALL;

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, else for machines.
    Auto,
    /// One JSON object per line.
    Json,
    /// One readable line each.
    Text,
}

impl Word for LogFormat {
    const ALL: &'static [Self] = &[Self::Auto, Self::Json, Self::Text];

    fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

impl Word for ProviderKind {
    const ALL: &'static [Self] = Self::ALL;

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }
}
