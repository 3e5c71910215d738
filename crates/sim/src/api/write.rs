//! Creating and changing objects.

use super::User;
use crate::cluster::{Cluster, State};
use crate::failure::Failure;
use crate::resource::Resource;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

impl Cluster {
    /// Creates `object`; uid, creationTimestamp and generation are the server's, and so is the end of a `generateName`.
    ///
    /// # Errors
    /// 404 for an unknown resource, 409 when the name is taken, 422 without a name.
    pub fn create(&self, user: &User, resource: &str, namespace: &str, object: &Value) -> Result<Arc<Value>, Failure> {
        let now = self.now();
        let mut state = self.state();
        let known = served(&state, resource)?;
        let mut new = object.clone();
        let serial = state.next_serial();
        let metadata = &mut new["metadata"];
        if metadata["name"].is_null()
            && let Some(prefix) = metadata["generateName"].as_str()
        {
            metadata["name"] = format!("{prefix}{}", suffix(serial)).into();
        }
        let Some(name) = metadata["name"].as_str().map(str::to_owned) else {
            return Err(Failure::new(
                422,
                "Invalid",
                "metadata.name: Required value: name or generateName is required",
            ));
        };
        let key = Key::new(resource, namespace, &name);
        if state.store.get(&key).is_some() {
            return Err(Failure::already_exists(resource, &name));
        }
        if known.namespaced {
            metadata["namespace"] = namespace.into();
        }
        metadata["uid"] = format!("00000000-0000-4000-8000-{serial:012x}").into();
        metadata["creationTimestamp"] = json!(format!("{now:.0}"));
        metadata["generation"] = json!(1);
        new["apiVersion"] = known.api_version().into();
        new["kind"] = known.kind.clone().into();
        let origin = user.origin("create", "", object);
        Ok(state.store.commit(&known, key, Some(new), origin).shown.clone())
    }

    /// Changes an object by a JSON merge patch, of itself (`subresource` empty) or of its `status`.
    ///
    /// # Errors
    /// 404 when it is not there, 409 when the patch names another uid or an older resourceVersion.
    pub fn patch(&self, user: &User, key: &Key, subresource: &str, patch: &Value) -> Result<Arc<Value>, Failure> {
        let mut state = self.state();
        let known = served(&state, &key.resource)?;
        let old = state.store.get(key).cloned().ok_or_else(|| Failure::not_found(&key.resource, &key.name))?;
        let mut new = (*old).clone();
        merge(&mut new, patch);
        let origin = user.origin("patch", subresource, patch);
        Ok(state.store.commit(&known, key.clone(), Some(new), origin).shown.clone())
    }
}

fn served(state: &State, resource: &str) -> Result<Arc<Resource>, Failure> {
    let missing = || Failure::new(404, "NotFound", "the server could not find the requested resource");
    state.registry.named(resource).cloned().ok_or_else(missing)
}

/// Five letters and digits, the same in each run.
fn suffix(serial: u64) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rest = serial.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letter = || {
        let at = usize::try_from(rest % LETTERS.len() as u64).unwrap_or(0);
        rest /= LETTERS.len() as u64;
        char::from(LETTERS[at])
    };
    (0..5).map(|_| letter()).collect()
}

/// RFC 7396.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, change) in changes {
        if change.is_null() {
            if let Some(object) = target.as_object_mut() {
                object.remove(name);
            }
        } else {
            merge(&mut target[name], change);
        }
    }
}
