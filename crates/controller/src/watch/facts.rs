//! From a kind's objects to the core's events, and the table of all kinds.

use super::outlet::Reader;
use super::request::Source;
use super::{Scope, lease, namespace, node, pod, policy, recovery, service, workload};
use crate::objects::{Metadata, ObjectError, Shared};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;
use serde::de::DeserializeOwned;

/// Reads one object: its event and its version.
type Read = Box<dyn Fn(&[u8], &mut Shared) -> Result<(Event, Option<String>), ObjectError> + Send>;

/// The core's view of one kind.
pub(super) struct Facts {
    kind: WatchKind,
    shared: Shared,
    read: Read,
    gone: Box<dyn Fn(Key) -> Event + Send>,
}

impl Facts {
    /// Facts of objects that have the shape `S`.
    pub(super) fn new<S: DeserializeOwned + 'static>(
        kind: WatchKind,
        metadata: fn(&mut S) -> &mut Metadata,
        event: impl Fn(&S, &mut Shared) -> Result<Event, ObjectError> + Send + 'static,
        gone: impl Fn(Key) -> Event + Send + 'static,
    ) -> Self {
        let read = move |json: &[u8], shared: &mut Shared| {
            let mut object: S = serde_json::from_slice(json)?;
            let version = metadata(&mut object).resource_version.take();
            Ok((event(&object, shared)?, version))
        };
        Self::reading(kind, read, gone)
    }

    /// Facts of objects that are read by `read`, which also gives their version.
    pub(super) fn reading(
        kind: WatchKind,
        read: impl Fn(&[u8], &mut Shared) -> Result<(Event, Option<String>), ObjectError> + Send + 'static,
        gone: impl Fn(Key) -> Event + Send + 'static,
    ) -> Self {
        Self { kind, shared: Shared::default(), read: Box::new(read), gone: Box::new(gone) }
    }
}

impl Reader for Facts {
    type Out = Event;

    fn present(&mut self, json: &[u8]) -> Result<(Event, Option<String>), ObjectError> {
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
