//! What is known of a Service and of its endpoints.

use super::{Labels, Marks, Standby};
use crate::key::{Key, Kind, Target, Text};
use crate::time::Stamp;
use alloc::boxed::Box;

/// One Service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServiceFact {
    /// Namespace and name.
    pub key: Key,
    /// Its uid.
    pub uid: Text,
    /// `metadata.creationTimestamp`.
    pub created: Stamp,
    /// `spec.selector`; empty when somebody else keeps its endpoints, or it is a name of the outside world.
    pub selector: Labels,
    /// Its own labels.
    pub labels: Labels,
    /// Opt-outs.
    pub marks: Marks,
    /// Its standby, and our switch to it; `None` where its annotations say nothing of either.
    #[cfg_attr(feature = "serde", serde(default))]
    pub standby: Option<Box<Standby>>,
}

impl ServiceFact {
    /// The Service as a target.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { kind: Kind::Service, key: self.key.clone(), uid: self.uid.clone() }
    }
}

/// One EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EndpointsFact {
    /// Namespace and name of the slice.
    pub key: Key,
    /// The Service in the same namespace that label `kubernetes.io/service-name` names; empty for none.
    pub service: Text,
    /// Endpoints that are ready; an endpoint that does not say counts as ready, as the API documents it.
    pub ready: u32,
}
