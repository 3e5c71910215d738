//! Reading the newest state.

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::select::Selector;
use crate::store::Key;
use serde_json::Value;
use std::sync::Arc;

impl Cluster {
    /// One object as it is now.
    ///
    /// # Errors
    /// 404 when it is not there.
    pub fn get(&self, key: &Key) -> Result<Arc<Value>, Failure> {
        self.state().store.get(key).cloned().ok_or_else(|| Failure::not_found(&key.resource, &key.name))
    }

    /// The selected objects of a resource as they are now, in one namespace or (empty) in all.
    #[must_use]
    pub fn list(&self, resource: &str, namespace: &str, selector: &Selector) -> Vec<Arc<Value>> {
        let state = self.state();
        let all = state.store.list(resource, namespace);
        all.filter(|(_, object)| selector.matches(object)).map(|(_, object)| object.clone()).collect()
    }
}
