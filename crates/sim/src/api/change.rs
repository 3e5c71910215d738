//! One request that changes objects, carried out under the lock.

use super::User;
use crate::cluster::{Cluster, State};
use crate::definition;
use crate::failure::Failure;
use crate::resource::Resource;
use crate::store::{Key, Origin};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::{Arc, MutexGuard};

/// What is asked for, by whom.
pub(crate) struct Ask<'a> {
    pub(crate) user: &'a User,
    /// RBAC verb.
    pub(crate) verb: &'static str,
    /// The object; its name is empty where the server makes one up.
    pub(crate) key: Key,
    /// Its resource as the path has it: Events have two names.
    pub(crate) resource: String,
    pub(crate) subresource: &'a str,
    /// As sent.
    pub(crate) body: Arc<Value>,
    /// Everything is checked and answered, and nothing is kept.
    pub(crate) dry_run: bool,
}

/// The request under way: no other one happens meanwhile.
pub(crate) struct Change<'a> {
    pub(crate) state: MutexGuard<'a, State>,
    pub(crate) resource: Arc<Resource>,
    /// The resource as the client calls it, for answers.
    pub(crate) called: &'a str,
    pub(crate) key: Key,
    pub(crate) subresource: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) dry_run: bool,
    origin: Origin,
}

impl Cluster {
    /// Carries out `act` for what is asked.
    pub(crate) fn change<'a, T>(
        &'a self,
        ask: &'a Ask<'a>,
        act: impl FnOnce(&mut Change<'a>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let now = self.now();
        let state = self.state();
        let resource = state.registry.named(&ask.key.resource).cloned().ok_or_else(Failure::no_such_path)?;
        let origin = ask.user.origin(ask.verb, ask.subresource, ask.body.clone());
        let (key, subresource, called) = (ask.key.clone(), ask.subresource, ask.resource.as_str());
        act(&mut Change { state, resource, called, key, subresource, now, origin, dry_run: ask.dry_run })
    }
}

impl Change<'_> {
    /// The object as it is.
    pub(crate) fn old(&self) -> Result<Arc<Value>, Failure> {
        let missing = || Failure::not_found(self.called, &self.key.name);
        self.state.store.get(&self.key).cloned().ok_or_else(missing)
    }

    /// Writes the object, and gives it with its new version.
    pub(crate) fn put(&mut self, new: Value) -> Arc<Value> {
        let resource = self.resource.clone();
        self.put_other(&resource, self.key.clone(), new)
    }

    /// Writes another object on the way.
    pub(crate) fn put_other(&mut self, resource: &Arc<Resource>, key: Key, mut new: Value) -> Arc<Value> {
        if self.dry_run {
            return Arc::new(new);
        }
        if &*key.resource == definition::RESOURCE {
            definition::serve(&mut self.state.registry, &mut new, self.now);
        }
        self.state.store.commit(resource, key, Some(new), self.origin.clone()).shown.clone()
    }

    /// Removes the object, and gives its last state.
    pub(crate) fn remove(&mut self) -> Arc<Value> {
        let last = self.state.store.get(&self.key).cloned().unwrap_or_default();
        if self.dry_run {
            return last;
        }
        if &*self.key.resource == definition::RESOURCE {
            definition::withdraw(&mut self.state, &self.key.name, &self.origin);
        }
        self.state.store.commit(&self.resource.clone(), self.key.clone(), None, self.origin.clone()).shown.clone()
    }

    /// The time as objects have it: whole seconds.
    pub(crate) fn timestamp(&self) -> Value {
        timestamp(self.now)
    }
}

/// A time as objects have it: whole seconds.
pub(crate) fn timestamp(time: Timestamp) -> Value {
    format!("{time:.0}").into()
}
