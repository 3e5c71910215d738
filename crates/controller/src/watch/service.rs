//! Services and their EndpointSlices, each with its own task.

use super::Scope;
use super::facts::Facts;
use super::request::Source;
use crate::objects::endpoints::{self, SlimEndpoints};
use crate::objects::service::{self, SlimService};
use self_healing_core::event::Event;
use self_healing_core::names::WatchKind;

pub(super) fn watched(scope: &Scope) -> [(Source, Facts); 2] {
    let source = |group, kind: WatchKind| Source::new(group, kind.as_str(), &scope.namespaces);
    let service = |json: &[u8], shared: &mut _| {
        let service: SlimService<'_> = serde_json::from_slice(json)?;
        Ok((Event::Service(service::fact(&service, shared)?), service.metadata.version()))
    };
    let slice = |json: &[u8], shared: &mut _| {
        let slice: SlimEndpoints<'_> = serde_json::from_slice(json)?;
        Ok((Event::Endpoints(endpoints::fact(&slice, shared)?), slice.metadata.version()))
    };
    [
        (source("/api/v1", WatchKind::Service), Facts::new(WatchKind::Service, service, Event::ServiceGone)),
        (
            source("/apis/discovery.k8s.io/v1", WatchKind::EndpointSlice),
            Facts::new(WatchKind::EndpointSlice, slice, Event::EndpointsGone),
        ),
    ]
}
