//! What leaves a kind's task: its objects as its reader makes them, signs of life, and what was skipped.

use super::OnSkip;
use super::pulse::Pulse;
use super::request::head;
use crate::objects::ObjectError;
use self_healing_core::event::WatchState;
use self_healing_core::key::Key;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Sender;

/// What a kind makes of what its streams bring.
pub(super) trait Reader: Send + 'static {
    /// What it sends.
    type Out: Send + 'static;

    /// Reads an object that exists, and its version.
    fn present(&mut self, json: &[u8]) -> Result<(Self::Out, Option<String>), ObjectError>;

    /// An object that was deleted.
    fn gone(&mut self, key: Key) -> Self::Out;

    /// How the watch is doing.
    fn state(&mut self, state: WatchState) -> Option<Self::Out>;
}

/// Why a list or a stream ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("nobody listens any more")]
    Closed,
    #[error("the server has forgotten: {0}")]
    Forgotten(String),
    #[error("{0}")]
    Refused(String),
    #[error("the stream is over")]
    Over,
    #[error("the stream broke: {0}")]
    Broke(String),
}

/// What the streams of one kind send through.
pub(super) struct Outlet<R: Reader> {
    resource: &'static str,
    out: Sender<R::Out>,
    on_skip: OnSkip,
    shared: Mutex<Shared<R>>,
}

/// What the streams of one kind have in common.
struct Shared<R> {
    reader: R,
    pulse: Pulse,
}

impl<R: Reader> Outlet<R> {
    pub(super) fn new(resource: &'static str, streams: usize, reader: R, out: Sender<R::Out>, on_skip: OnSkip) -> Self {
        Self { resource, out, on_skip, shared: Mutex::new(Shared { reader, pulse: Pulse::new(streams) }) }
    }

    /// Sends an object that exists, or skips it; gives its version.
    pub(super) async fn present(&self, json: &[u8]) -> Result<Option<String>, End> {
        let read = self.shared.lock().await.reader.present(json);
        match read {
            Ok((out, version)) => {
                self.send(out).await?;
                Ok(version)
            }
            Err(error) => {
                self.skip(&error);
                Ok(head(json).resource_version)
            }
        }
    }

    /// Sends that an object was deleted; gives the version of that.
    pub(super) async fn gone(&self, json: &[u8]) -> Result<Option<String>, End> {
        let metadata = head(json);
        match metadata.name {
            Some(name) => {
                let key = Key::new(metadata.namespace.as_deref().unwrap_or_default(), &name);
                let out = self.shared.lock().await.reader.gone(key);
                self.send(out).await?;
            }
            None => self.skip(&ObjectError::Missing("metadata.name")),
        }
        Ok(metadata.resource_version)
    }

    /// Something came from stream `index`.
    pub(super) async fn alive(&self, index: usize) -> Result<(), End> {
        let tell = self.shared.lock().await.pulse.beat(index);
        if tell { self.state(WatchState::Alive).await } else { Ok(()) }
    }

    /// A list or a stream could not be started; logged the first time only.
    pub(super) async fn broken(&self, end: &End) -> Result<(), End> {
        if self.shared.lock().await.pulse.broken() {
            tracing::warn!(kind = self.resource, "cannot watch: {end}");
        }
        self.state(WatchState::Broken).await
    }

    /// All was listed.
    pub(super) async fn synced(&self) -> Result<(), End> {
        self.shared.lock().await.pulse.synced();
        self.state(WatchState::Synced).await
    }

    pub(super) async fn state(&self, state: WatchState) -> Result<(), End> {
        let out = self.shared.lock().await.reader.state(state);
        if let Some(out) = out { self.send(out).await } else { Ok(()) }
    }

    async fn send(&self, out: R::Out) -> Result<(), End> {
        self.out.send(out).await.map_err(|_| End::Closed)
    }

    pub(super) fn skip(&self, error: &ObjectError) {
        (self.on_skip)(self.resource, error);
    }
}
