//! What can be asked of the API, and by whom; HTTP requests and actors meet here.

mod bind;
mod change;
mod create;
mod defaults;
mod delete;
mod events;
mod evict;
mod json_patch;
mod patch;
mod read;
mod rules;
mod scale;
mod strategic;
mod update;
mod validate;

pub use delete::{DeleteOptions, Deletion};
pub use patch::Patch;

pub(crate) use bind::bind;
pub(crate) use change::{Ask, Change};
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use evict::{evict, unknown_in_eviction};
pub(crate) use patch::patch;
pub(crate) use scale::{patch_scale, scale_of, update_scale};
pub(crate) use update::update;

use crate::cluster::Cluster;
use crate::hand::Hand;
use crate::store::Origin;
use serde_json::{Value, json};
use std::sync::Arc;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// E.g. `system:serviceaccount:self-healing:self-healing-sa`.
    pub name: Arc<str>,
    /// Which process of that user; empty where nobody cares.
    pub instance: Arc<str>,
    /// Whether everything is allowed (`system:masters`); others are held against the roles in the store when they come
    /// through [`crate::service::ApiService`]. A [`Hand`] is trusted.
    pub admin: bool,
}

impl User {
    /// One who may do everything: a person at kubectl, or a part of the control plane.
    #[must_use]
    pub fn admin(name: &str) -> Self {
        Self { name: name.into(), instance: "".into(), admin: true }
    }

    /// A ServiceAccount, with the rights that roles give it.
    #[must_use]
    pub fn service_account(namespace: &str, name: &str, instance: &str) -> Self {
        let name = format!("system:serviceaccount:{namespace}:{name}").into();
        Self { name, instance: instance.into(), admin: false }
    }

    /// The origin of a change.
    #[must_use]
    pub fn origin(&self, verb: &'static str, subresource: &str, body: Arc<Value>) -> Origin {
        Origin { user: self.name.clone(), instance: self.instance.clone(), verb, subresource: subresource.into(), body }
    }
}

/// The namespaces that an API server makes when it starts; those but the last cannot be deleted.
const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// Fills a new cluster as an API server does.
pub(crate) fn begin(cluster: &Cluster) {
    let hand = Hand::new(cluster, User::admin("system:apiserver"));
    for name in NAMESPACES {
        // A new cluster has no such namespace.
        let _ = hand.create("namespaces", "", &json!({ "metadata": { "name": name } }));
    }
}
