//! Texts of an object, borrowed from its JSON.

use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Deref;

/// A text as it stands in the input, copied only where it is written with escapes: most of what is read of an object is compared once and
/// dropped again.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Str<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
