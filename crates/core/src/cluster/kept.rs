//! A map that survives a new list: what the list did not bring is forgotten only when the list is complete.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Each value carries the number of the list that last brought it.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    entries: BTreeMap<K, (u32, V)>,
    list: u32,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), list: 0 }
    }
}

impl<K: Ord + Clone, V> Kept<K, V> {
    pub(super) fn put(&mut self, key: K, value: V) -> Option<V> {
        self.entries.insert(key, (self.list, value)).map(|(_, old)| old)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, old)| old)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Starts a list; or, when it has `ended`, names what it did not bring, for the caller to remove.
    pub(super) fn listing(&mut self, ended: bool) -> Vec<K> {
        if !ended {
            self.list = self.list.wrapping_add(1);
            return Vec::new();
        }
        let missing = self.entries.iter().filter(|(_, (list, _))| *list != self.list);
        missing.map(|(key, _)| key.clone()).collect()
    }
}
