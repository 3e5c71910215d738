//! Nodes.

use super::Scope;
use super::facts::Facts;
use super::request::Source;
use crate::objects::node::{SlimNode, fact};
use self_healing_core::event::Event;
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;

pub(super) fn watched(scope: &Scope) -> (Source, Facts) {
    let mut source = Source::new("/api/v1", WatchKind::Node.as_str(), &[]);
    source.label_selector.clone_from(&scope.node_label_selector);
    let read = |json: &[u8], shared: &mut _| {
        let node: SlimNode<'_> = serde_json::from_slice(json)?;
        Ok((Event::Node(fact(&node, shared)?), node.metadata.version()))
    };
    (source, Facts::new(WatchKind::Node, read, |key: Key| Event::NodeGone(key.name)))
}
