//! Node heartbeats: Leases in `kube-node-lease`, and no others.

use super::facts::Facts;
use super::request::Source;
use crate::objects::lease::{SlimLease, fact};
use self_healing_api::marks;
use self_healing_core::event::Event;
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;

pub(super) fn watched() -> (Source, Facts) {
    let source = Source::new(
        "/apis/coordination.k8s.io/v1",
        WatchKind::Lease.as_str(),
        &[marks::NODE_LEASE_NAMESPACE.to_owned()],
    );
    let read = |json: &[u8], shared: &mut _| {
        let lease: SlimLease<'_> = serde_json::from_slice(json)?;
        Ok((Event::Lease(fact(&lease, shared)?), lease.metadata.version()))
    };
    (source, Facts::new(WatchKind::Lease, read, |key: Key| Event::LeaseGone(key.name)))
}
