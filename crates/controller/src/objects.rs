//! Kubernetes objects as JSON, read into facts: only the fields a rule reads, everything else is skipped unseen.
//!
//! Used by `watch` for streams and by `act` for fresh reads, so that both see the same fact.

mod condition;
pub mod endpoints;
pub mod lease;
pub mod memory;
pub mod metadata;
pub mod namespace;
pub mod needs;
pub mod node;
pub mod pod;
pub mod quantity;
pub mod service;
pub mod shared;
pub mod text;
pub mod workload;

pub use metadata::Metadata;
pub use shared::Shared;

use crate::plain::plain;
use self_healing_core::time::Stamp;

/// Characters that are kept of a text that somebody else wrote, such as a status message.
pub const TEXT_LIMIT: usize = 256;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// Not JSON, or a field of another type than Kubernetes documents.
    #[error("the object does not parse: {0}")]
    Json(#[from] serde_json::Error),
    /// Without this field it cannot be told from other objects.
    #[error("the object has no {0}")]
    Missing(&'static str),
    /// A Recovery that no version of ours wrote.
    #[error("the Recovery does not read: {0}")]
    Record(#[from] self_healing_api::recovery::BadRecord),
}

/// `text`, at most [`TEXT_LIMIT`] characters of it.
#[must_use]
pub fn shorten(text: &str) -> &str {
    text.char_indices().nth(TEXT_LIMIT).map_or(text, |(end, _)| &text[..end])
}

/// An optional text, shortened; an absent one is empty.
fn short(text: Option<&str>) -> &str {
    text.map_or("", shorten)
}

/// What a container or its kubelet says: one plain line, shortened; an absent one is empty.
fn said(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| plain(text, TEXT_LIMIT))
}

/// A count as Kubernetes sends it; a negative or absent one reads as 0.
fn count(number: Option<i64>) -> u32 {
    number.map_or(0, |n| u32::try_from(n.max(0)).unwrap_or(u32::MAX))
}

/// A point in time; an absent one reads as the epoch.
fn stamp(time: Option<jiff::Timestamp>) -> Stamp {
    time.map(|t| Stamp(t.as_millisecond())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(300);
        assert_eq!(shorten(&long), "é".repeat(256));
        assert_eq!(shorten("short"), "short");
    }

    #[test]
    fn absurd_counts_read_as_the_nearest_possible() {
        assert_eq!((count(Some(-3)), count(None), count(Some(i64::MAX))), (0, 0, u32::MAX));
    }
}
