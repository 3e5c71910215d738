//! What is known as a whole: every fact, and every name.

use super::Cluster;
use crate::event::Event;
use crate::key::{Key, Kind, Text};
use alloc::boxed::Box;

impl Cluster {
    /// Every fact that is known.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Event> + '_ {
        let workloads = self.workloads.values().flat_map(|kept| kept.values().cloned().map(Event::Workload));
        let namespaces = self.namespaces.values().cloned().map(Event::Namespace);
        let heartbeats = self.heartbeats.values().map(|beat| Event::Lease(beat.lease().clone()));
        let nodes = self.nodes.values().cloned().map(Event::Node);
        let pods = self.pods.iter().map(|pod| Event::Pod(pod.into_owned()));
        let services = self.services.values().cloned().map(Event::Service);
        let endpoints = self.endpoints.values().cloned().map(Event::Endpoints);
        namespaces.chain(workloads).chain(services).chain(endpoints).chain(pods).chain(nodes).chain(heartbeats)
    }

    /// Every namespace that is known.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &Text> {
        self.namespaces.keys()
    }

    /// Every object of this kind that is known.
    pub(crate) fn keys<'a>(&'a self, kind: &Kind) -> Box<dyn Iterator<Item = Key> + 'a> {
        match kind {
            Kind::Pod => Box::new(self.pods.iter().map(|pod| pod.key.clone())),
            Kind::Service => Box::new(self.services.keys().cloned()),
            Kind::Node => Box::new(self.nodes.keys().map(|name| Key::new("", name))),
            other => Box::new(self.workloads.get(other).into_iter().flat_map(|kept| kept.keys().cloned())),
        }
    }
}
