//! Stored Recoveries, in the controller's own namespace.

use super::Scope;
use super::facts::Facts;
use super::request::Source;
use self_healing_api::recovery::{Recovery, from_resource};
use self_healing_core::event::Event;
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;

pub(super) fn watched(scope: &Scope) -> (Source, Facts) {
    let group = format!("/apis/{}", <Recovery as kube::Resource>::api_version(&()));
    let source = Source::new(&group, WatchKind::Recovery.as_str(), std::slice::from_ref(&scope.own_namespace));
    let read = |json: &[u8], _: &mut _| {
        let resource: Recovery = serde_json::from_slice(json)?;
        let record = from_resource(&resource)?;
        Ok((Event::Recovery(Box::new(record)), resource.metadata.resource_version))
    };
    (source, Facts::new(WatchKind::Recovery, read, |key: Key| Event::RecoveryGone(key.name)))
}
