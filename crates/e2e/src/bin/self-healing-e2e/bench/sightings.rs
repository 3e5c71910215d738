//! A watch of the bench's own that notes when something was done to an object, whoever did it.

use anyhow::{Context, Result, bail};
use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{ListParams, PartialObjectMeta, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What takes longer does not come; who lists everything at intervals takes half a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// The first time that each object was seen as it was waited for. Ends when it is dropped.
pub(super) struct Sightings {
    seen: mpsc::UnboundedReceiver<(String, Instant)>,
    task: JoinHandle<Result<()>>,
}

impl Sightings {
    /// Pods that have failed and are being deleted, or are gone.
    pub(super) async fn of_deletions(pods: &Api<Pod>) -> Result<Self> {
        let version = pods.list_metadata(&ListParams::default().limit(1)).await?.metadata.resource_version;
        // Not the others, of which a thousand a second may change meanwhile.
        let failed = WatchParams::default().fields("status.phase=Failed");
        let events = pods.watch_metadata(&failed, &version.unwrap_or_default()).await?.boxed();
        Ok(Self::of(events, |event: &WatchEvent<PartialObjectMeta<Pod>>| match event {
            WatchEvent::Deleted(_) => true,
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) => pod.metadata.deletion_timestamp.is_some(),
            WatchEvent::Bookmark(_) | WatchEvent::Error(_) => false,
        }))
    }

    /// Nodes that are cordoned.
    pub(super) async fn of_cordons(nodes: &Api<Node>) -> Result<Self> {
        let version = nodes.list_metadata(&ListParams::default().limit(1)).await?.metadata.resource_version;
        let events = nodes.watch(&WatchParams::default(), &version.unwrap_or_default()).await?.boxed();
        Ok(Self::of(events, |event: &WatchEvent<Node>| match event {
            WatchEvent::Added(node) | WatchEvent::Modified(node) => {
                node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true))
            }
            WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) | WatchEvent::Error(_) => false,
        }))
    }

    fn of<K: ResourceExt + Send + 'static>(
        mut events: impl Stream<Item = kube::Result<WatchEvent<K>>> + Unpin + Send + 'static,
        wanted: fn(&WatchEvent<K>) -> bool,
    ) -> Self {
        let (found, seen) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut known = BTreeSet::new();
            while let Some(event) = events.next().await {
                let event = event?;
                let is_wanted = wanted(&event);
                if let WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object) = event
                    && is_wanted
                    && known.insert(object.name_any())
                {
                    let _ = found.send((object.name_any(), Instant::now()));
                }
            }
            Ok(())
        });
        Self { seen, task }
    }

    /// When it was this one's turn.
    pub(super) async fn of_one(&mut self, name: &str) -> Result<Instant> {
        let waiting = async {
            loop {
                let (found, at) = self.next().await?;
                if found == name {
                    return Ok(at);
                }
            }
        };
        timeout(PATIENCE, waiting).await.with_context(|| format!("nothing was done to {name}"))?
    }

    /// The next `count` of them, and when each was seen.
    pub(super) async fn all(&mut self, count: usize) -> Result<Vec<(String, Instant)>> {
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            let next = timeout(PATIENCE, self.next()).await;
            all.push(next.with_context(|| format!("{} of {count} objects were acted on", all.len()))??);
        }
        Ok(all)
    }

    async fn next(&mut self) -> Result<(String, Instant)> {
        if let Some(next) = self.seen.recv().await {
            return Ok(next);
        }
        (&mut self.task).await??;
        bail!("the measuring watch has ended")
    }
}

impl Drop for Sightings {
    fn drop(&mut self) {
        self.task.abort();
    }
}
