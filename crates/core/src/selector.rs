//! Label selectors, as `metav1.LabelSelector`.

use crate::key::Text;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// What a key has to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It is there and has one of these values.
    In(BTreeSet<Text>),
    /// It is not there, or has none of these values.
    NotIn(BTreeSet<Text>),
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

/// Requirements that all have to hold; without any it selects nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(pub Vec<(Text, Test)>);

impl Selector {
    /// Whether what has these labels is selected.
    pub(crate) fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a Text>) -> bool {
        let holds = |(key, test): &(Text, Test)| match (test, label(key)) {
            (Test::In(values), Some(value)) => values.contains(value),
            (Test::NotIn(values), Some(value)) => !values.contains(value),
            (Test::Exists, found) => found.is_some(),
            (Test::DoesNotExist, found) => found.is_none(),
            (Test::In(_), None) => false,
            (Test::NotIn(_), None) => true,
        };
        !self.0.is_empty() && self.0.iter().all(holds)
    }

    /// Whether it selects only what has this key.
    pub(crate) fn requires(&self, key: &str) -> bool {
        let present = |test: &Test| matches!(test, Test::In(_) | Test::Exists);
        self.0.iter().any(|(known, test)| **known == *key && present(test))
    }
}
