//! Which cases are not over, by what they are about, so that one change leads to its cases without a look at all of them.

use super::case::Case;
use crate::cluster::Subject;
use crate::key::Text;
use alloc::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
struct Entry {
    subject: Subject,
    acting: bool,
}

/// Whether every change may concern it: it writes, or waits for its Service's pods to be well without a gap.
fn acts(case: &Case) -> bool {
    case.recovery.is_acting() || case.recovery.is_on_standby()
}

/// The cases that are not over, by name.
#[derive(Debug, Default)]
pub(super) struct Roster {
    active: BTreeMap<Text, Entry>,
    acting: BTreeSet<Text>,
    about: BTreeMap<Subject, BTreeSet<Text>>,
}

impl Roster {
    /// Takes in how a case is now.
    pub(super) fn put(&mut self, case: &Case) {
        let name = &case.recovery.name;
        if !case.recovery.is_active() {
            return self.remove(name);
        }
        let entry = Entry { subject: Subject::of(case.recovery.subject()), acting: acts(case) };
        let same = |known: &Entry| known.subject == entry.subject && known.acting == entry.acting;
        if self.active.get(name).is_some_and(same) {
            return;
        }
        self.remove(name);
        if entry.acting {
            self.acting.insert(name.clone());
        }
        self.about.entry(entry.subject.clone()).or_default().insert(name.clone());
        self.active.insert(name.clone(), entry);
    }

    pub(super) fn remove(&mut self, name: &Text) {
        let Some(old) = self.active.remove(name) else { return };
        self.acting.remove(name);
        if let Some(names) = self.about.get_mut(&old.subject) {
            names.remove(name);
            if names.is_empty() {
                self.about.remove(&old.subject);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Text> {
        self.active.keys()
    }

    /// Those that have begun to write and have something left to do.
    pub(super) fn acting(&self) -> impl Iterator<Item = &Text> {
        self.acting.iter()
    }

    /// Those that act, or would act, on this object.
    pub(super) fn about(&self, subject: &Subject) -> impl Iterator<Item = &Text> {
        self.about.get(subject).into_iter().flatten()
    }
}
