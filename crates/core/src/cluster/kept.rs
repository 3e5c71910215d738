//! A map that survives a new list: what the list did not bring is forgotten only when the list is complete.

use crate::key::{Key, Text};
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

/// Builds a map or set anew, without the gaps that a list leaves: what comes in order fills a tree's nodes to half.
pub(crate) fn pack<T: Default + IntoIterator + FromIterator<T::Item>>(tree: &mut T) {
    *tree = core::mem::take(tree).into_iter().collect();
}

/// Each value carries the number of the list that last brought it.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    entries: BTreeMap<K, (u32, V)>,
    list: u32,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), list: 0 }
    }
}

impl<K: Ord + Clone, V> Kept<K, V> {
    pub(crate) fn put(&mut self, key: K, value: V) -> Option<V> {
        match self.entries.entry(key) {
            Entry::Vacant(place) => {
                place.insert((self.list, value));
                None
            }
            Entry::Occupied(mut known) => {
                let (list, old) = known.get_mut();
                *list = self.list;
                Some(core::mem::replace(old, value))
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, old)| old)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Starts a list; or, when it has `ended`, names what it did not bring, for the caller to remove.
    pub(crate) fn listing(&mut self, ended: bool) -> Vec<K> {
        if !ended {
            self.list = self.list.wrapping_add(1);
            return Vec::new();
        }
        pack(&mut self.entries);
        let missing = self.entries.iter().filter(|(_, (list, _))| *list != self.list);
        missing.map(|(key, _)| key.clone()).collect()
    }
}

impl<V> Kept<Key, V> {
    /// Everything in `namespace`, in order of name.
    pub(super) fn in_namespace(&self, namespace: &Text) -> impl Iterator<Item = &V> {
        let first = Key { namespace: namespace.clone(), name: Text::from("") };
        let from = self.entries.range(first..);
        from.take_while(move |(key, _)| key.namespace == *namespace).map(|(_, (_, value))| value)
    }
}
