//! A hand on the API for actors and stories: the same calls as over HTTP, without the wire.

use crate::api::{DeleteOptions, User};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::store::{Commit, Key};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

/// One client of the API.
#[derive(Clone)]
pub struct Hand {
    cluster: Cluster,
    user: User,
}

/// Later changes of one resource, one after the other.
pub struct Changes(mpsc::UnboundedReceiver<Arc<Commit>>);

impl Changes {
    /// The next change; `None` when the cluster is gone.
    pub async fn next(&mut self) -> Option<Arc<Commit>> {
        self.0.recv().await
    }

    /// The next change that is there already.
    pub fn next_now(&mut self) -> Option<Arc<Commit>> {
        self.0.try_recv().ok()
    }
}

impl Hand {
    /// A hand of `user`.
    #[must_use]
    pub fn new(cluster: &Cluster, user: User) -> Self {
        Self { cluster: cluster.clone(), user }
    }

    /// The cluster's wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.cluster.now()
    }

    /// One object as it is now. Resources are named `pods` or `deployments.apps`, here and below.
    ///
    /// # Errors
    /// 404 when it is not there.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Result<Arc<Value>, Failure> {
        self.cluster.get(&Key::new(resource, namespace, name))
    }

    /// All objects as they are now, in one namespace or (empty) in all.
    #[must_use]
    pub fn list(&self, resource: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.cluster.list(resource, namespace)
    }

    /// Later changes of a resource in all namespaces. Begin to watch first, then list: nothing is missed.
    #[must_use]
    pub fn watch(&self, resource: &str) -> Changes {
        self.watch_all(&[resource])
    }

    /// The same for several resources, in the order in which they changed; `*` is every resource.
    #[must_use]
    pub fn watch_all(&self, resources: &[&str]) -> Changes {
        Changes(self.cluster.state().store.watch(resources))
    }

    /// Creates an object.
    ///
    /// # Errors
    /// As [`Cluster::create`].
    pub fn create(&self, resource: &str, namespace: &str, object: &Value) -> Result<Arc<Value>, Failure> {
        self.cluster.create(&self.user, resource, namespace, object)
    }

    /// Changes an object by a JSON merge patch.
    ///
    /// # Errors
    /// As [`Cluster::patch`].
    pub fn patch(&self, resource: &str, namespace: &str, name: &str, patch: &Value) -> Result<Arc<Value>, Failure> {
        self.cluster.patch(&self.user, &Key::new(resource, namespace, name), "", patch)
    }

    /// Changes the status of an object by a JSON merge patch.
    ///
    /// # Errors
    /// As [`Cluster::patch`].
    pub fn patch_status(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Arc<Value>, Failure> {
        self.cluster.patch(&self.user, &Key::new(resource, namespace, name), "status", patch)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// As [`Cluster::delete`].
    pub fn delete(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Arc<Value>, Failure> {
        self.cluster.delete(&self.user, &Key::new(resource, namespace, name), options)
    }
}
