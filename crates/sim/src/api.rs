//! What can be asked of the API, and by whom; HTTP requests and actors meet here.

mod delete;
mod read;
mod write;

pub use delete::DeleteOptions;

use crate::store::Origin;
use serde_json::Value;
use std::sync::Arc;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// E.g. `system:serviceaccount:self-healing:self-healing-sa`.
    pub name: Arc<str>,
    /// Which process of that user; empty where nobody cares.
    pub instance: Arc<str>,
    /// Whether everything is allowed (`system:masters`); others are held against the roles in the store.
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
    pub fn origin(&self, verb: &'static str, subresource: &str, body: &Value) -> Origin {
        Origin {
            user: self.name.clone(),
            instance: self.instance.clone(),
            verb,
            subresource: subresource.into(),
            body: Arc::new(body.clone()),
        }
    }
}
