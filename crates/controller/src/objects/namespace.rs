//! Namespaces.

use super::{Metadata, ObjectError, Shared};
use self_healing_core::fact::{Marks, NamespaceFact};
use serde::Deserialize;

/// What is read of a namespace.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimNamespace<'a> {
    /// Name and marks.
    pub metadata: Metadata<'a>,
}

/// The fact that `json` states.
///
/// # Errors
/// If it is not a namespace with a name.
pub fn parse(json: &[u8], shared: &mut Shared) -> Result<NamespaceFact, ObjectError> {
    fact(&serde_json::from_slice(json)?, shared)
}

/// The fact that `namespace` states.
///
/// # Errors
/// If the name is absent.
pub fn fact(namespace: &SlimNamespace<'_>, shared: &mut Shared) -> Result<NamespaceFact, ObjectError> {
    Ok(NamespaceFact {
        name: shared.text(namespace.metadata.name()?),
        marks: namespace.metadata.marks().with_if(namespace.metadata.deletion_timestamp.is_some(), Marks::DELETING),
        labels: namespace.metadata.label_fact(shared),
    })
}
