//! EndpointSlices.

use super::{Metadata, ObjectError, Shared, count};
use self_healing_api::marks;
use self_healing_core::fact::EndpointsFact;
use serde::Deserialize;

/// What is read of an EndpointSlice.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimEndpoints<'a> {
    /// Name and labels.
    pub metadata: Metadata<'a>,
    endpoints: Option<Vec<Endpoint>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    conditions: Option<Conditions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Conditions {
    ready: Option<bool>,
}

/// The fact that `json` states.
///
/// # Errors
/// If it is not an EndpointSlice with a name, or a field has another type than documented.
pub fn parse(json: &[u8], shared: &mut Shared) -> Result<EndpointsFact, ObjectError> {
    fact(&serde_json::from_slice(json)?, shared)
}

/// The fact that `slice` states.
///
/// # Errors
/// If the name is absent.
pub fn fact(slice: &SlimEndpoints<'_>, shared: &mut Shared) -> Result<EndpointsFact, ObjectError> {
    let said = |endpoint: &&Endpoint| endpoint.conditions.as_ref().and_then(|c| c.ready) != Some(false);
    let ready = slice.endpoints.iter().flatten().filter(said).count();
    Ok(EndpointsFact {
        key: slice.metadata.key(shared)?,
        service: shared.text(slice.metadata.labels.0.value(marks::SERVICE_NAME)),
        ready: count(i64::try_from(ready).ok()),
    })
}
