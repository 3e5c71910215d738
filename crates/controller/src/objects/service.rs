//! Services.

use super::metadata::{Annotations, Labels, Picked, StandbyTexts};
use super::text::Str;
use super::{Metadata, ObjectError, Shared, stamp};
use self_healing_core::fact::{self, ServiceFact, Standby};
use self_healing_core::key::Text;
use serde::Deserialize;

/// What is read of a Service.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimService<'a> {
    /// Identity, times, marks.
    pub metadata: Metadata<'a>,
    spec: Option<Spec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Spec<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    selector: Picked<Labels<'a>>,
}

/// The fact that `json` states.
///
/// # Errors
/// If it is not a Service with name and uid, or a field has another type than documented.
pub fn parse(json: &[u8], shared: &mut Shared) -> Result<ServiceFact, ObjectError> {
    fact(&serde_json::from_slice(json)?, shared)
}

/// The fact that `service` states.
///
/// # Errors
/// If name or uid is absent.
pub fn fact(service: &SlimService<'_>, shared: &mut Shared) -> Result<ServiceFact, ObjectError> {
    // A name of the outside world has no endpoints, whatever its selector says.
    let inside = service.spec.as_ref().filter(|spec| spec.kind.as_deref() != Some("ExternalName"));
    Ok(ServiceFact {
        key: service.metadata.key(shared)?,
        uid: Text::from(service.metadata.uid()?),
        created: stamp(service.metadata.creation_timestamp),
        selector: inside.map_or_else(fact::Labels::default, |spec| spec.selector.0.fact(shared)),
        labels: service.metadata.label_fact(shared),
        marks: service.metadata.marks(),
        standby: standby(&service.metadata.annotations.0, shared),
    })
}

fn standby(annotations: &Annotations<'_>, shared: &mut Shared) -> Option<Box<Standby>> {
    let none = StandbyTexts::default();
    if annotations.standby.is_none() && annotations.owner.is_empty() {
        return None;
    }
    let texts = annotations.standby.as_deref().unwrap_or(&none);
    Some(Box::new(Standby {
        selector: shared.text(&texts.selector),
        workload: shared.text(&texts.workload),
        owner: shared.text(&annotations.owner),
        original: stored(&texts.original, shared),
        switched: stored(&texts.switched, shared),
    }))
}

/// A selector as our marks hold it; a text that is none reads as no selector.
fn stored(json: &str, shared: &mut Shared) -> fact::Labels {
    let labels: Picked<Labels<'_>> = serde_json::from_str(json).unwrap_or_default();
    labels.0.fact(shared)
}
