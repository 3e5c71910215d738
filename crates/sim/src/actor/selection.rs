//! Objects that select pods of their namespace, and who is selected.

use crate::select::Selector;
use crate::store::Key;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Selectors and the pods that match them.
#[derive(Default)]
pub(super) struct Selections(BTreeMap<Key, (Option<Selector>, BTreeSet<Key>)>);

impl Selections {
    /// `key` selects of `pods`, all of its namespace, from now on; nothing without a selector.
    pub(super) fn set(&mut self, key: &Key, selector: Option<Selector>, pods: &[Arc<Value>]) {
        let chosen = |pod: &&Arc<Value>| selector.as_ref().is_some_and(|selector| selector.matches(pod));
        let name = |pod: &Arc<Value>| Key::new("pods", &key.namespace, super::object::name(pod));
        let members = pods.iter().filter(chosen).map(name).collect();
        self.0.insert(key.clone(), (selector, members));
    }

    /// `key` is gone.
    pub(super) fn remove(&mut self, key: &Key) {
        self.0.remove(key);
    }

    /// A pod has changed, or is gone; gives those who select it now or did before.
    pub(super) fn pod(&mut self, resource: &str, key: &Key, pod: Option<&Value>) -> Vec<Key> {
        let first = Key::new(resource, &key.namespace, "");
        let mut concerned = Vec::new();
        let here = self.0.range_mut(first..).take_while(|(of, _)| of.namespace == key.namespace);
        for (of, (selector, members)) in here {
            let is = pod.is_some_and(|pod| selector.as_ref().is_some_and(|selector| selector.matches(pod)));
            let was = if is { !members.insert(key.clone()) } else { members.remove(key) };
            if is || was {
                concerned.push(of.clone());
            }
        }
        concerned
    }

    /// The pods that `key` selects.
    pub(super) fn of(&self, key: &Key) -> impl Iterator<Item = &Key> {
        self.0.get(key).into_iter().flat_map(|(_, members)| members)
    }
}
