//! Pods.

use super::Scope;
use super::facts::Facts;
use super::request::Source;
use crate::objects::pod::{SlimPod, fact};
use self_healing_core::event::Event;
use self_healing_core::names::WatchKind;

pub(super) fn watched(scope: &Scope) -> (Source, Facts) {
    let mut source = Source::new("/api/v1", WatchKind::Pod.as_str(), &scope.namespaces);
    source.label_selector.clone_from(&scope.pod_label_selector);
    source.field_selector.clone_from(&scope.pod_field_selector);
    let read = |json: &[u8], shared: &mut _| {
        let pod: SlimPod<'_> = serde_json::from_slice(json)?;
        Ok((Event::Pod(fact(&pod, shared)?), pod.metadata.version()))
    };
    (source, Facts::new(WatchKind::Pod, read, Event::PodGone))
}
