//! A hand on the API for actors and stories: the same calls as over HTTP, without the wire and without a question for
//! rights.

use crate::api::{self, Ask, Change, DeleteOptions, Patch, User};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::select::Selector;
use crate::store::{Commit, Key};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// One client of the API. Resources are named `pods` or `deployments.apps` in all its calls.
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

/// The answer to a write: the object as it is then.
pub type Written = Result<Arc<Value>, Failure>;

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

    /// The names of all resources.
    #[must_use]
    pub fn resources(&self) -> Vec<String> {
        self.cluster.state().registry.iter().map(|resource| resource.name()).collect()
    }

    /// One object as it is now.
    ///
    /// # Errors
    /// 404 when it is not there.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Written {
        self.cluster.get(&Key::new(resource, namespace, name))
    }

    /// All objects as they are now, in one namespace or (empty) in all.
    #[must_use]
    pub fn list(&self, resource: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.select(resource, namespace, &Selector::default())
    }

    /// The selected objects as they are now, in one namespace or (empty) in all.
    #[must_use]
    pub fn select(&self, resource: &str, namespace: &str, selector: &Selector) -> Vec<Arc<Value>> {
        self.cluster.list(resource, namespace, selector)
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

    /// Creates an object; uid, creationTimestamp, generation and status are the server's, and so is the end of a
    /// `generateName`.
    ///
    /// # Errors
    /// 404 without the namespace, 403 when it ends, 409 when the name is taken, 422 when fields are wrong.
    pub fn create(&self, resource: &str, namespace: &str, object: &Value) -> Written {
        self.write("create", (resource, namespace, ""), "", object, |change| api::create(change, object))
    }

    /// Replaces an object, or creates it where the real server would (Leases, Events, roles).
    ///
    /// # Errors
    /// 404 when it is not there, 409 when it names another uid or an older version, 422 when fields are wrong.
    pub fn update(&self, resource: &str, namespace: &str, name: &str, object: &Value) -> Written {
        let key = (resource, namespace, name);
        self.write("update", key, "", object, |change| Ok(api::update(change, object)?.0))
    }

    /// Replaces one part of an object: its `status`, or what a namespace's `finalize` changes.
    ///
    /// # Errors
    /// As [`Hand::update`].
    pub fn update_part(&self, resource: &str, namespace: &str, part: &str, object: &Value) -> Written {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.write("update", (resource, namespace, name), part, object, |change| Ok(api::update(change, object)?.0))
    }

    /// Changes an object by a JSON merge patch.
    ///
    /// # Errors
    /// 404 when it is not there, 409 when the patch names an older version, 422 when fields are wrong then.
    pub fn patch(&self, resource: &str, namespace: &str, name: &str, patch: &Value) -> Written {
        self.patch_with((resource, namespace, name), "", &Patch::Merge(patch.clone()))
    }

    /// Changes the status of an object by a JSON merge patch.
    ///
    /// # Errors
    /// As [`Hand::patch`].
    pub fn patch_status(&self, resource: &str, namespace: &str, name: &str, patch: &Value) -> Written {
        self.patch_with((resource, namespace, name), "status", &Patch::Merge(patch.clone()))
    }

    /// Changes an object (resource, namespace, name) or its status by a patch of any form.
    ///
    /// # Errors
    /// As [`Hand::patch`], and 422 when a JSON patch does not fit.
    pub fn patch_with(&self, key: (&str, &str, &str), subresource: &str, patch: &Patch) -> Written {
        self.write("patch", key, subresource, patch.body(), |change| Ok(api::patch(change, patch)?.0))
    }

    /// Sets the number of replicas by the scale subresource, and gives the `Scale`.
    ///
    /// # Errors
    /// 404 when it is not there, 422 for less than none.
    pub fn scale(&self, resource: &str, namespace: &str, name: &str, replicas: i64) -> Result<Value, Failure> {
        let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        let key = (resource, namespace, name);
        self.write("patch", key, "scale", patch.body(), |change| api::patch_scale(change, &patch))
    }

    /// Evicts a pod, within its disruption budget.
    ///
    /// # Errors
    /// 404 when it is not there, 409 when a precondition does not hold, 429 when its budget allows no disruption, 500
    /// when it has two.
    pub fn evict(&self, namespace: &str, name: &str, options: &DeleteOptions) -> Result<(), Failure> {
        let metadata = json!({ "name": name, "namespace": namespace });
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata, "deleteOptions": options.object(),
        });
        self.write("create", ("pods", namespace, name), "eviction", &eviction, |change| api::evict(change, &eviction))
    }

    /// Binds a pod to a node.
    ///
    /// # Errors
    /// 404 when it is not there, 409 when it has a node or is being deleted.
    pub fn bind(&self, namespace: &str, name: &str, node: &str) -> Result<(), Failure> {
        let metadata = json!({ "name": name, "namespace": namespace });
        let target = json!({ "kind": "Node", "name": node });
        let binding = json!({ "apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target });
        self.write("create", ("pods", namespace, name), "binding", &binding, |change| api::bind(change, &binding))
    }

    /// Deletes an object, or marks it as being deleted while finalizers or a grace period keep it. Gives its last state.
    ///
    /// # Errors
    /// 404 when it is not there, 409 when a precondition does not hold.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str, options: &DeleteOptions) -> Written {
        let key = (resource, namespace, name);
        self.write("delete", key, "", &options.object(), |change| Ok(api::delete(change, options)?.object))
    }

    fn write<T>(
        &self,
        verb: &'static str,
        (resource, namespace, name): (&str, &str, &str),
        subresource: &str,
        body: &Value,
        act: impl FnOnce(&mut Change<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (key, body) = (Key::new(resource, namespace, name), Arc::new(body.clone()));
        let resource = resource.to_owned();
        self.cluster.change(&Ask { user: &self.user, verb, key, resource, subresource, body, dry_run: false }, act)
    }
}
