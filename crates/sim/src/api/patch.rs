//! Patches: what an object would be after one, and then the same as an update.

use super::change::Change;
use super::create::create;
use super::update::replace;
use super::{json_patch, strategic, validate};
use crate::event;
use crate::failure::Failure;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A change in one of the forms that the API takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// RFC 7396.
    Merge(Value),
    /// RFC 6902.
    Json(Value),
    /// A merge that knows which lists are maps.
    Strategic(Value),
    /// What the object should look like: creates it when it is not there, and else merges. Nobody owns fields here, so
    /// fields that are no longer applied stay.
    Apply(Value),
}

impl Patch {
    /// As sent.
    #[must_use]
    pub fn body(&self) -> &Value {
        match self {
            Self::Merge(body) | Self::Json(body) | Self::Strategic(body) | Self::Apply(body) => body,
        }
    }

    /// What `target` is after it.
    pub(super) fn apply(&self, target: &mut Value) -> Result<(), Failure> {
        match self {
            Self::Merge(body) => merge(target, body),
            Self::Json(body) => json_patch::apply(target, body)?,
            Self::Strategic(body) | Self::Apply(body) => strategic::merge(target, body),
        }
        Ok(())
    }
}

/// Patches an object, or one of its subresources that is part of it. Says whether it was created.
pub(crate) fn patch(change: &mut Change<'_>, patch: &Patch) -> Result<(Arc<Value>, bool), Failure> {
    let old = match (change.old(), patch) {
        (Ok(old), _) => old,
        (Err(_), Patch::Apply(body)) if change.subresource.is_empty() => return Ok((create(change, body)?, true)),
        (Err(failure), _) => return Err(failure),
    };
    let other = change.called == event::NEWER;
    let mut new = if other { event::from_core(&old) } else { (*old).clone() };
    patch.apply(&mut new)?;
    if other {
        new = event::to_core(new);
    }
    let resource = change.resource.clone();
    validate::place(&resource, &change.key, &mut new)?;
    Ok((replace(change, &old, new)?, false))
}

/// RFC 7396.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, change) in changes {
        if !change.is_null() {
            merge(&mut target[name], change);
        } else if let Some(object) = target.as_object_mut() {
            object.remove(name);
        }
    }
}
