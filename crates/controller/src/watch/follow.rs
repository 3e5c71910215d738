//! One kind's task: list, watch, resume; list again when the server has forgotten where we were.

use super::backoff::{Backoff, spread};
use super::lines::{LineError, Lines};
use super::outlet::{End, Outlet, Reader};
use super::request::{Line, Page, Source, end_of_list, head, status, went_back};
use super::{OnSkip, Timing};
use crate::client::{TooLong, words};
use futures::future::try_join_all;
use kube::core::Status;
use self_healing_core::event::WatchState;
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

/// One kind's task.
pub(super) struct Follower<R: Reader> {
    client: kube::Client,
    source: Source,
    timing: Timing,
    outlet: Outlet<R>,
}

impl<R: Reader> Follower<R> {
    pub(super) fn new(
        client: kube::Client,
        source: Source,
        timing: Timing,
        reader: R,
        out: Sender<R::Out>,
        on_skip: OnSkip,
    ) -> Self {
        let outlet = Outlet::new(source.resource, source.paths.len(), reader, out, on_skip);
        Self { client, source, timing, outlet }
    }

    /// Runs until nobody listens any more.
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new(&self.timing);
        loop {
            let began = Instant::now();
            let end = match self.list().await {
                Ok(versions) => self.follow_all(versions).await,
                Err(end) => end,
            };
            match end {
                End::Closed => return,
                End::Forgotten(_) => tracing::info!(kind = self.source.resource, "list again: {end}"),
                End::Refused(_) | End::Over | End::Broke(_) => {
                    if self.outlet.broken(&end).await.is_err() {
                        return;
                    }
                }
            }
            if matches!(end, End::Forgotten(_)) && began.elapsed() >= self.timing.steady {
                backoff.reset();
            } else {
                backoff.wait().await;
            }
        }
    }

    /// Lists all paths, one after the other; gives the version of each.
    async fn list(&self) -> Result<Vec<String>, End> {
        let mut versions = Vec::with_capacity(self.source.paths.len());
        for path in &self.source.paths {
            let first = versions.is_empty();
            let streamed = match self.timing.stream {
                Some(longest) => self.streamed(path, longest, first).await?,
                None => None,
            };
            versions.push(match streamed {
                Some(version) => version,
                None => self.pages(path, first).await?,
            });
        }
        self.outlet.synced().await?;
        Ok(versions)
    }

    /// Lists one path as a stream; `None` from a server that does not do that. Nothing but the object that is just read is held meanwhile.
    async fn streamed(&self, path: &str, longest: Duration, first: bool) -> Result<Option<String>, End> {
        let request = self.source.stream(path, longest.as_secs());
        let request = request.map_err(|error| End::Refused(error.to_string()))?;
        let body = match self.client.request_stream(request).await {
            Ok(body) => body,
            Err(kube::Error::Api(status)) if matches!(status.code, 400 | 422) => return Ok(None),
            Err(error) => return Err(refused(&error, &[410])),
        };
        let body = pin!(body);
        let (mut lines, mut begun) = (Lines::new(body, self.timing.watch + self.timing.slack), !first);
        loop {
            let line = lines.next().await.map_err(|error: LineError| End::Broke(error.to_string()))?;
            let line = line.ok_or_else(|| End::Broke("the list ended before its end".to_owned()))?;
            if !begun {
                self.outlet.state(WatchState::ListStarted).await?;
                begun = true;
            }
            if let Some(version) = self.listed(line).await? {
                return Ok(Some(version));
            }
        }
    }

    /// Takes one line of a list that comes as a stream; gives the list's version with its last one.
    async fn listed(&self, line: &[u8]) -> Result<Option<String>, End> {
        match self.take(line).await? {
            Taken::Object(_) => Ok(None),
            Taken::Bookmark(object) => Ok(end_of_list(object)),
            Taken::Error(status) => Err(refused(&kube::Error::Api(Box::new(status)), &[410])),
        }
    }

    /// Lists one path page by page, and tells that a list began when its `first` page is there.
    async fn pages(&self, path: &str, first: bool) -> Result<String, End> {
        let (mut limit, mut token, mut begun) = (self.timing.page, String::new(), !first);
        loop {
            let request = self.source.list(path, limit, &token).map_err(|error| End::Refused(error.to_string()))?;
            let text = match self.client.request_text(request).await {
                Ok(text) => text,
                Err(error) if limit > 1 && too_long(&error) => {
                    limit = (limit / 4).max(1);
                    continue;
                }
                Err(error) => return Err(refused(&error, &[410])),
            };
            let page: Page<'_> = serde_json::from_str(&text).map_err(|error| End::Refused(format!("list: {error}")))?;
            if !begun {
                self.outlet.state(WatchState::ListStarted).await?;
                begun = true;
            }
            for item in page.items.iter().flatten() {
                self.outlet.present(item.get().as_bytes()).await?;
            }
            token = page.metadata.token.unwrap_or_default();
            if token.is_empty() {
                let version = page.metadata.resource_version.filter(|version| !version.is_empty());
                return version.ok_or_else(|| End::Refused("list: no resourceVersion".to_owned()));
            }
        }
    }

    /// Watches all paths at once, until one of them has to be listed again.
    async fn follow_all(&self, versions: Vec<String>) -> End {
        let streams = versions.into_iter().enumerate().map(|(index, version)| self.follow(index, version));
        match try_join_all(streams).await {
            Ok(_) => End::Over,
            Err(end) => end,
        }
    }

    /// Watches one path and resumes where it was, until it has to be listed again.
    async fn follow(&self, index: usize, mut version: String) -> Result<Infallible, End> {
        let mut backoff = Backoff::new(&self.timing);
        loop {
            let (began, from) = (Instant::now(), version.clone());
            let end = match self.stream(index, &mut version).await {
                Ok(never) => match never {},
                Err(end) => end,
            };
            tracing::debug!(kind = self.source.resource, path = self.source.paths[index], version, "{end}");
            match end {
                End::Closed | End::Forgotten(_) => return Err(end),
                End::Refused(_) => {
                    self.outlet.broken(&end).await?;
                    backoff.wait().await;
                }
                // One that brought something was ended by a busy server, not refused: waiting would only make us blind.
                End::Over | End::Broke(_) if version == from && began.elapsed() < self.timing.steady => {
                    backoff.wait().await;
                }
                End::Over | End::Broke(_) => backoff.reset(),
            }
        }
    }

    /// One watch request and its stream.
    async fn stream(&self, index: usize, version: &mut String) -> Result<Infallible, End> {
        let open = spread(self.timing.watch, 10, &self.timing.chance).max(Duration::from_secs(1));
        let request = self.source.watch(&self.source.paths[index], version, open.as_secs());
        let request = request.map_err(|error| End::Refused(error.to_string()))?;
        // 504 is how a server answers a version that lies in its future, 400 and 422 one that it cannot read.
        let body = self.client.request_stream(request).await;
        let body = pin!(body.map_err(|error| refused(&error, &[400, 404, 410, 422, 504]))?);
        self.outlet.alive(index).await?;
        let mut lines = Lines::new(body, open + self.timing.slack);
        loop {
            let line = lines.next().await.map_err(|error: LineError| End::Broke(error.to_string()))?;
            self.line(line.ok_or(End::Over)?, version).await?;
            self.outlet.alive(index).await?;
        }
    }

    /// Takes one line of a watch, and moves `version` on.
    async fn line(&self, line: &[u8], version: &mut String) -> Result<(), End> {
        let new = match self.take(line).await? {
            Taken::Object(version) => version,
            Taken::Bookmark(object) => head(object).resource_version,
            Taken::Error(status) => {
                let forgotten = status.code == 410;
                let words = words(&kube::Error::Api(Box::new(status)));
                return Err(if forgotten { End::Forgotten(words) } else { End::Broke(words) });
            }
        };
        let Some(new) = new.filter(|new| !new.is_empty()) else { return Ok(()) };
        if went_back(&new, version) {
            return Err(End::Forgotten(format!("version {new} came after {version}")));
        }
        *version = new;
        Ok(())
    }

    /// Hands on the object of one line of a stream. One that cannot be read is skipped.
    async fn take<'a>(&self, line: &'a [u8]) -> Result<Taken<'a>, End> {
        let line = match Line::of(line) {
            Ok(line) => line,
            Err(error) => {
                self.outlet.skip(&error);
                return Ok(Taken::Object(None));
            }
        };
        Ok(match &*line.kind {
            "ADDED" | "MODIFIED" => Taken::Object(self.outlet.present(line.object).await?),
            "DELETED" => Taken::Object(self.outlet.gone(line.object).await?),
            "BOOKMARK" => Taken::Bookmark(line.object),
            "ERROR" => Taken::Error(status(line.object)),
            other => {
                tracing::debug!(kind = self.source.resource, "unknown event {other}");
                Taken::Object(None)
            }
        })
    }
}

/// What a line of a stream was.
enum Taken<'a> {
    /// An object, with its version if that could be read.
    Object(Option<String>),
    /// How far the stream is.
    Bookmark(&'a [u8]),
    /// Why it ends.
    Error(Status),
}

/// An error of a request; `forgotten` lists the codes after which only a new list helps.
fn refused(error: &kube::Error, forgotten: &[u16]) -> End {
    match error {
        kube::Error::Api(status) if forgotten.contains(&status.code) => End::Forgotten(words(error)),
        _ => End::Refused(words(error)),
    }
}

fn too_long(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Service(cause) if cause.is::<TooLong>())
}
