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
    let service = |service: &SlimService, shared: &mut _| Ok(Event::Service(service::fact(service, shared)?));
    let slice = |slice: &SlimEndpoints, shared: &mut _| Ok(Event::Endpoints(endpoints::fact(slice, shared)?));
    [
        (
            source("/api/v1", WatchKind::Service),
            Facts::new(
                WatchKind::Service,
                |service: &mut SlimService| &mut service.metadata,
                service,
                Event::ServiceGone,
            ),
        ),
        (
            source("/apis/discovery.k8s.io/v1", WatchKind::EndpointSlice),
            Facts::new(
                WatchKind::EndpointSlice,
                |slice: &mut SlimEndpoints| &mut slice.metadata,
                slice,
                Event::EndpointsGone,
            ),
        ),
    ]
}
