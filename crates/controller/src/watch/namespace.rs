//! Namespaces.

use super::facts::Facts;
use super::request::Source;
use crate::objects::namespace::{SlimNamespace, fact};
use self_healing_core::event::Event;
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;

pub(super) fn watched() -> (Source, Facts) {
    let source = Source::new("/api/v1", WatchKind::Namespace.as_str(), &[]);
    let read = |json: &[u8], shared: &mut _| {
        let namespace: SlimNamespace<'_> = serde_json::from_slice(json)?;
        Ok((Event::Namespace(fact(&namespace, shared)?), namespace.metadata.version()))
    };
    (source, Facts::new(WatchKind::Namespace, read, |key: Key| Event::NamespaceGone(key.name)))
}
