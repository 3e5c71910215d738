//! Namespaces.

use super::facts::Facts;
use super::request::Source;
use crate::objects::namespace::{SlimNamespace, fact};
use self_healing_core::event::Event;
use self_healing_core::names::WatchKind;

pub(super) fn watched() -> (Source, Facts) {
    let source = Source::new("/api/v1", WatchKind::Namespace.as_str(), &[]);
    let event = |namespace: &SlimNamespace, shared: &mut _| Ok(Event::Namespace(fact(namespace, shared)?));
    let gone = |key: self_healing_core::key::Key| Event::NamespaceGone(key.name);
    (source, Facts::new(WatchKind::Namespace, |ns: &mut SlimNamespace| &mut ns.metadata, event, gone))
}
