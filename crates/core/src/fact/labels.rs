//! Labels, and the selectors of Services, which are labels too.

use crate::key::Text;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Labels in order of key; a copy costs a pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Labels(Option<Arc<[(Text, Text)]>>);

impl Labels {
    /// Labels from pairs of key and value in any order; of two of one key the last.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (Text, Text)>) -> Self {
        let mut kept: Vec<(Text, Text)> = Vec::new();
        for (key, value) in pairs {
            match kept.binary_search_by(|(known, _)| known.cmp(&key)) {
                Ok(at) => kept[at] = (key, value),
                Err(at) => kept.insert(at, (key, value)),
            }
        }
        Self((!kept.is_empty()).then(|| Arc::from(kept)))
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        let pairs = self.0.as_deref()?;
        let at = pairs.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
        pairs.get(at).map(|(_, value)| value)
    }

    /// Every pair, in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().flat_map(|pairs| pairs.iter()).map(|(key, value)| (key, value))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether, read as a selector, they choose what carries `labels`; empty ones choose nothing.
    #[must_use]
    pub fn select(&self, labels: &Self) -> bool {
        !self.is_empty() && self.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;
    use crate::key::Text;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::new(pairs.iter().map(|(key, value)| (Text::from(*key), Text::from(*value))))
    }

    #[test]
    fn a_selector_chooses_what_carries_all_its_pairs() {
        let pod = labels(&[("tier", "front"), ("app", "web")]);
        assert!(labels(&[("app", "web")]).select(&pod));
        assert!(!labels(&[("app", "db")]).select(&pod));
        assert!(!labels(&[("app", "web"), ("track", "canary")]).select(&pod));
    }

    #[test]
    fn an_empty_selector_chooses_nothing() {
        assert!(!Labels::default().select(&labels(&[("app", "web")])));
        assert!(labels(&[]).is_empty());
    }
}
