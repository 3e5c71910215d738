//! Texts and owners that many facts have in common, kept once.

use self_healing_core::fact::Owner;
use self_healing_core::key::{Kind, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Entries up to which nothing is thrown out.
const SMALL: usize = 256;

/// Namespaces, node names, condition types and owners, each kept once as long as a fact uses it.
///
/// It forgets what no fact uses any more: owners and nodes come and go for as long as the
/// controller runs.
#[derive(Debug)]
pub struct Shared {
    texts: BTreeSet<Text>,
    owners: BTreeMap<Text, Arc<Owner>>,
    limit: usize,
}

impl Default for Shared {
    fn default() -> Self {
        Self { texts: BTreeSet::new(), owners: BTreeMap::new(), limit: SMALL }
    }
}

impl Shared {
    /// The kept copy of `text`.
    pub fn text(&mut self, text: &str) -> Text {
        if let Some(kept) = self.texts.get(text) {
            return kept.clone();
        }
        self.make_room();
        let kept = Text::from(text);
        self.texts.insert(kept.clone());
        kept
    }

    /// The kept owner of this uid.
    pub fn owner(&mut self, kind: Kind, name: &str, uid: &str) -> Arc<Owner> {
        if let Some(kept) = self.owners.get(uid) {
            return kept.clone();
        }
        self.make_room();
        let kept = Arc::new(Owner { kind, name: Text::from(name), uid: Text::from(uid) });
        self.owners.insert(kept.uid.clone(), kept.clone());
        kept
    }

    /// Forgets what nobody else holds, once per doubling, so that it costs next to nothing per entry.
    fn make_room(&mut self) {
        if self.len() >= self.limit {
            self.owners.retain(|_, owner| Arc::strong_count(owner) > 1);
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.limit = SMALL.max(self.len() * 2);
        }
    }

    fn len(&self) -> usize {
        self.texts.len() + self.owners.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_and_owners_are_one() {
        let mut shared = Shared::default();
        assert!(Arc::ptr_eq(&shared.text("default"), &shared.text("default")));
        let first = shared.owner(Kind::ReplicaSet, "web", "uid-1");
        assert!(Arc::ptr_eq(&first, &shared.owner(Kind::ReplicaSet, "web", "uid-1")));
    }

    #[test]
    fn what_no_fact_uses_is_forgotten() {
        let mut shared = Shared::default();
        let used = shared.text("used");
        for n in 0..100_000 {
            shared.owner(Kind::Job, "backup", &format!("uid-{n}"));
            shared.text(&format!("node-{n}"));
        }
        assert!(shared.len() <= SMALL, "{} entries kept", shared.len());
        assert!(Arc::ptr_eq(&used, &shared.text("used")), "a text in use stays the same");
    }
}
