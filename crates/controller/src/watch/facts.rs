//! From a kind's objects to the core's events, and the table of all kinds.

use super::outlet::Reader;
use super::request::Source;
use super::{Scope, lease, namespace, node, pod, policy, recovery, service, workload};
use crate::objects::{ObjectError, Shared};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;

/// An object's event and its version.
type Present = Result<(Event, Option<String>), ObjectError>;

/// Reads one object.
type Read = Box<dyn Fn(&[u8], &mut Shared) -> Present + Send>;

/// The core's view of one kind.
pub(super) struct Facts {
    kind: WatchKind,
    shared: Shared,
    read: Read,
    gone: Box<dyn Fn(Key) -> Event + Send>,
}

impl Facts {
    /// Facts of objects that are read by `read`.
    pub(super) fn new(
        kind: WatchKind,
        read: impl Fn(&[u8], &mut Shared) -> Present + Send + 'static,
        gone: impl Fn(Key) -> Event + Send + 'static,
    ) -> Self {
        Self { kind, shared: Shared::default(), read: Box::new(read), gone: Box::new(gone) }
    }
}

impl Reader for Facts {
    type Out = Event;

    fn present(&mut self, json: &[u8]) -> Present {
        (self.read)(json, &mut self.shared)
    }

    fn gone(&mut self, key: Key) -> Event {
        (self.gone)(key)
    }

    fn state(&mut self, state: WatchState) -> Option<Event> {
        Some(Event::Watch(self.kind, state))
    }
}

/// Every kind that the core reads.
pub(super) fn all(scope: &Scope) -> Vec<(Source, Facts)> {
    let mut all = vec![
        pod::watched(scope),
        node::watched(scope),
        lease::watched(),
        namespace::watched(),
        policy::watched(),
        recovery::watched(scope),
    ];
    all.extend(workload::watched(scope));
    all.extend(service::watched(scope));
    all
}
