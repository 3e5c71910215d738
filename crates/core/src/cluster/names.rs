//! The names of what is known, for answers about what is not.

use super::Cluster;
use crate::key::{Key, Kind, Text};
use alloc::boxed::Box;

impl Cluster {
    /// Every namespace that is known.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &Text> {
        self.namespaces.keys()
    }

    /// Every object of this kind that is known.
    pub(crate) fn keys<'a>(&'a self, kind: &Kind) -> Box<dyn Iterator<Item = Key> + 'a> {
        match kind {
            Kind::Pod => Box::new(self.pods.keys().cloned()),
            Kind::Node => Box::new(self.nodes.keys().map(|name| Key::new("", name))),
            other => Box::new(self.workloads.get(other).into_iter().flat_map(|kept| kept.keys().cloned())),
        }
    }
}
