//! How current each watch is: a kind that is silent for too long, or broken, is not believed.

use crate::event::WatchState;
use crate::names::WatchKind;
use crate::time::Tick;
use alloc::collections::BTreeMap;
use core::time::Duration;

#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    /// When it was first listed completely.
    listed: Option<Tick>,
    broken: bool,
    alive: Tick,
    /// When it was last believed again after not having been.
    resumed: Tick,
}

/// One clock per watched kind.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    streams: BTreeMap<WatchKind, Stream>,
    patience: Duration,
}

impl Freshness {
    /// Sets how long a watch may be silent.
    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Notes a sign of `kind`; true when this ends a gap, so that everything counted across it has to start again.
    pub(super) fn note(&mut self, now: Tick, kind: WatchKind, state: WatchState) -> bool {
        let was_current = self.current(now, kind);
        let stream = self.streams.entry(kind).or_default();
        match state {
            WatchState::ListStarted => {}
            WatchState::Synced => {
                *stream = Stream { listed: stream.listed.or(Some(now)), broken: false, alive: now, ..*stream };
            }
            WatchState::Alive => {
                stream.alive = now;
                stream.broken = false;
            }
            WatchState::Broken => stream.broken = true,
        }
        let resumed = !was_current && self.current(now, kind);
        if resumed && let Some(stream) = self.streams.get_mut(&kind) {
            stream.resumed = now;
        }
        resumed
    }

    /// Whether `kind` was listed completely, is not broken and gave a sign of life within the patience.
    #[must_use]
    pub(crate) fn current(&self, now: Tick, kind: WatchKind) -> bool {
        self.streams.get(&kind).is_some_and(|s| s.listed.is_some() && !s.broken && now.since(s.alive) <= self.patience)
    }

    /// The first kind that is not current.
    #[must_use]
    pub(crate) fn stale(&self, now: Tick) -> Option<WatchKind> {
        WatchKind::ALL.iter().copied().find(|kind| !self.current(now, *kind))
    }

    /// Whether every kind was listed completely once, so that owners are known.
    #[must_use]
    pub(crate) fn all_synced(&self) -> bool {
        WatchKind::ALL.iter().all(|kind| self.synced(*kind))
    }

    /// Whether `kind` was listed completely once.
    #[must_use]
    pub(crate) fn synced(&self, kind: WatchKind) -> bool {
        self.listed(kind).is_some()
    }

    /// When `kind` was first listed completely.
    #[must_use]
    pub(crate) fn listed(&self, kind: WatchKind) -> Option<Tick> {
        self.streams.get(&kind).and_then(|stream| stream.listed)
    }

    /// When the last gap of any of `kinds` ended.
    #[must_use]
    pub(crate) fn resumed(&self, kinds: &[WatchKind]) -> Tick {
        kinds.iter().filter_map(|kind| self.streams.get(kind)).map(|s| s.resumed).max().unwrap_or_default()
    }

    /// Time since the last sign of life; `None` before the first list was complete.
    #[must_use]
    pub(crate) fn lag(&self, now: Tick, kind: WatchKind) -> Option<Duration> {
        self.streams.get(&kind).filter(|s| s.listed.is_some()).map(|s| now.since(s.alive))
    }
}
